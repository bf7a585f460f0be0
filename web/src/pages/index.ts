import { ApiError, fetchServer, fetchSources, fetchStreams, type Server, type Stream, withSources } from '../api.ts'
import { need, setAttribute, setText } from '../dom.ts'
import { count } from '../format.ts'
import { Card } from '../parts/card.ts'
import { ClusterView } from '../parts/cluster.ts'
import { PublishBox } from '../parts/publish.ts'
import { Poller } from '../poller.ts'
import { carry, pageToken } from '../token.ts'

/** The front page: what is live, and how to publish. */

const EVERY_MS = 2000
/** Ports change only with a restart; a failed first look is repeated by the back-off. */
const SERVER_EVERY_MS = 60_000
/** One answer that fails to come is not worth a word. */
const TELL_AFTER = 2

const cards = new Map<string, Card>()
const list = need('#streams')
const empty = need('#empty')
const banner = need('#banner')
const cluster = new ClusterView(need('#cluster'))
const publish = new PublishBox(need('#publish'), location.hostname)

function show(streams: Stream[]): void {
  const names = new Set(streams.map((s) => s.name))
  for (const [name, card] of cards) {
    if (names.has(name)) continue
    card.element.remove()
    cards.delete(name)
  }
  const now = Date.now()
  streams.forEach((stream, i) => {
    const card = cards.get(stream.name) ?? new Card(stream.name)
    cards.set(stream.name, card)
    card.update(stream, now)
    // Moving an element that has the focus would lose it: only what is out of place is moved.
    if (list.children[i] !== card.element) list.insertBefore(card.element, list.children[i] ?? null)
  })
  cluster.streams(streams.filter((s) => s.live).map((s) => s.name))
  empty.hidden = streams.length > 0
  const live = streams.filter((s) => s.live).length
  const viewers = streams.reduce((sum, s) => sum + s.viewers, 0)
  setText(need('#count'), live === 0 ? '' : `${count(live, 'stream')}, ${count(viewers, 'viewer')}`)
  document.title = `${live === 0 ? 'Live streams' : `${count(live, 'stream')} live`} – Millrace`
  tellTrouble(false)
}

const NO_ANSWER = 'The gateway does not answer. What you see may be old; this page keeps trying.'
const NO_TOKEN = 'The gateway shows its streams only to those it knows: open this page with ?token= and your token behind its address.'

function tellTrouble(trouble: boolean, words = NO_ANSWER): void {
  banner.hidden = !trouble
  setText(banner, trouble ? words : '')
  setAttribute(list, 'data-stale', String(trouble))
}

function showServer(server: Server): void {
  setText(need('#server'), server.version ? `Version ${server.version}` : '')
  publish.update(server)
  if (pageToken() !== '' || server.needs_credential?.includes('read') !== true) cluster.begin()
}

new Poller({
  fetch: async (signal) => withSources(...(await Promise.all([fetchStreams(signal), fetchSources(signal)]))),
  everyMs: EVERY_MS,
  onValue: show,
  onError: (error, failures) => {
    if (error instanceof ApiError && error.denied) tellTrouble(true, NO_TOKEN)
    else if (failures >= TELL_AFTER) tellTrouble(true)
  },
}).start()

setAttribute(need('#dashboard'), 'href', carry('/dashboard', pageToken()))

new Poller({ fetch: fetchServer, everyMs: SERVER_EVERY_MS, onValue: showServer }).start()
