import { expect, test } from 'vitest'
import { History } from './history.ts'

test('keeps ten minutes', () => {
  const history = new History(['viewers', 'cpu'], 4)
  for (let t = 1000; t <= 2000; t++) history.push(t, { viewers: t, cpu: null })
  expect(history.times[0]).toBe(1400)
  expect(history.times).toHaveLength(601)
  expect(history.of('viewers')).toHaveLength(601)
  expect(history.of('viewers').at(-1)).toBe(2000)
  expect(history.range('viewers')).toEqual({ least: 1400, most: 2000 })
  expect(history.range('cpu')).toBeNull()
})

test('a silence becomes a gap', () => {
  const history = new History(['x'], 4)
  history.push(10, { x: 1 })
  history.push(13, { x: 2 })
  history.push(60, { x: 3 })
  expect(history.times).toEqual([10, 13, 15, 60])
  expect(history.of('x')).toEqual([1, 2, null, 3])
  expect(history.near('x', 58)).toBe(3)
  expect(history.near('x', 16)).toBeNull()
  expect(new History(['x'], 4).near('x', 1)).toBeNull()
})

test('a clock that is set back begins anew, one that stumbles loses a sample', () => {
  const history = new History(['x'], 4)
  history.push(100, { x: 1 })
  history.push(99.5, { x: 2 })
  expect(history.of('x')).toEqual([1])
  history.push(50, { x: 3 })
  expect(history.times).toEqual([50])
})
