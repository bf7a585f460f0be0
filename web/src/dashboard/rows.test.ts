import { expect, test } from 'vitest'
import { held, matches, pageOf, sorted } from './rows.ts'

interface Row {
  name: string
  viewers: number
}

const rows: Row[] = [
  { name: 'cam10', viewers: 2 },
  { name: 'cam2', viewers: 5 },
  { name: 'cam1', viewers: 2 },
  { name: 'x', viewers: Number.NaN },
]
const by = (key: keyof Row, down: boolean) => sorted(rows, { key, down }, (r, k) => r[k as keyof Row], (r) => r.name).map((r) => r.name)

test('sorts numbers and names as people do, the unknown last', () => {
  expect(by('name', false)).toEqual(['cam1', 'cam2', 'cam10', 'x'])
  expect(by('name', true)).toEqual(['x', 'cam10', 'cam2', 'cam1'])
  expect(by('viewers', true)).toEqual(['cam2', 'cam1', 'cam10', 'x'])
  expect(by('viewers', false)).toEqual(['cam1', 'cam10', 'cam2', 'x'])
})

test('what is pointed at stays where it is', () => {
  const names = (list: Row[]) => list.map((r) => r.name)
  expect(names(held(rows, ['x', 'gone', 'cam2', 'cam1'], (r) => r.name))).toEqual(['x', 'cam2', 'cam1', 'cam10'])
})

test('pages', () => {
  expect(pageOf(0, 25, 0)).toEqual({ number: 0, count: 1, from: 0, to: 0 })
  expect(pageOf(51, 25, 2)).toEqual({ number: 2, count: 3, from: 50, to: 51 })
  expect(pageOf(50, 25, 2)).toEqual({ number: 1, count: 2, from: 25, to: 50 })
  expect(pageOf(50, 25, -1).number).toBe(0)
})

test('every word must be in it', () => {
  expect(matches('live/Studio-A RTMP', 'studio rtmp')).toBe(true)
  expect(matches('live/studio', 'studio rtsp')).toBe(false)
  expect(matches('x', '')).toBe(true)
})
