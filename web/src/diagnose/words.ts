import type { Area, Check, Verdict } from './check.ts'
import { worst } from './check.ts'

/** The parts of the way, in its order. */
export const AREAS: readonly (readonly [Area, string])[] = [
  ['publisher', 'The publisher'],
  ['stream', 'The stream'],
  ['gateway', 'The gateway'],
  ['network', 'The gateway’s network'],
  ['way', 'From the gateway to you'],
  ['browser', 'This browser'],
]

/** For those who do not see the signs. */
export const VERDICTS: Record<Verdict, string> = { ok: 'Fine', unknown: 'Not known', warning: 'Could be better', bad: 'Trouble' }

/** A remedy, cut where it goes on to another program, or to another way. */
export function remedyLines(remedy: string): string[] {
  return remedy.replace(/\. (?=(?:OBS|ffmpeg|Camera|Camera or ffmpeg|Browser|Firefox|Chromium[\w ]*): |Or [a-z])/g, '.\n').split('\n')
}

/** What all the checks come to. */
export function headline(checks: Check[]): { title: string; detail: string } {
  const count = (verdict: Verdict) => checks.filter((c) => c.verdict === verdict).length
  const plays = checks.some((c) => c.id === 'first_frame' && c.verdict === 'ok')
  const [bad, warnings] = [count('bad'), count('warning')]
  const better = warnings === 0 ? '' : ` ${warnings === 1 ? 'One thing' : `${warnings} things`} could be better.`
  switch (worst(checks)) {
    case 'bad':
      if (plays) return { title: 'It plays here, with trouble', detail: `${bad === 1 ? 'One thing is' : `${bad} things are`} wrong.${better}` }
      return { title: 'It does not play', detail: `${bad === 1 ? 'One thing is' : `${bad} things are`} in the way.${better}` }
    case 'warning':
      return { title: plays ? 'It plays, and could play better' : 'It should play, and could play better', detail: better.trim() }
    default:
      return { title: plays ? 'It plays' : 'Nothing is in the way', detail: plays ? 'Picture or sound came through to this browser.' : 'All that could be looked at is fine.' }
  }
}
