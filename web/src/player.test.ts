import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { FakeSession, FakeSurface } from './player.fake.ts'
import { Player } from './player.ts'
import { SessionError } from './session-error.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function setup() {
  const sessions: FakeSession[] = []
  const video = new FakeSurface()
  const player = new Player({
    video,
    endpoint: '/whep/live/demo',
    random: () => 0,
    connect: () => {
      const session = new FakeSession()
      sessions.push(session)
      return session
    },
  })
  const log: string[] = []
  player.on('status', ({ state, reason }) => log.push(reason === null ? state : `${state} ${reason}`))
  const last = () => sessions.at(-1) as FakeSession
  return { player, video, sessions, log, last }
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

/** A player that plays. */
async function playing() {
  const t = setup()
  t.player.start()
  t.last().accept()
  await pass(0)
  t.last().way('connected')
  t.video.showFrame()
  await flow(t.last(), 250)
  expect(t.player.status.state).toBe('playing')
  t.log.length = 0
  return t
}

/** Lets ms of healthy media come in. */
async function flow(session: FakeSession, ms: number) {
  for (let t = 0; t < ms; t += 250) {
    session.send(60, 8, 12)
    await pass(250)
  }
}

test('plays, and measures from the POST to the first frame', async () => {
  const { player, video, last, log } = setup()
  const firsts: number[] = []
  player.on('firstframe', (ms) => firsts.push(ms))
  player.start()
  player.start()
  await pass(10)
  last().accept()
  await pass(15)
  expect(video.srcObject).toBe(last().media)
  expect(video.playing).toBe(true)
  last().way('connected')
  await pass(20)
  video.showFrame()
  expect(firsts).toEqual([45])
  expect(player.firstFrameMs).toBe(45)
  expect(log).toEqual(['connecting', 'playing'])
})

test('where frames cannot be watched, decoded ones count', async () => {
  const { player, last } = setup()
  player.start()
  last().accept()
  await pass(0)
  last().way('connected')
  last().send(20, 1, 3)
  await pass(0)
  expect(player.status.state).toBe('playing')
})

test('waits for a stream that is not there, without flicker, and never faster than it was asked to', async () => {
  const { sessions, player, last, log } = setup()
  player.start()
  for (let i = 0; i < 4; i++) {
    last().refuse(409, 2000)
    await pass(0)
    const asked = sessions.length
    await pass(1999)
    expect(sessions.length).toBe(asked)
    await pass(6001)
    expect(sessions.length).toBe(asked + 1)
  }
  last().accept()
  await pass(0)
  expect(log.filter((s, i) => s !== log[i - 1])).toEqual(['connecting', 'waiting not_live', 'connecting'])
})

test('news that the stream is there ends the waiting at once', async () => {
  const { sessions, player, last } = setup()
  player.start()
  last().refuse(409, 60_000)
  await pass(0)
  player.retryNow()
  expect(sessions).toHaveLength(2)
  player.retryNow()
  last().accept()
  await pass(0)
  player.retryNow()
  expect(sessions.filter((s) => s.closed === 'no')).toHaveLength(1)
})

test('tries an unreachable server again, more and more slowly', async () => {
  const { sessions, player, last } = setup()
  player.start()
  const delays = []
  for (let i = 0; i < 7; i++) {
    last().fail(new SessionError('unreachable', ''))
    await pass(0)
    expect(player.status).toMatchObject({ state: 'retrying', reason: 'server_unreachable' })
    delays.push((player.status.retryAt ?? 0) - performance.now())
    await pass(delays.at(-1) ?? 0)
    expect(sessions).toHaveLength(i + 2)
  }
  expect(delays).toEqual([400, 800, 1600, 3200, 6400, 12_800, 15_000])
})

test('what cannot get better by itself is not tried again, but by hand', async () => {
  const { sessions, player, last } = setup()
  player.start()
  last().refuse(422)
  await pass(600_000)
  expect(player.status).toMatchObject({ state: 'failed', reason: 'codec_refused', said: 'because', retryAt: null })
  expect(sessions).toHaveLength(1)
  player.retryNow()
  expect(player.status.state).toBe('connecting')
})

test('UDP that does not come through is told after 8 seconds', async () => {
  const { player, last, sessions } = setup()
  player.start()
  last().accept()
  await pass(7999)
  expect(player.status.state).toBe('connecting')
  await pass(1)
  expect(player.status).toMatchObject({ state: 'retrying', reason: 'udp_blocked' })
  expect(sessions[0]?.closed).toBe('yes')
})

test('ICE that fails is told at once', async () => {
  const { player, last } = setup()
  player.start()
  last().accept()
  await pass(0)
  last().way('failed')
  expect(player.status).toMatchObject({ state: 'retrying', reason: 'udp_blocked' })
})

test('a publisher that pauses is waited for in the same session', async () => {
  const { player, last, sessions, log } = await playing()
  await pass(4000)
  expect(log).toEqual(['stalled publisher_gone'])
  await pass(5000)
  await flow(last(), 500)
  expect(log).toEqual(['stalled publisher_gone', 'playing'])
  expect(player.status.reason).toBe(null)
  expect(sessions).toHaveLength(1)
})

test('a publisher that stays away: the server ends the session, the player waits', async () => {
  const { last, log } = await playing()
  await pass(15_000)
  last().way('closed')
  await pass(400)
  last().refuse(409, 1000)
  await pass(0)
  expect(log).toEqual([
    'stalled publisher_gone',
    'retrying publisher_gone',
    'connecting publisher_gone',
    'waiting not_live',
  ])
})

test('a session that stands still is given up when its server is known to be gone, a playing one is not', async () => {
  const { player, sessions, log } = await playing()
  player.serverGone()
  expect(log).toEqual([])
  await pass(4000)
  player.serverGone()
  await pass(400)
  expect(sessions).toHaveLength(2)
  expect(log).toEqual(['stalled publisher_gone', 'retrying server_unreachable', 'connecting server_unreachable'])
})

test('a session that is being mended is not given up because its server does not answer', async () => {
  const { player, sessions, log, last } = await playing()
  last().restarts = () => Promise.reject(new SessionError('unreachable', ''))
  last().way('disconnected')
  await pass(4000)
  player.serverGone()
  await pass(2000)
  expect(log).toEqual(['stalled connection_lost', 'stalled server_unreachable'])
  last().restarts = () => Promise.resolve()
  await pass(1000)
  last().way('connected')
  await flow(last(), 500)
  expect(log.slice(2)).toEqual(['playing'])
  expect(sessions).toHaveLength(1)
})

test('a lost connection is given a moment to heal, then replaced', async () => {
  const { player, last, sessions } = await playing()
  last().way('disconnected')
  await flow(last(), 750)
  last().way('connected')
  await flow(last(), 5000)
  expect(sessions).toHaveLength(1)
  last().way('disconnected')
  await pass(1000)
  expect(sessions[0]?.restarted).toBe(1)
  expect(player.status).toMatchObject({ state: 'retrying', reason: 'connection_lost' })
  await pass(400)
  expect(sessions).toHaveLength(2)
  expect(sessions[0]?.closed).toBe('yes')
})

test('a picture that cannot be decoded is told, then a new keyframe is fetched by a new session', async () => {
  const { last, log } = await playing()
  for (let t = 0; t < 8000 && log.length < 2; t += 250) {
    last().send(60, 0, 12)
    await pass(250)
  }
  expect(log).toEqual(['stalled decode_stalled', 'retrying decode_stalled'])
})

test('a picture that is switched off while the sound goes on', async () => {
  const { last, log } = await playing()
  for (let t = 0; t < 5000; t += 250) {
    last().send(0, 0, 12)
    await pass(250)
  }
  expect(log).toEqual(['stalled picture_paused'])
})

test('a stream of sound alone plays, and shows a picture that comes later', async () => {
  vi.stubGlobal('MediaStream', class {
    tracks: unknown[]
    constructor(tracks: unknown[]) {
      this.tracks = tracks
    }
  })
  const { player, video, last } = setup()
  player.start()
  last().accept()
  await pass(0)
  last().way('connected')
  for (let t = 0; t < 2500; t += 250) {
    last().send(0, 0, 12)
    await pass(250)
  }
  expect(player.status).toMatchObject({ state: 'playing', audioOnly: true })
  expect(video.srcObject).toMatchObject({ tracks: ['sound'] })
  await flow(last(), 1000)
  expect(player.status).toMatchObject({ state: 'playing', audioOnly: false })
  expect(video.srcObject).toBe(last().media)
  vi.unstubAllGlobals()
})

test('failures are forgotten only after some healthy seconds', async () => {
  const { player, last } = setup()
  player.start()
  const delayAfter = async (healthyMs: number) => {
    last().accept()
    await pass(0)
    last().way('connected')
    await flow(last(), healthyMs)
    last().way('failed')
    await pass(0)
    const delay = (player.status.retryAt ?? 0) - performance.now()
    await pass(delay)
    return delay
  }
  expect(await delayAfter(1000)).toBe(400)
  expect(await delayAfter(1000)).toBe(800)
  expect(await delayAfter(13_000)).toBe(400)
})

test('pause ends the session, start begins another', async () => {
  const { player, video, last, sessions } = await playing()
  player.pause()
  expect(player.status.state).toBe('paused')
  expect(video.playing).toBe(false)
  expect(last().closed).toBe('yes')
  await pass(60_000)
  expect(sessions).toHaveLength(1)
  player.start()
  expect(sessions).toHaveLength(2)
})

test('close says farewell and stops every timer', async () => {
  const { player, video, last, sessions } = await playing()
  player.close(true)
  expect(last().closed).toBe('keepalive')
  expect(video.srcObject).toBe(null)
  expect(vi.getTimerCount()).toBe(0)
  expect(await player.stats()).toBe(null)
  last().way('failed')
  await pass(60_000)
  expect(player.status.state).toBe('idle')
  expect(sessions).toHaveLength(1)
})

test('a browser that refuses sound gets a muted start; one that refuses any start is told', async () => {
  const notAllowed = () => Object.assign(new Error('no'), { name: 'NotAllowedError' })
  const { player, video, last } = setup()
  video.muted = false
  video.obstacle = () => (video.muted ? null : notAllowed())
  player.start()
  last().accept()
  await pass(0)
  expect(video.muted).toBe(true)
  expect(video.playing).toBe(true)
  video.obstacle = notAllowed
  player.unblock()
  await pass(0)
  expect(player.status.blocked).toBe(true)
  video.obstacle = null
  player.unblock()
  await pass(0)
  expect(player.status.blocked).toBe(false)
})

/** What the server says over event streams. */
class FakeEvents {
  static all: FakeEvents[] = []
  #listeners = new Map<string, (event: { data: string }) => void>()
  constructor() {
    FakeEvents.all.push(this)
  }
  addEventListener(name: string, fn: (event: { data: string }) => void): void {
    this.#listeners.set(name, fn)
  }
  close(): void {}
  say(name: string, data: string): void {
    this.#listeners.get(name)?.({ data })
  }
}

/** A player that plays and listens to what its server says. */
async function listening() {
  FakeEvents.all = []
  vi.stubGlobal('EventSource', FakeEvents)
  vi.stubGlobal('document', { visibilityState: 'visible', addEventListener: () => {}, removeEventListener: () => {} })
  const sessions: FakeSession[] = []
  const asked: string[] = []
  const video = new FakeSurface()
  const player = new Player({
    video,
    endpoint: '/whep/live/demo',
    random: () => 0,
    connect: (endpoint) => {
      const session = new FakeSession()
      session.links = [{ target: '/sessions/x/sse', rel: 'urn:ietf:params:whep:ext:core:server-sent-events', parameters: {} }]
      session.request = async () => new Response(null, { status: 201, headers: { Location: 'http://here/sessions/x/sse/1' } })
      session.resolve = (target) => new URL(target, 'http://here').href
      sessions.push(session)
      asked.push(endpoint)
      return session
    },
  })
  player.start()
  sessions[0]?.accept()
  await pass(0)
  sessions[0]?.way('connected')
  video.showFrame()
  await flow(sessions[0] as FakeSession, 500)
  const log: string[] = []
  player.on('status', ({ state, reason }) => log.push(reason === null ? state : `${state} ${reason}`))
  return { player, video, sessions, asked, log }
}

test('asked to go elsewhere, it shows the old picture until the new one is there', async () => {
  const { video, sessions, asked, log, player } = await listening()
  FakeEvents.all.at(-1)?.say('reconnect', '{"url":"http://there/whep/live/demo"}')
  FakeEvents.all.at(-1)?.say('reconnect', '{"url":"http://there/whep/live/demo"}')
  const [old, next] = sessions as [FakeSession, FakeSession]
  expect(asked).toEqual(['/whep/live/demo', 'http://there/whep/live/demo'])
  next.accept()
  await pass(0)
  next.way('connected')
  await flow(old, 250)
  expect(video.srcObject).toBe(old.media)
  expect(old.closed).toBe('no')
  await flow(next, 500)
  expect(video.srcObject).toBe(next.media)
  expect([old.closed, next.closed]).toEqual(['yes', 'no'])
  await flow(next, 1000)
  expect(player.status.state).toBe('playing')
  expect(log).toEqual([])
  vi.unstubAllGlobals()
})

test('where nobody takes it, the old session goes on', async () => {
  const { video, sessions, log } = await listening()
  FakeEvents.all.at(-1)?.say('reconnect', '{"url":"http://there/whep/live/demo"}')
  const [old, next] = sessions as [FakeSession, FakeSession]
  next.refuse(503)
  await flow(old, 1000)
  expect(video.srcObject).toBe(old.media)
  expect([old.closed, next.closed]).toEqual(['no', 'yes'])
  expect(log).toEqual([])
  vi.unstubAllGlobals()
})
