import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { mockApi } from './api.mjs'
import { mockDashboard } from './dashboard.mjs'
import { mockExtensions } from './extensions.mjs'

const root = join(import.meta.dirname, '..')
const TYPES = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }

/**
 * The built pages under the policy they have in production, with an API of invented streams behind them, on a port of
 * the system's choice. scenario may be changed at any time; requests lists what was asked for, as "METHOD path".
 * layers is what WHEP sessions have to choose from, chosen what was chosen.
 */
export async function startSite(scenario = 'none') {
  const policy = await readFile(join(root, 'csp.txt'), 'utf8')
  /** @type {{ url: string, scenario: string | number | object[], requests: string[], layers: object, chosen: string[], dashboard: ReturnType<typeof mockDashboard>, close: () => Promise<unknown> | void }} */
  const site = { url: '', scenario, requests: [], layers: {}, chosen: [], dashboard: mockDashboard(), close: () => {} }
  const api = mockApi(() => site.scenario, site.dashboard)
  const extensions = mockExtensions(
    () => site.layers,
    (body) => site.chosen.push(body),
  )
  const server = createServer((request, response) => {
    site.requests.push(`${request.method} ${request.url}`)
    if (allowForeign(request, response)) return
    extensions(request, response, () => api(request, response, () => void serveFile(request, response, policy)))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  site.url = `http://127.0.0.1:${server.address().port}`
  site.close = () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  }
  return site
}

/** As the gateway does: sessions and modules are for pages of every site. True if that was all there was to answer. */
function allowForeign(request, response) {
  if (!/^\/(sessions|lib|whep|whip)\//.test(request.url)) return false
  response.setHeader('Access-Control-Allow-Origin', '*')
  if (request.method !== 'OPTIONS') return false
  response.writeHead(200, {
    'Access-Control-Allow-Methods': 'GET, HEAD, POST, PATCH, DELETE, OPTIONS',
    'Access-Control-Allow-Headers': 'Authorization, Content-Type, If-Match',
  })
  response.end()
  return true
}

/** Another site: the pages of demo/, which name the gateway by its address of the README. */
export async function startForeignSite(gateway) {
  const server = createServer(async (request, response) => {
    const name = new URL(request.url, 'http://mock').pathname.slice(1) || 'index.html'
    const page = await readFile(join(root, 'demo', name), 'utf8').catch(() => null)
    // As strict as such a site may be, see README.md.
    const policy = `default-src 'none'; script-src 'self' ${gateway} 'unsafe-inline'; connect-src ${gateway}; require-trusted-types-for 'script'`
    response.writeHead(page === null ? 404 : 200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': policy })
    response.end(page?.replaceAll('http://127.0.0.1:8080', gateway))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

async function serveFile(request, response, policy) {
  const path = new URL(request.url, 'http://mock').pathname
  const page = /^\/(watch|publish|dashboard|diagnose)(\/|$)/.exec(path)?.[1]
  const name = path === '/' ? 'index.html' : page ? `${page}.html` : path.slice(1)
  const file = path.startsWith('/lib/') ? join(root, 'lib-dist', path.slice(5)) : join(root, 'dist', name)
  let content = null
  try {
    content = await readFile(file)
  } catch {
    // Not there: 404.
  }
  response.writeHead(content === null ? 404 : 200, {
    'Content-Type': `${TYPES[name.split('.').pop()] ?? 'text/plain'}; charset=utf-8`,
    'Content-Security-Policy': policy,
    'Cache-Control': 'no-store',
  })
  response.end(content)
}
