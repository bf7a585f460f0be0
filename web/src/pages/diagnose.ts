import { reportText } from '../diagnose/text.ts'
import type { Check } from '../diagnose/check.ts'
import { reasonOf } from '../diagnose/link.ts'
import { Run } from '../diagnose/run.ts'
import { View } from '../diagnose/view.ts'
import { need } from '../dom.ts'
import { nameFromPath, watchPath } from '../name.ts'
import { carry, pageToken } from '../token.ts'

/** The page "Why doesn't it play?": runs the checks, shows them, and gives them as text. */

declare global {
  interface Window {
    /** What the page has found, for tests and for curious people. */
    millraceDiagnosis?: { checks: Check[]; done: boolean; text: () => string }
  }
}

const name = nameFromPath(location.pathname)
const token = pageToken()
const reason = reasonOf(location.search)
let checks: Check[] = []
let run: Run | null = null

const view = new View(need('#diagnose'), name, carry(watchPath(name), token), reason, { onAgain: again, text })

function text(): string {
  return reportText({ stream: name, origin: location.origin, agent: navigator.userAgent, at: new Date(), reason }, checks)
}

function again(): void {
  run?.stop()
  checks = []
  run = new Run(name, token, {
    onProgress: (found, doing) => {
      checks = found
      window.millraceDiagnosis = { checks, done: doing === '', text }
      view.show(found, doing)
    },
    onMedia: (media) => view.showMedia(media),
  })
  void run.start()
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
  if (event.key === 'r' && window.millraceDiagnosis?.done) again()
  else if (event.key === 'c' && checks.length > 0) void view.copy(text())
})

document.title = `Why doesn’t ${name} play? – Millrace`
if (name === '') location.replace('/')
else again()

window.addEventListener('pagehide', () => run?.stop(true))
window.addEventListener('pageshow', (event) => {
  if (event.persisted) again()
})
