import { expect, test } from 'vitest'
import { SessionError } from '../session-error.ts'
import { publishFailureOf } from './reason.ts'

test.each([
  [409, 'name_taken', false],
  [401, 'unauthorized', true],
  [403, 'unauthorized', true],
  [422, 'codec_refused', true],
  [503, 'overloaded', false],
  [504, 'server_unreachable', false],
  [599, 'server_error', false],
  [400, 'refused', true],
])('status %i is %s', (status, reason, final) => {
  const error = new SessionError('refused', '', { status, title: 'Title', detail: '' }, 1000)
  expect(publishFailureOf(error)).toEqual({ reason, final, waitMs: 1000, said: 'Title' })
})
