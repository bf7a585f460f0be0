import { afterEach, expect, test, vi } from 'vitest'
import { fetchStreams, type Source, type Stream, withSources } from './api.ts'

afterEach(() => vi.unstubAllGlobals())

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

test('a list in pages is fetched to its end', async () => {
  const asked: string[] = []
  vi.stubGlobal('fetch', (path: string) => {
    asked.push(path)
    const name = asked.length === 1 ? 'live/a' : 'live/b'
    const body = { streams: [{ name }], total: 2, ...(asked.length === 1 ? { next: name } : {}) }
    return Promise.resolve(new Response(JSON.stringify(body), { headers: { 'Content-Type': 'application/json' } }))
  })
  expect((await fetchStreams()).map((s) => s.name)).toEqual(['live/a', 'live/b'])
  expect(asked).toEqual(['/api/v1/streams', '/api/v1/streams?limit=1000&after=live%2Fa'])
})
