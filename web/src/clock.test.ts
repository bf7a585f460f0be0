import { expect, test } from 'vitest'
import { ServerClock } from './clock.ts'

test('without a report nothing is known', () => {
  expect(new ServerClock().at(1000)).toBe(null)
})

test('the least delayed report decides', () => {
  const clock = new ServerClock()
  // The server's clock is 5000 ms ahead, one way takes 20 ms, two reports were queued.
  clock.observe(105_000, 100_050, 40)
  clock.observe(106_000, 101_020, 40)
  clock.observe(107_000, 102_300, 40)
  clock.observe(108_000, 103_025, 400)
  expect(clock.at(200_000)).toBe(205_000)
})

test('a report counts once, and old ones are forgotten', () => {
  const clock = new ServerClock()
  clock.observe(10_000, 0, 0)
  for (let i = 0; i < 100; i++) clock.observe(11_000, 6000, 0)
  expect(clock.at(0)).toBe(10_000)
  for (let i = 0; i < 30; i++) clock.observe(12_000 + i, 7000 + i, 0)
  expect(clock.at(0)).toBe(5000)
})
