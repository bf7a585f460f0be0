import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FakeTransport } from '../session.fake.ts'
import { SessionError } from '../session-error.ts'
import { Publisher, type PublisherSession, type Tracks } from './publisher.ts'
import type { EncodingSettings } from './settings.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
const track = (name: string) => ({ name, contentHint: '', getSettings: () => ({ width: 1280, height: 720 }) }) as unknown as MediaStreamTrack

class FakeSession extends FakeTransport implements PublisherSession {
  readonly tracks: Tracks
  readonly settings: EncodingSettings
  parameters = { video: { encodings: [{}] }, audio: { encodings: [{}] } } as unknown as Record<'video' | 'audio', RTCRtpSendParameters>
  /** What close() waits for. */
  farewell: Promise<void> = Promise.resolve()

  constructor(tracks: Tracks, settings: EncodingSettings) {
    super()
    this.tracks = { ...tracks }
    this.settings = settings
  }

  override async close(keepalive = false): Promise<void> {
    await super.close(keepalive)
    await this.farewell
  }

  async getStats(): Promise<Iterable<[string, unknown]>> {
    return new Map()
  }

  async replaceTrack(kind: 'video' | 'audio', to: MediaStreamTrack | null): Promise<void> {
    this.tracks[kind] = to
  }

  async configure(kind: 'video' | 'audio', change: (parameters: RTCRtpSendParameters) => void): Promise<void> {
    change(this.parameters[kind])
  }
}

const camera = track('camera')
const media: Tracks = { video: camera, audio: track('microphone') }

function setup() {
  const sessions: FakeSession[] = []
  const publisher = new Publisher({
    endpoint: '/whip/live/x',
    random: () => 0,
    connect: (tracks, settings) => {
      const session = new FakeSession(tracks, settings)
      sessions.push(session)
      return session
    },
  })
  const log: string[] = []
  publisher.on('status', ({ state, reason }) => log.push(reason === null ? state : `${state} ${reason}`))
  return { publisher, sessions, log, last: () => sessions.at(-1) as FakeSession }
}

async function live() {
  const t = setup()
  t.publisher.start(media)
  t.last().accept()
  await pass(0)
  t.last().way('connected')
  await pass(0)
  expect(t.publisher.status.state).toBe('live')
  t.log.length = 0
  return t
}

test('publishes, counts the time, and stops with a farewell', async () => {
  const { publisher, sessions, log, last } = setup()
  const stats: unknown[] = []
  publisher.on('stats', (s) => stats.push(s))
  publisher.start(media)
  publisher.start(media)
  expect(last().tracks).toEqual(media)
  last().accept()
  await pass(5)
  expect(publisher.liveSince).toBe(null)
  last().way('connected')
  await pass(3500)
  expect(publisher.liveSince).toBe(performance.now() - 3500)
  expect(stats).toHaveLength(4)
  publisher.stop(true)
  expect(last().closed).toBe('keepalive')
  expect(log).toEqual(['connecting', 'live', 'idle'])
  expect(vi.getTimerCount()).toBe(0)
  expect(sessions).toHaveLength(1)
  expect(await publisher.stats()).toBe(null)
})

test('encodes as chosen, and as chosen anew, in the same session', async () => {
  const { publisher, sessions, last } = await live()
  const video = () => last().parameters.video.encodings[0]
  expect(video()).toMatchObject({ maxBitrate: 2_500_000, maxFramerate: 30, scaleResolutionDownBy: 1 })
  await publisher.configure({ bitrate: 1_000_000, frameRate: 15, prefer: 'detail', height: 360 })
  expect(video()).toMatchObject({ maxBitrate: 1_000_000, maxFramerate: 15, scaleResolutionDownBy: 2 })
  expect(last().parameters.video).toMatchObject({ degradationPreference: 'maintain-resolution' })
  expect(camera.contentHint).toBe('detail')
  expect(last().parameters.audio.encodings[0]).toEqual({ maxBitrate: 128_000 })
  expect(sessions).toHaveLength(1)
})

test('another codec takes another session, when the name is free again', async () => {
  const { publisher, sessions, log, last } = await live()
  let heard = () => {}
  last().farewell = new Promise((resolve) => (heard = resolve))
  const done = publisher.configure({ codec: 'AV1' })
  await pass(0)
  expect(sessions).toHaveLength(1)
  heard()
  await done
  expect(sessions).toHaveLength(2)
  expect(last().settings.codec).toBe('AV1')
  last().accept()
  await pass(0)
  last().way('connected')
  expect(log).toEqual(['connecting', 'live'])
  await publisher.configure({ simulcast: true })
  expect(sessions).toHaveLength(3)
})

test('stopped while it changes over, it stays stopped', async () => {
  const { publisher, sessions, last } = await live()
  let heard = () => {}
  last().farewell = new Promise((resolve) => (heard = resolve))
  const done = publisher.configure({ codec: 'VP8' })
  publisher.stop()
  heard()
  await done
  await pass(60_000)
  expect(sessions).toHaveLength(1)
  expect(publisher.status.state).toBe('idle')
})

test('tracks are exchanged in the session, also those that change while it opens', async () => {
  const { publisher, last, sessions } = setup()
  publisher.start({ video: null, audio: media.audio })
  const screen = track('screen')
  await publisher.setTrack('video', camera)
  last().accept()
  await pass(0)
  expect(last().tracks.video).toBe(camera)
  await publisher.setTrack('video', screen)
  await publisher.setTrack('audio', null)
  expect(last().tracks).toEqual({ video: screen, audio: null })
  expect(sessions).toHaveLength(1)
})

test('a name that is taken is tried for as long as it may be our own of before, then given up', async () => {
  const { publisher, sessions, log, last } = setup()
  publisher.start(media)
  for (let i = 0; i < 20 && publisher.status.state !== 'failed'; i++) {
    last().refuse(409, 2000)
    await pass(2000)
  }
  expect(publisher.status).toMatchObject({ state: 'failed', reason: 'name_taken' })
  expect(sessions.length).toBeGreaterThan(3)
  expect(log.slice(0, 3)).toEqual(['connecting', 'retrying name_taken', 'connecting name_taken'])
  await pass(600_000)
  const tried = sessions.length
  publisher.retryNow()
  expect(sessions).toHaveLength(tried + 1)
  expect(publisher.status).toMatchObject({ state: 'connecting', reason: null })
})

test('a name that was ours is not given up', async () => {
  const { publisher, last, sessions } = await live()
  last().way('closed')
  expect(publisher.status).toMatchObject({ state: 'retrying', reason: 'ended' })
  await pass(400)
  for (let i = 0; i < 12; i++) {
    last().refuse(409, 2000)
    await pass(0)
    expect(publisher.status.state).toBe('retrying')
    await pass((publisher.status.retryAt ?? 0) - performance.now())
  }
  expect(sessions.length).toBe(14)
})

test('a token is asked for, given, and sent with the next try', async () => {
  const { publisher, last, sessions } = setup()
  publisher.start(media)
  last().refuse(401)
  await pass(600_000)
  expect(publisher.status).toMatchObject({ state: 'failed', reason: 'unauthorized', said: 'because' })
  expect(sessions).toHaveLength(1)
  publisher.token = 'secret'
  publisher.retryNow()
  expect(sessions).toHaveLength(2)
})

test.each([
  [422, 'failed codec_refused'],
  [400, 'failed refused'],
  [403, 'failed unauthorized'],
  [500, 'retrying server_error'],
  [503, 'retrying overloaded'],
  [502, 'retrying server_unreachable'],
])('%d means: %s', async (status, expected) => {
  const { publisher, last, log } = setup()
  publisher.start(media)
  last().refuse(status)
  await pass(0)
  expect(log.at(-1)).toBe(expected)
})

test('an unreachable server is tried again, more and more slowly', async () => {
  const { publisher, sessions, last } = setup()
  publisher.start(media)
  const delays = []
  for (let i = 0; i < 7; i++) {
    last().fail(new SessionError('unreachable', ''))
    await pass(0)
    delays.push((publisher.status.retryAt ?? 0) - performance.now())
    await pass(delays.at(-1) ?? 0)
    expect(sessions).toHaveLength(i + 2)
  }
  expect(delays).toEqual([400, 800, 1600, 3200, 6400, 12_800, 15_000])
})

test('an interruption is told and mended; a session that cannot be mended is replaced', async () => {
  const { publisher, sessions, log, last } = await live()
  last().restarts = () => Promise.resolve()
  last().way('disconnected')
  await pass(1500)
  expect(last().restarted).toBe(1)
  last().way('connected')
  expect(log).toEqual(['stalled connection_lost', 'live'])
  last().restarts = () => Promise.reject(new SessionError('refused', '404'))
  last().way('failed')
  await pass(400)
  expect(sessions).toHaveLength(2)
  expect(log.slice(2)).toEqual(['stalled connection_lost', 'retrying connection_lost', 'connecting connection_lost'])
  expect(publisher.liveSince).toBe(null)
})

test('a network that comes back is used at once', async () => {
  const { publisher, sessions, last } = setup()
  publisher.start(media)
  for (let i = 0; i < 6; i++) {
    last().fail(new SessionError('unreachable', ''))
    await pass(0)
    if (i < 5) await pass((publisher.status.retryAt ?? 0) - performance.now())
  }
  const tried = sessions.length
  publisher.networkChanged()
  expect(sessions).toHaveLength(tried + 1)
  last().accept()
  await pass(0)
  last().way('connected')
  publisher.networkChanged()
  expect(last().restarted).toBe(1)
})

test('UDP that does not come through is told', async () => {
  const { publisher, last } = setup()
  publisher.start(media)
  last().accept()
  await pass(8000)
  expect(publisher.status).toMatchObject({ state: 'retrying', reason: 'udp_blocked' })
})
