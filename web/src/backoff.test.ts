import { expect, test } from 'vitest'
import { Backoff } from './backoff.ts'

const options = { baseMs: 400, maxMs: 5000, factor: 2, jitter: 0.5 }

test('delays double up to the limit and begin anew after a reset', () => {
  const backoff = new Backoff(options, () => 0)
  expect([1, 2, 3, 4, 5, 6].map(() => backoff.next())).toEqual([400, 800, 1600, 3200, 5000, 5000])
  expect(backoff.failures).toBe(6)
  backoff.reset()
  expect(backoff.next()).toBe(400)
})

test('jitter shortens a delay by its share at most', () => {
  expect(new Backoff(options, () => 0.9999).next()).toBe(200)
  expect(new Backoff(options, () => 0.5).next()).toBe(300)
})

test('a delay is never shorter than what the server asked for', () => {
  const backoff = new Backoff(options, () => 0.5)
  expect(backoff.next(2000)).toBe(2100)
  expect(backoff.next(0)).toBe(600)
})
