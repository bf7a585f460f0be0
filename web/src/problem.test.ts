import { expect, test } from 'vitest'
import { readProblem, retryAfterMs } from './problem.ts'

test('a problem is read from its JSON, bounded, and from the status alone', async () => {
  const init = { status: 409, statusText: 'Conflict', headers: { 'Content-Type': 'application/problem+json' } }
  const full = new Response(JSON.stringify({ title: 'Not live', detail: 'x'.repeat(5000), status: 200 }), init)
  expect(await readProblem(full)).toEqual({ status: 409, title: 'Not live', detail: 'x'.repeat(500) })
  const source = { title: 'a', detail: 'b', type: 'urn:millrace:problem:source' }
  expect(await readProblem(new Response(JSON.stringify(source), init))).toEqual({ status: 409, ...source })
  expect(await readProblem(new Response('{"type":"about:blank"}', init))).toEqual({ status: 409, title: 'Conflict', detail: '' })
  expect(await readProblem(new Response('{', init))).toEqual({ status: 409, title: 'Conflict', detail: '' })
  expect(await readProblem(new Response('null', init))).toEqual({ status: 409, title: 'Conflict', detail: '' })
  expect(await readProblem(new Response('{"title":7}', init))).toEqual({ status: 409, title: 'Conflict', detail: '' })
  const html = new Response('<h1>', { status: 502, statusText: 'Bad Gateway', headers: { 'Content-Type': 'text/html' } })
  expect(await readProblem(html)).toEqual({ status: 502, title: 'Bad Gateway', detail: '' })
})

test.each([
  [null, 0],
  ['3', 3000],
  [' 2 ', 2000],
  ['-5', 0],
  ['soon', 0],
  ['99999999', 3_600_000],
  ['Thu, 01 Jan 1970 00:00:12 GMT', 2000],
  ['Thu, 01 Jan 1970 00:00:01 GMT', 0],
])('Retry-After %s', (header, ms) => expect(retryAfterMs(header, 10_000)).toBe(ms))
