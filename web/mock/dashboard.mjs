/** What only the dashboard asks for, as connect-style middleware over the invented streams. */

const started = Date.now()

function overview(streams) {
  const live = streams.filter((s) => s.live)
  const viewers = live.reduce((sum, s) => sum + s.viewers, 0)
  const bits = live.reduce((sum, s) => sum + s.bitrate, 0)
  const wave = 1 + 0.12 * Math.sin(Date.now() / 23_000) + 0.04 * Math.random()
  return {
    node: 'mill-1', version: '0.1.0', uptime: (Date.now() - started) / 1000 + 273_600, streams: streams.length, publishers: live.length,
    viewers: Math.round(viewers * wave), bitrate_in: bits, bitrate_out: Math.round(viewers * 2_600_000 * wave),
    cpu: 0.02 + viewers * 0.0011 * wave, memory: Math.round(42e6 + viewers * 48_000 + streams.length * 2.4e6), goroutines: 40 + streams.length * 6,
    latency: viewers === 0 ? { p50: 0, p99: 0 } : { p50: 0.00021 * wave, p99: 0.0011 * wave + viewers * 1e-6 },
    warnings: streams.reduce((sum, s) => sum + s.warnings.length, 0), draining: false,
  }
}

/** Five minutes before the page was opened. */
function history(streams) {
  const now = Date.now()
  const samples = Array.from({ length: 150 }, (_, i) => ({ ...overview(streams), at: new Date(now - (150 - i) * 2000).toISOString() }))
  return { now: new Date(now).toISOString(), every: 2, samples }
}

const AGENTS = ['Mozilla/5.0 Chrome/156', 'Mozilla/5.0 Firefox/148', 'Mozilla/5.0 Safari/26', 'GStreamer 1.28', 'ffplay']

function session(of, i, role) {
  const protocol = role === 'publisher' ? of.publisher.protocol : ['whep', 'whep', 'whep', 'rtsp', 'rtmp'][i % 5]
  const webrtc = protocol === 'whep'
  return {
    id: `${of.name.replaceAll('/', '-')}-${role}-${i}`, role, stream: of.name, protocol,
    remote: role === 'publisher' ? of.publisher.remote : `203.0.113.${i % 250}:${50_000 + i}`,
    agent: role === 'publisher' ? of.publisher.encoder : AGENTS[i % 5], holder: i % 4 === 3 ? 'user anna' : '',
    since: new Date(started - i * 47_000).toISOString(), duration: (Date.now() - started) / 1000 + i * 47,
    transport: webrtc && i % 7 !== 3 ? 'udp' : 'tcp', video: 'H264', audio: webrtc ? 'OPUS' : 'AAC', rendition: i % 6 === 5 ? 'm' : '',
    bytes: 1e6 * (i + 1), bitrate: Math.round(of.bitrate * (0.97 + 0.03 * Math.random())), packets: 90_000, lost: i % 9 === 4 ? 4100 : i % 5,
    loss: i % 9 === 4 ? 0.0456 : (i % 5) / 9000, resent: i % 9, keyframe_requests: i % 3, skipped: i % 9 === 4 ? 2 : 0,
    round_trip: webrtc ? 0.004 + (i % 11) * 0.013 : 0, jitter: webrtc ? 0.0007 * (1 + (i % 6)) : 0, behind: i % 9 === 4 ? 1.8 : i % 13 === 0 ? 0.04 : 0, connecting: false,
  }
}

const sessionsOf = (streams, gone) =>
  streams
    .flatMap((s) => [...(s.live ? [session(s, 0, 'publisher')] : []), ...Array.from({ length: s.viewers }, (_, i) => session(s, i, 'viewer'))])
    .filter(({ id }) => !gone.has(id))

/** Six seconds at 30 pictures a second, a keyframe every two; with B-frames where the stream is said to have some. */
function pictures(of) {
  const frames = 180
  const b = of.tracks.some((t) => t.b_frame_share > 0)
  const now = Math.floor(Date.now() / 33.333)
  return Array.from({ length: frames }, (_, i) => {
    const n = now - frames + i
    const kind = n % 60 === 0 ? 'key' : b && n % 3 !== 0 ? 'b' : 'delta'
    const size = { key: 62_000, delta: 9500, b: 3100 }[kind] * (0.75 + 0.5 * Math.abs(Math.sin(n * 12.9898) * 43_758.5453 % 1))
    return { at: new Date(n * 33.333).toISOString(), kind, bytes: Math.round(size), track: 1 }
  })
}

const PAST = [
  { kind: 'config.reloaded' },
  { kind: 'publisher.started', stream: 'live/demo', protocol: 'rtmp', remote: '127.0.0.1:40112', agent: 'Lavf61.7.100' },
  { kind: 'viewers.first', stream: 'live/demo', protocol: 'whep', remote: '203.0.113.7:50001' },
  { kind: 'derived.started', stream: 'live/studio-a', detail: 'H.264 without B-frames' },
  { kind: 'source.down', stream: 'garden/front-gate', cause: 'dial tcp 10.0.0.7:554: connection refused' },
  { kind: 'viewers.last', stream: 'live/demo', protocol: 'whep', remote: '203.0.113.7:50001', cause: 'the viewer left' },
]

const JSON_TYPE = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }

/**
 * happen(event) tells all pages of an event; gone has the ids of the ended sessions; rights is 'admin', 'read' or 'none':
 * the last two without a token, which may do everything.
 */
export function mockDashboard() {
  const events = []
  const listeners = new Set()
  const state = { rights: 'admin', gone: new Set(), happen, cut: () => listeners.forEach((r) => r.destroy()), resumed: [], answer, needs: () => ({ admin: [], read: ['admin'], none: ['read', 'admin'] })[state.rights] }
  PAST.forEach((event, i) => happen({ at: new Date(started - (PAST.length - i) * 83_000).toISOString(), ...event }))
  return state

  function happen(event) {
    const seq = events.length + 1
    events.push({ id: `boot-${seq}`, seq, at: new Date().toISOString(), node: 'mill-1', ...event })
    for (const response of listeners) response.write(framed(events.at(-1)))
  }

  function follow(request, response) {
    const last = request.headers['last-event-id'] ?? ''
    state.resumed.push(last)
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    response.write(': here\n\n')
    for (const event of events.slice(last === '' ? events.length : Number(last.split('-')[1]))) response.write(framed(event))
    listeners.add(response)
    response.on('close', () => listeners.delete(response))
  }

  /** True if it was for us. */
  function answer(request, response, streams) {
    const url = new URL(request.url, 'http://mock')
    const path = decodeURIComponent(url.pathname).replace('/api/v1/', '')
    const known = (request.headers.authorization ?? '') === 'Bearer s3cret'
    const send = (status, body) => (response.writeHead(status, JSON_TYPE).end(body === undefined ? undefined : JSON.stringify(body)), true)
    const refuse = (status, detail) => (response.writeHead(status, { 'Content-Type': 'application/problem+json' }).end(JSON.stringify({ status, title: 'No', detail })), true)
    if (state.rights === 'none' && !known && path !== 'server') return refuse(401, known ? '' : 'A credential is needed that may read.')
    if (path === 'overview/history') return send(200, history(streams))
    if (path === 'overview') return send(200, overview(streams))
    if (path === 'config') return state.rights === 'admin' || known ? send(200, {}) : refuse(403, 'It takes the right to admin.')
    if (path === 'events' && request.headers.accept === 'text/event-stream') return (follow(request, response), true)
    if (path === 'events') return send(200, { events: events.slice(-(url.searchParams.get('limit') ?? 100)), total: events.length })
    const id = path.match(/^sessions\/(.+)$/)?.[1]
    if (id !== undefined && request.method === 'DELETE') {
      if (state.rights !== 'admin' && !known) return refuse(403, 'It takes the right to admin.')
      state.gone.add(id)
      return send(204)
    }
    const name = url.searchParams.get('stream')
    if (path === 'sessions') {
      const sessions = sessionsOf(streams.filter((s) => s.name === name), state.gone)
      return send(200, { sessions, total: sessions.length })
    }
    const of = streams.find((s) => path === `streams/${s.name}/gop`)
    return of === undefined ? false : send(200, { frames: of.live ? pictures(of) : [] })
  }
}

const framed = (event) => `id: ${event.id}\nevent: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`
