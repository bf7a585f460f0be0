import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WhepSession } from './whep.ts'

const offer = (ufrag: string) =>
  ['v=0', 'm=audio 9 X 111', 'a=mid:0', `a=ice-ufrag:${ufrag}`, 'a=ice-pwd:ours', 'a=rtpmap:111 opus/48000/2', 'a=fmtp:111 minptime=10', ''].join(
    '\r\n',
  )
const ANSWER = 'v=0\r\no=- 1 1 IN IP4 0\r\nm=audio 9 X 111\r\na=ice-ufrag:old\r\na=ice-pwd:old\r\na=candidate:old\r\na=mid:0\r\n'

/** What a session uses of RTCPeerConnection. */
class FakePeer extends EventTarget {
  static last: FakePeer
  /** What the answer will make of both directions. */
  static answered = 'recvonly'
  connectionState = 'new'
  iceConnectionState = 'new'
  signalingState = 'stable'
  configuration: RTCConfiguration = {}
  closed = false
  local = ''
  remote = ''
  transport = Object.assign(new EventTarget(), { state: 'new' })
  transceivers: { currentDirection: string | null; sender: Record<string, unknown>; receiver: Record<string, unknown> }[] = []
  constructor() {
    super()
    FakePeer.last = this
  }
  addTransceiver(kind: string) {
    const receiver = { track: { kind }, transport: this.transport, jitterBufferTarget: null, playoutDelayHint: undefined }
    this.transceivers.push({ currentDirection: null, sender: { transport: this.transport }, receiver })
    return { receiver }
  }
  getTransceivers() {
    return this.transceivers
  }
  async createOffer({ iceRestart = false } = {}) {
    return { type: 'offer', sdp: offer(iceRestart ? 'second' : 'first') }
  }
  async setLocalDescription(d: { type: string; sdp?: string }) {
    this.signalingState = d.type === 'offer' ? 'have-local-offer' : 'stable'
    this.local = d.sdp ?? d.type
  }
  getConfiguration() {
    return this.configuration
  }
  setConfiguration(c: RTCConfiguration) {
    this.configuration = c
  }
  async setRemoteDescription(d: { sdp: string }) {
    if (d.sdp === 'rubbish') throw new Error('cannot parse')
    this.remote = d.sdp
    this.signalingState = 'stable'
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
let patched: () => Promise<Response>

const created = (location = '/sessions/x1', sdp = ANSWER, more: Record<string, string> = {}) =>
  new Response(sdp, { status: 201, headers: { Location: location, 'Content-Type': 'application/sdp', ...more } })

beforeEach(() => {
  requests = []
  FakePeer.answered = 'recvonly'
  respond = async () => created()
  patched = async () => new Response(null, { status: 405 })
  vi.stubGlobal('RTCPeerConnection', FakePeer)
  vi.stubGlobal('MediaStream', FakeMedia)
  vi.stubGlobal('document', { baseURI: 'http://box:8080/watch/live/demo' })
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const { method, body, headers, keepalive } = init
    requests.push({ url, method, body, headers, keepalive } as Request)
    return method === 'DELETE' ? new Response(null, { status: 200 }) : method === 'PATCH' ? patched() : respond()
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
  expect(FakePeer.last.remote).toBe(ANSWER)
  expect(FakePeer.last.transceivers.map((t) => t.receiver['jitterBufferTarget'])).toEqual([0, 0])
  expect(s.postedAt).toBeGreaterThan(0)
  void s.close(true)
  await s.close()
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
  const closing = s.close()
  expect(requests[1]?.url).toBe('https://edge.example/sessions/y')
  // The peer goes after the DELETE: its farewell would be faster.
  expect(FakePeer.last.closed).toBe(false)
  await closing
  expect(FakePeer.last.closed).toBe(true)
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
  void s.close()
  answer(created())
  await opening
  expect(requests[1]).toMatchObject({ method: 'DELETE', url: 'http://box:8080/sessions/x1' })
})

test('the way follows the connection, and a DTLS farewell closes it', async () => {
  const s = session()
  const ways: string[] = []
  s.on('way', (way) => ways.push(way))
  await s.open()
  FakePeer.last.become('connecting')
  FakePeer.last.become('connected')
  FakePeer.last.become('connected')
  FakePeer.last.transport.state = 'closed'
  FakePeer.last.transport.dispatchEvent(new Event('statechange'))
  expect(ways).toEqual(['connected', 'closed'])
  await s.close()
  FakePeer.last.become('failed')
  expect(ways).toHaveLength(2)
  expect(FakePeer.last.closed).toBe(true)
  // The server has ended the session itself.
  expect(requests).toHaveLength(1)
})

test('ICE restarts by PATCH: new credentials both ways, nothing else changed', async () => {
  respond = async () => created('/sessions/x1', ANSWER, { ETag: '"a"' })
  patched = async () =>
    new Response('a=ice-options:trickle\r\nm=audio 9 X 0\r\na=mid:0\r\na=ice-ufrag:new\r\na=ice-pwd:pw\r\na=candidate:c\r\n', {
      status: 200,
      headers: { ETag: '"b"', 'Content-Type': 'application/trickle-ice-sdpfrag' },
    })
  const s = session('secret')
  await s.open()
  await s.restart()
  expect(requests[1]).toMatchObject({
    url: 'http://box:8080/sessions/x1',
    method: 'PATCH',
    headers: { 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': '*', Authorization: 'Bearer secret' },
    body: 'm=audio 9 X 111\r\na=mid:0\r\na=ice-ufrag:second\r\na=ice-pwd:ours\r\n',
  })
  expect(FakePeer.last.remote).toBe(
    'v=0\r\no=- 1 2 IN IP4 0\r\nm=audio 9 X 111\r\na=mid:0\r\na=ice-ufrag:new\r\na=ice-pwd:pw\r\na=candidate:c\r\n',
  )
  await s.restart()
  expect(FakePeer.last.remote).toContain('o=- 1 3 ')
})

test('a restart that fails leaves everything as it was', async () => {
  respond = async () => created('/sessions/x1', ANSWER, { ETag: '"a"' })
  const s = session()
  await expect(s.restart()).rejects.toMatchObject({ failure: 'closed' })
  await s.open()
  await expect(s.restart()).rejects.toMatchObject({ failure: 'refused', problem: { status: 405 } })
  expect(FakePeer.last.local).toBe('rollback')
  patched = () => Promise.reject(new TypeError('Failed to fetch'))
  await expect(s.restart()).rejects.toMatchObject({ failure: 'unreachable' })
  expect(FakePeer.last.remote).toBe(ANSWER)
})

test('a server without an ETag is not asked to restart ICE', async () => {
  const s = session()
  await s.open()
  await expect(s.restart()).rejects.toMatchObject({ failure: 'refused' })
  expect(requests).toHaveLength(1)
})

test('ICE servers of the 201 are for a restart', async () => {
  respond = async () =>
    created('/s', ANSWER, { Link: '<turn:t.example?transport=tcp>; rel="ice-server"; username="u"; credential="c,\\"x"' })
  const s = session()
  await s.open()
  expect(s.hasDetours).toBe(true)
  expect(FakePeer.last.configuration.iceServers).toEqual([
    { urls: 'turn:t.example?transport=tcp', username: 'u', credential: 'c,"x' },
  ])
})
