import { AREAS, headline } from './words.ts'
import type { Check } from './check.ts'

export interface About {
  stream: string
  /** Scheme, host and port of the page; never its query or what is behind the #, which may hold a token. */
  origin: string
  agent: string
  at: Date
  /** What the player said, "" if it did not send anybody here. */
  reason: string
}

/** The whole as text, to be sent to somebody who can help. */
export function reportText(about: About, checks: Check[]): string {
  const lines = [
    `Millrace: why doesn’t ${about.stream} play?`,
    `${about.at.toISOString()}, ${about.origin}`,
    about.agent,
    ...(about.reason === '' ? [] : [`The player said: ${about.reason}`]),
    '',
    headline(checks).title,
  ]
  for (const [area, title] of AREAS) {
    const here = checks.filter((c) => c.area === area)
    if (here.length === 0) continue
    lines.push('', `## ${title}`)
    for (const c of here) {
      lines.push(`[${c.verdict}] ${c.title}`, `    ${c.seen}`)
      if (c.verdict === 'ok' || c.verdict === 'unknown') continue
      if (c.why) lines.push(`    Why: ${c.why}`)
      if (c.remedy) lines.push(`    Remedy: ${c.remedy}`)
    }
  }
  return `${lines.join('\n')}\n`
}
