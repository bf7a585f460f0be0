import { expect, test } from 'vitest'
import type { Status } from './status.ts'
import { wordsFor } from './words.ts'

const status: Status = { state: 'failed', reason: null, said: '', retryAt: null, audioOnly: false, blocked: false }

test('the server’s own words stand where it refused, and nowhere else', () => {
  const said = 'the stream has HEVC only'
  expect(wordsFor({ ...status, reason: 'codec_refused', said }).detail).toBe(said)
  expect(wordsFor({ ...status, reason: 'codec_refused' }).detail).toMatch(/in common/)
  expect(wordsFor({ ...status, reason: 'not_live', said }).detail).not.toBe(said)
  expect(wordsFor({ ...status, reason: 'source_down', said }).detail).toBe(said)
})

test('a reason speaks louder than a state', () => {
  expect(wordsFor({ ...status, state: 'retrying', reason: 'udp_blocked' }).title).toMatch(/cannot get through/)
  expect(wordsFor({ ...status, state: 'connecting' }).title).toBe('Connecting')
})
