import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { preferStereo, WhepSession } from './whep.ts'

const OFFER = ['v=0', 'a=rtpmap:111 opus/48000/2', 'a=fmtp:111 minptime=10;useinbandfec=1', 'a=rtpmap:96 H264/90000', ''].join('\r\n')

/** What a session uses of RTCPeerConnection. */
class FakePeer extends EventTarget {
  static last: FakePeer
  /** What the answer will make of both directions. */
  static answered = 'recvonly'
  connectionState = 'new'
  iceConnectionState = 'new'
  closed = false
  local = ''
  remote = ''
  transport = Object.assign(new EventTarget(), { state: 'new' })
  transceivers: { currentDirection: string | null; receiver: Record<string, unknown> }[] = []
  constructor() {
    super()
    FakePeer.last = this
  }
  addTransceiver(kind: string) {
    const receiver = { track: { kind }, transport: this.transport, jitterBufferTarget: null, playoutDelayHint: undefined }
    this.transceivers.push({ currentDirection: null, receiver })
    return { receiver }
  }
  getTransceivers() {
    return this.transceivers
  }
  async createOffer() {
    return { type: 'offer', sdp: OFFER }
  }
  async setLocalDescription(d: { sdp: string }) {
    this.local = d.sdp
  }
  async setRemoteDescription(d: { sdp: string }) {
    if (d.sdp === 'rubbish') throw new Error('cannot parse')
    this.remote = d.sdp
    for (const t of this.transceivers) t.currentDirection = FakePeer.answered
  }
  become(state: string) {
    this.connectionState = state
    this.dispatchEvent(new Event('connectionstatechange'))
  }
  close() {
    this.closed = true
  }
}

class FakeMedia {
  tracks: unknown[] = []
  addTrack(track: unknown) {
    this.tracks.push(track)
  }
}

interface Request {
  url: string
  method: string
  body: string | undefined
  headers: Record<string, string>
  keepalive: boolean | undefined
}
let requests: Request[]
let respond: () => Promise<Response>

const created = (location = '/sessions/x1', sdp = 'answer') =>
  new Response(sdp, { status: 201, headers: { Location: location, 'Content-Type': 'application/sdp' } })

beforeEach(() => {
  requests = []
  FakePeer.answered = 'recvonly'
  respond = async () => created()
  vi.stubGlobal('RTCPeerConnection', FakePeer)
  vi.stubGlobal('MediaStream', FakeMedia)
  vi.stubGlobal('document', { baseURI: 'http://box:8080/watch/live/demo' })
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const { method, body, headers, keepalive } = init
    requests.push({ url, method, body, headers, keepalive } as Request)
    return method === 'DELETE' ? new Response(null, { status: 200 }) : respond()
  })
})
afterEach(() => void vi.unstubAllGlobals())

const session = (token?: string) => new WhepSession({ endpoint: '/whep/live/demo', ...(token ? { token } : {}) })

test('posts its offer, takes the answer, deletes the session once', async () => {
  const s = session('secret')
  await s.open()
  expect(requests[0]).toMatchObject({
    url: '/whep/live/demo',
    method: 'POST',
    headers: { 'Content-Type': 'application/sdp', Authorization: 'Bearer secret' },
  })
  expect(requests[0]?.body).toBe(FakePeer.last.local)
  expect(FakePeer.last.remote).toBe('answer')
  expect(FakePeer.last.transceivers.map((t) => t.receiver['jitterBufferTarget'])).toEqual([0, 0])
  expect(s.postedAt).toBeGreaterThan(0)
  s.close(true)
  s.close()
  expect(FakePeer.last.closed).toBe(true)
  expect(requests).toHaveLength(2)
  expect(requests.slice(1)).toEqual([
    { url: 'http://box:8080/sessions/x1', method: 'DELETE', keepalive: true, headers: { Authorization: 'Bearer secret' } },
  ])
})

test('a Location elsewhere is followed', async () => {
  respond = async () => created('https://edge.example/sessions/y')
  const s = session()
  await s.open()
  s.close()
  expect(requests[1]?.url).toBe('https://edge.example/sessions/y')
  // The peer goes after the DELETE: its farewell would be faster.
  expect(FakePeer.last.closed).toBe(false)
  await vi.waitFor(() => expect(FakePeer.last.closed).toBe(true))
})

test('a refusal carries its problem and its Retry-After', async () => {
  respond = async () =>
    new Response('{"title":"Not live","detail":"nobody"}', {
      status: 409,
      headers: { 'Retry-After': '2', 'Content-Type': 'application/problem+json' },
    })
  await expect(session().open()).rejects.toMatchObject({
    failure: 'refused',
    retryAfterMs: 2000,
    problem: { status: 409, title: 'Not live', detail: 'nobody' },
  })
})

test('no answer, an unusable one, one without media, and no WebRTC at all', async () => {
  respond = async () => Promise.reject(new TypeError('Failed to fetch'))
  await expect(session().open()).rejects.toMatchObject({ failure: 'unreachable' })
  respond = async () => created('/s', 'rubbish')
  await expect(session().open()).rejects.toMatchObject({ failure: 'answer' })
  respond = async () => created()
  FakePeer.answered = 'inactive'
  await expect(session().open()).rejects.toMatchObject({ failure: 'answer' })
  vi.stubGlobal('RTCPeerConnection', undefined)
  await expect(session().open()).rejects.toMatchObject({ failure: 'unsupported' })
})

test('a session closed while its POST is under way is deleted when the answer comes', async () => {
  let answer = (_: Response) => {}
  const pending = new Promise<Response>((resolve) => (answer = resolve))
  respond = () => pending
  const s = session()
  const opening = expect(s.open()).rejects.toMatchObject({ failure: 'closed' })
  await vi.waitFor(() => expect(requests).toHaveLength(1))
  s.close()
  answer(created())
  await opening
  expect(requests[1]).toMatchObject({ method: 'DELETE', url: 'http://box:8080/sessions/x1' })
})

test('the link follows the connection, and a DTLS farewell closes it', async () => {
  const s = session()
  const links: string[] = []
  s.on('link', (link) => links.push(link))
  await s.open()
  FakePeer.last.become('connecting')
  FakePeer.last.become('connected')
  FakePeer.last.become('connected')
  FakePeer.last.transport.state = 'closed'
  FakePeer.last.transport.dispatchEvent(new Event('statechange'))
  expect(links).toEqual(['connected', 'closed'])
  s.close()
  FakePeer.last.become('failed')
  expect(links).toHaveLength(2)
  expect(FakePeer.last.closed).toBe(true)
  // The server has ended the session itself.
  expect(requests).toHaveLength(1)
})

test('stereo is asked for where Opus is offered', () => {
  expect(preferStereo(OFFER)).toContain('a=fmtp:111 minptime=10;useinbandfec=1;stereo=1\r\n')
  expect(preferStereo(preferStereo(OFFER))).toBe(preferStereo(OFFER))
  expect(preferStereo('v=0\r\n')).toBe('v=0\r\n')
})
