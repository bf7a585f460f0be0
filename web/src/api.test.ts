import { expect, test } from 'vitest'
import { type Source, type Stream, withSources } from './api.ts'

test('sources that nobody watches are in the list, those that are live are told as such', () => {
  const stream = (name: string): Stream => ({ name, live: true, generation: 1, viewers: 3, bitrate: 9 })
  const source = (name: string): Source => ({ name, on_demand: true, state: 'idle', last_error: '', viewers: 0 })
  const b = source('b')
  const c = { ...source('c'), viewers: 1 }
  expect(withSources([stream('a'), stream('c'), stream('d')], [c, b])).toEqual([
    stream('a'),
    { name: 'b', live: false, generation: 0, viewers: 0, bitrate: 0, source: b },
    { ...stream('c'), source: c },
    stream('d'),
  ])
})
