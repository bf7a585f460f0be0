import { expect, test } from 'vitest'
import { failureOf } from './reason.ts'
import { SessionError } from './session-error.ts'

const refused = (status: number, detail = '') =>
  new SessionError('refused', '', { status, title: 'Title', detail }, 2000)

test.each([
  [409, 'not_live', false],
  [400, 'refused', true],
  [401, 'forbidden', true],
  [403, 'forbidden', true],
  [404, 'refused', true],
  [406, 'codec_refused', true],
  [415, 'refused', true],
  [422, 'codec_refused', true],
  [429, 'overloaded', false],
  [500, 'server_error', false],
  [502, 'server_unreachable', false],
  [503, 'overloaded', false],
])('status %i is %s', (status, reason, final) => {
  expect(failureOf(refused(status, 'words'))).toEqual({ reason, final, waitMs: 2000, said: 'words' })
})

test('a source that cannot be fetched is told from a stream that nobody publishes', () => {
  const problem = { status: 409, title: '', detail: 'off', type: 'urn:millrace:problem:source' }
  expect(failureOf(new SessionError('refused', '', problem, 0))).toMatchObject({ reason: 'source_down', final: false, said: 'off' })
})

test('everything else that can go wrong', () => {
  expect(failureOf(refused(409)).said).toBe('Title')
  expect(failureOf(new SessionError('unreachable', ''))).toMatchObject({ reason: 'server_unreachable', final: false, said: '' })
  expect(failureOf(new SessionError('unsupported', ''))).toMatchObject({ reason: 'unsupported', final: true })
  expect(failureOf(new SessionError('answer', ''))).toMatchObject({ reason: 'codec_refused', final: true })
  expect(failureOf(new TypeError('boo'))).toMatchObject({ reason: 'codec_refused', final: true })
})
