import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Lifeline } from './lifeline.ts'
import { FakeTransport } from './session.fake.ts'
import { SessionError } from './session-error.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)

function setup(connected = true) {
  const session = new FakeTransport()
  session.restarts = () => Promise.resolve()
  const log: string[] = []
  const lifeline = new Lifeline(session, { onConnected: () => log.push('connected'), onLost: (loss) => log.push(loss) })
  if (connected) {
    lifeline.answered()
    session.way('connected')
  }
  return { session, lifeline, log }
}

test('no packet within eight seconds of the answer: UDP is blocked', async () => {
  const { lifeline, log } = setup(false)
  await pass(60_000)
  lifeline.answered()
  await pass(7999)
  expect(log).toEqual([])
  await pass(1)
  expect(log).toEqual(['udp_blocked'])
  expect(vi.getTimerCount()).toBe(0)
})

test('where the server knows a detour it is tried soon', async () => {
  const { session, lifeline, log } = setup(false)
  session.hasDetours = true
  lifeline.answered()
  await pass(2500)
  expect(session.restarted).toBe(1)
  await pass(1000)
  session.way('connected')
  await pass(60_000)
  expect(log).toEqual(['connected'])
})

test('a detour that leads nowhere either is blocked UDP', async () => {
  const { session, lifeline, log } = setup(false)
  session.hasDetours = true
  lifeline.answered()
  session.way('failed')
  await pass(5000)
  expect(session.restarted).toBe(1)
  expect(log).toEqual(['udp_blocked'])
})

test('an interruption that heals by itself is left alone', async () => {
  const { session, lifeline, log } = setup()
  session.way('disconnected')
  expect(lifeline.interrupted).toBe(true)
  await pass(900)
  session.way('connected')
  await pass(60_000)
  expect(session.restarted).toBe(0)
  expect(lifeline.interrupted).toBe(false)
  expect(log).toEqual(['connected', 'connected'])
})

test('one that does not is mended by a restart', async () => {
  const { session, log } = setup()
  session.way('disconnected')
  await pass(1000)
  expect(session.restarted).toBe(1)
  session.way('failed')
  await pass(4000)
  session.way('connected')
  await pass(60_000)
  expect(log).toEqual(['connected', 'connected'])
})

test('a restart that leads nowhere loses the session', async () => {
  const { session, log } = setup()
  session.way('failed')
  await pass(5000)
  expect(log).toEqual(['connected', 'connection_lost'])
})

test('a restart that the server refuses loses the session at once', async () => {
  const { session, log } = setup()
  session.restarts = () => Promise.reject(new SessionError('refused', '404'))
  session.way('failed')
  await pass(0)
  expect(log).toEqual(['connected', 'connection_lost'])
})

test('while the server cannot be asked it is asked again, for a while', async () => {
  const { session, log } = setup()
  session.restarts = () => Promise.reject(new SessionError('unreachable', ''))
  session.way('disconnected')
  await pass(6500)
  expect(session.restarted).toBe(6)
  session.restarts = () => Promise.resolve()
  await pass(1000)
  session.way('connected')
  await pass(60_000)
  expect(log).toEqual(['connected', 'connected'])
  session.restarts = () => Promise.reject(new SessionError('unreachable', ''))
  session.way('disconnected')
  await pass(14_000)
  expect(log).toEqual(['connected', 'connected', 'connection_lost'])
  expect(vi.getTimerCount()).toBe(0)
})

test('a network that is known to have changed is not waited for; a way that stood all the time is not lost', async () => {
  const { session, lifeline, log } = setup()
  lifeline.networkChanged()
  lifeline.networkChanged()
  expect(session.restarted).toBe(1)
  await pass(60_000)
  expect(log).toEqual(['connected'])
  lifeline.networkChanged()
  expect(session.restarted).toBe(2)
})

test('the farewell of the server is its end, and stop() ends everything', async () => {
  const { session, log } = setup()
  session.way('closed')
  session.way('connected')
  expect(log).toEqual(['connected', 'ended'])
  const other = setup()
  other.session.way('disconnected')
  other.lifeline.stop()
  other.session.way('failed')
  await pass(60_000)
  expect(other.log).toEqual(['connected'])
  expect(other.session.restarted).toBe(0)
})
