import { expect, test } from 'vitest'
import type { Happening } from './api.ts'
import { happeningMore, happeningWords, toneOf } from './happenings.ts'

const event = (kind: string, more: Partial<Happening> = {}): Happening => ({ id: 'a-1', seq: 1, at: '2026-01-01T00:00:00Z', node: 'n', kind, ...more })

test('what is known and what is not', () => {
  expect(happeningWords(event('viewers.first'))).toBe('has its first viewer')
  expect(toneOf(event('derived.failed'))).toBe('bad')
  expect(happeningWords(event('moon.landed'))).toBe('moon.landed')
  expect(toneOf(event('moon.landed'))).toBe('plain')
})

test('everything that belongs to it', () => {
  const more = { protocol: 'rtmp', agent: 'obs-output module (libobs version 31.0.2)', remote: '10.0.0.1:5', cause: 'gone' }
  expect(happeningMore(event('publisher.stopped', more))).toBe('RTMP · OBS 31.0.2 · 10.0.0.1:5 · gone')
  expect(happeningMore(event('node.drain'))).toBe('')
})
