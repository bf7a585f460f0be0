import { expect, test } from 'vitest'
import type { GopFrame } from './api.ts'
import { gopFacts, gridSizes, height, merged, tracksOf } from './gop.ts'

const frame = (ms: number, kind: GopFrame['kind'], bytes: number, track = 1): GopFrame => ({ at: new Date(ms).toISOString(), kind, bytes, track })

test('facts of a stream with a keyframe every two seconds', () => {
  const frames = [frame(0, 'key', 50_000), frame(1000, 'delta', 4000), frame(1500, 'b', 1000), frame(2000, 'key', 70_000), frame(2500, 'delta', 6000)]
  expect(gopFacts(frames)).toEqual({ distance: 2, age: 0.5, mean: { key: 60_000, delta: 5000, b: 1000 }, bShare: 0.2 })
})

test('facts of nothing and of a stream without keyframes', () => {
  expect(gopFacts([])).toEqual({ distance: null, age: null, mean: { key: null, delta: null, b: null }, bShare: 0 })
  expect(gopFacts([frame(0, 'delta', 1)])).toMatchObject({ distance: null, age: null, bShare: 0 })
})

test('tracks, heights, lines', () => {
  expect(tracksOf([frame(0, 'key', 1, 3), frame(0, 'key', 1, 1), frame(1, 'delta', 1, 3)])).toEqual([1, 3])
  expect(height(25, 100)).toBe(0.5)
  expect(height(25, 0)).toBe(0)
  expect(gridSizes(120_000)).toEqual([20_000, 100_000])
  expect(gridSizes(60)).toEqual([])
})

test('one look joins the other, or begins anew', () => {
  const all = [0, 1, 2, 3, 4, 5].map((i) => frame(i * 40, i === 3 ? 'key' : 'delta', i))
  const sizes = (list: GopFrame[]) => list.map((one) => one.bytes)
  expect(sizes(merged(all.slice(0, 4), all.slice(2), 600))).toEqual([0, 1, 2, 3, 4, 5])
  expect(sizes(merged(all.slice(0, 4), all.slice(2), 3))).toEqual([3, 4, 5])
  expect(sizes(merged(all.slice(0, 2), all.slice(3), 600))).toEqual([3, 4, 5])
  expect(merged(all, [], 600)).toEqual([])
})
