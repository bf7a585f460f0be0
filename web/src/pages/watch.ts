import { ApiError, fetchStream, type Stream } from '../api.ts'
import { diagnoseLink } from '../diagnose/link.ts'
import { need, setAttribute } from '../dom.ts'
import { commandOf } from '../keyboard.ts'
import { nameFromPath, namePath } from '../name.ts'
import { Facts } from '../parts/facts.ts'
import { Theatre } from '../parts/theatre.ts'
import { Player } from '../player.ts'
import { Poller } from '../poller.ts'
import type { Stats } from '../stats.ts'
import type { Status } from '../status.ts'
import { pageToken } from '../token.ts'

/** The watch page: binds player, theatre, facts and keys together. */

const FACTS_EVERY_MS = 2000

/** One line of what the player went through, for tests and for those who look for a fault. */
interface Event {
  /** performance.now() */
  at: number
  state: Status['state']
  reason: Status['reason']
}
/** More than this is forgotten, oldest first. */
const MAX_EVENTS = 500

declare global {
  interface Window {
    /** What the page shows to tests and to curious people; see README.md. */
    millrace?: { player: Player; stats: () => Promise<Stats | null>; events: Event[] }
  }
}

const name = nameFromPath(location.pathname)
const box = need('#player')
const video = need<HTMLVideoElement>('#player video')
const token = pageToken()
const player = new Player({ video, endpoint: `/whep/${namePath(name)}`, ...(token === '' ? {} : { token }) })
const theatre = new Theatre(box, video, player, (reason) => diagnoseLink(name, reason, token))
const facts = new Facts(need('#about'), name)

const events: Event[] = []
window.millrace = { player, stats: () => player.stats(), events }

player.on('status', ({ state, reason }) => {
  events.push({ at: performance.now(), state, reason })
  if (events.length > MAX_EVENTS) events.shift()
  document.title = `${state === 'playing' ? '' : '… '}${name} – Millrace`
})
player.on('firstframe', (ms) => setAttribute(box, 'data-first-frame-ms', ms.toFixed(1)))

let known: Stream | null | undefined
let serverGone = false

/** News from the API: shown, and taken as a reason to try again at once. */
function onFacts(stream: Stream | null): void {
  facts.update(stream, Date.now())
  theatre.hasSound = stream === null || (stream.tracks ?? []).some((t) => t.kind === 'audio' && t.playable !== 'no')
  const came = stream?.live === true && (known?.live !== true || known.generation !== stream.generation)
  if (serverGone || (known !== undefined && came)) player.retryNow()
  serverGone = false
  known = stream
}

/** Without an answer from the API, a picture that stands still is not the publisher's doing. */
function onNoFacts(error: unknown): void {
  facts.lose()
  if (error instanceof ApiError && error.denied) return // it is there; the player hears the same, and says so
  serverGone = true
  player.serverGone()
}

document.addEventListener('keydown', (event) => {
  const target = event.target instanceof Element ? event.target.tagName : ''
  const { key, ctrlKey, metaKey, altKey, repeat } = event
  const command = commandOf({ key, ctrlKey, metaKey, altKey, repeat, target })
  if (command === null) return
  event.preventDefault()
  theatre.command(command)
})

setAttribute(box, 'aria-label', `Player: ${name}`)
document.title = `${name} – Millrace`
const poller = new Poller({
  fetch: (signal) => fetchStream(name, signal),
  everyMs: FACTS_EVERY_MS,
  onValue: onFacts,
  onError: onNoFacts,
})

// A name that cannot be one is refused by the server, in words that the player shows.
if (name === '') {
  location.replace('/')
} else {
  player.start()
  poller.start()
}

window.addEventListener('online', () => player.networkChanged())
// A page that goes into the browser's history must end its session, and begins a new one when it comes back.
let wasPaused = false
window.addEventListener('pagehide', () => {
  wasPaused = player.status.state === 'paused'
  player.close(true)
})
window.addEventListener('pageshow', (event) => {
  if (event.persisted && !wasPaused) player.start()
})
