import { expect, test } from 'vitest'
import type { Stream, Track } from '../api.ts'
import { Courses } from './courses.ts'

const track = (over: Partial<Track>): Track => ({ id: 1, kind: 'video', codec: 'H264', bitrate: 2_000_000, frame_rate: 30, ...over })
const stream = (over: Partial<Stream> = {}): Stream => ({
  name: 'live/a',
  live: true,
  generation: 1,
  viewers: 3,
  bitrate: 2_160_000,
  tracks: [track({}), track({ id: 2, kind: 'audio', bitrate: 160_000 }), track({ id: 3, kind: 'audio', bitrate: 96_000, derived_from: 2 })],
  ...over,
})

test('what the publisher sends is counted, what is made of it is not', () => {
  const courses = new Courses()
  courses.push(stream(), 100)
  const history = courses.of('live/a')
  expect([history.of('video'), history.of('audio'), history.of('frames'), history.of('viewers')]).toEqual([[2_000_000], [160_000], [30], [3]])
})

test('a stream that waits for its publisher has viewers and no rates', () => {
  const courses = new Courses()
  courses.push(stream({ live: false }), 100)
  const history = courses.of('live/a')
  expect([history.of('video'), history.of('bitrate'), history.of('viewers')]).toEqual([[null], [null], [3]])
})

test('streams that are gone for long are forgotten', () => {
  const courses = new Courses()
  courses.push(stream(), 100)
  courses.forget(600)
  expect(courses.of('live/a').times).toEqual([100])
  courses.forget(701)
  expect(courses.of('live/a').times).toEqual([])
})
