import { expect, test } from 'vitest'
import { iceServers, parseLinks } from './link.ts'

test('links are read as they come', () => {
  expect(parseLinks(null)).toEqual([])
  expect(parseLinks('')).toEqual([])
  expect(parseLinks('</s/1/sse>; rel="urn:x:sse"; events="active,layers", <https://h/l?a=1,2>;rel=urn:x:layer')).toEqual([
    { target: '/s/1/sse', rel: 'urn:x:sse', parameters: { events: 'active,layers' } },
    { target: 'https://h/l?a=1,2', rel: 'urn:x:layer', parameters: {} },
  ])
})

test('what is odd does no harm', () => {
  // The semicolon that the draft's own example lacks.
  expect(parseLinks('<a>; rel="x" events="b"')).toEqual([{ target: 'a', rel: 'x', parameters: { events: 'b' } }])
  expect(parseLinks('<a>; REL="x"; rel="y"; flag; q="a\\"b\\\\";')).toEqual([
    { target: 'a', rel: 'x', parameters: { flag: '', q: 'a"b\\' } },
  ])
  expect(parseLinks('rubbish, <a>; rel="x"')).toEqual([])
  expect(parseLinks('<a>; rel="open')).toEqual([])
  expect(parseLinks(`<a>${'; a'.repeat(20_000)} <`)).toEqual([])
  expect(parseLinks('<a>,'.repeat(1000))).toHaveLength(64)
})

test('ICE servers are the links that are some', () => {
  const links = parseLinks(
    '<stun:s.example>; rel="ice-server", <turn:t.example:3478?transport=udp>; rel="ice-server"; username="u"; credential="p"; credential-type="password", <https://evil>; rel="ice-server", <turn:x>; rel="other"',
  )
  expect(iceServers(links)).toEqual([
    { urls: 'stun:s.example' },
    { urls: 'turn:t.example:3478?transport=udp', username: 'u', credential: 'p' },
  ])
})
