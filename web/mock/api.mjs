import { clusterOf, treeOf } from './cluster.mjs'
import { mockDashboard } from './dashboard.mjs'
import { SERVER, scenarios } from './streams.mjs'

const TREES = '/api/v1/cluster/streams/'

/**
 * The gateway's API with invented streams, as connect-style middleware, for `vite dev` and for the page tests.
 * scenario() names one of mock/streams.mjs, or gives the list of streams itself, or an HTTP status to fail with.
 * dashboard is what its operators see and do, of mock/dashboard.mjs.
 */
export function mockApi(scenario, dashboard = mockDashboard()) {
  return (request, response, next) => {
    const path = decodeURIComponent(new URL(request.url, 'http://mock').pathname)
    const now = scenario()
    const streams = typeof now === 'string' ? scenarios[now]() : now
    if (path.startsWith('/whep/')) return refuse(response, 409, 'Stream is not live', { 'Retry-After': '2' })
    if (path.startsWith('/sessions/')) return json(response, 200, {})
    if (!path.startsWith('/api/v1/')) return next()
    if (typeof streams === 'number') return refuse(response, streams, 'Mocked failure')
    if (dashboard.answer(request, response, streams)) return
    if (path === '/api/v1/server') return json(response, 200, { ...SERVER, needs_credential: dashboard.needs() })
    if (path === '/api/v1/sources') return json(response, 200, { sources: [] })
    if (path === '/api/v1/streams') return json(response, 200, { streams, total: streams.length })
    if (path === '/api/v1/cluster') return json(response, 200, clusterOf(now))
    if (path.startsWith(TREES)) return json(response, 200, treeOf(path.slice(TREES.length)))
    const stream = streams.find((s) => path === `/api/v1/streams/${s.name}`)
    return stream ? json(response, 200, stream) : refuse(response, 404, 'No such stream')
  }
}

function json(response, status, body, type = 'application/json', headers = {}) {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', ...headers })
  response.end(JSON.stringify(body))
}

function refuse(response, status, title, headers) {
  json(response, status, { type: 'about:blank', status, title, detail: '' }, 'application/problem+json', headers)
}
