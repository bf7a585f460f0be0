import { expect, test } from 'vitest'
import type { Check } from './check.ts'
import { diagnoseLink, reasonOf } from './link.ts'
import { reportText } from './text.ts'
import { headline, remedyLines } from './words.ts'

const check = (over: Partial<Check>): Check => ({ id: 'x', area: 'stream', verdict: 'ok', title: 'Fine', seen: 'So.', ...over })

test('the report as text has what matters, in the order of the way', () => {
  const checks = [
    check({ area: 'way', verdict: 'bad', title: 'UDP does not get through', remedy: 'Open it.' }),
    check({ verdict: 'warning', title: 'Keyframes are far apart', seen: 'Every 20 s.', why: 'It hurts.', remedy: '-g 60' }),
    check({ remedy: 'not told where all is well' }),
  ]
  const about = { stream: 'live/a', origin: 'http://h:8080', agent: 'Firefox', at: new Date(0), reason: 'The video cannot get through' }
  expect(reportText(about, checks)).toBe(`Millrace: why doesn’t live/a play?
1970-01-01T00:00:00.000Z, http://h:8080
Firefox
The player said: The video cannot get through

It does not play

## The stream
[warning] Keyframes are far apart
    Every 20 s.
    Why: It hurts.
    Remedy: -g 60
[ok] Fine
    So.

## From the gateway to you
[bad] UDP does not get through
    So.
    Remedy: Open it.
`)
})

test('a remedy has a line for each program', () => {
  expect(remedyLines('OBS: Tune, or bframes=0. ffmpeg: -bf 0. Camera or ffmpeg: publish. Or install it. OBS shows more.')).toEqual([
    'OBS: Tune, or bframes=0.',
    'ffmpeg: -bf 0.',
    'Camera or ffmpeg: publish.',
    'Or install it. OBS shows more.',
  ])
})

test('what it comes to', () => {
  const plays = check({ id: 'first_frame', area: 'way' })
  const [bad, warning] = [check({ verdict: 'bad' }), check({ verdict: 'warning' })]
  expect(headline([check({})]).title).toBe('Nothing is in the way')
  expect(headline([plays]).title).toBe('It plays')
  expect(headline([plays, warning]).title).toBe('It plays, and could play better')
  expect(headline([bad, bad, warning])).toEqual({ title: 'It does not play', detail: '2 things are in the way. One thing could be better.' })
  expect(headline([bad, plays]).title).toBe('It plays here, with trouble')
})

test('the player’s link keeps the reason and the token, and only reasons come out again', () => {
  expect(diagnoseLink('live/a b', 'udp_blocked', 's&t')).toBe('/diagnose/live/a%20b?reason=udp_blocked#token=s%26t')
  expect(diagnoseLink('x', null, '')).toBe('/diagnose/x')
  expect(reasonOf('?reason=udp_blocked')).toBe('The video cannot get through')
  for (const search of ['', '?reason=', '?reason=constructor', '?reason=<b>']) expect(reasonOf(search)).toBe('')
})
