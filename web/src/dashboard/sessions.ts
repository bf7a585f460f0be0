import { ApiError } from '../api.ts'
import { hopTime } from '../cluster.ts'
import { encoderName } from '../describe.ts'
import { h, setAttribute, setText } from '../dom.ts'
import * as f from '../format.ts'
import { Poller } from '../poller.ts'
import { endSession, fetchSessions, type Part, type Session } from './api.ts'
import { confirm } from './confirm.ts'
import type { Context } from './context.ts'
import { matches } from './rows.ts'
import { type Column, Table, text } from './table.ts'

const EVERY_MS = 2000
const PAGE = 20
/** From here on a picture suffers visibly: what is worse is coloured. */
const BAD_LOSS = 0.02
const BAD_BEHIND_S = 1

/** Who publishes and who watches a stream, and how that is going. */
export class Sessions {
  readonly element: HTMLElement
  readonly #table: Table<Session>
  readonly #count = h('span', { class: 'section-count' })
  readonly #nothing = h('p', { class: 'nothing', hidden: true }, 'Nobody watches at the moment.')
  readonly #search = h('input', {
    class: 'search',
    type: 'search',
    placeholder: 'Find a viewer',
    'aria-label': 'Find a viewer',
    autocomplete: 'off',
    spellcheck: 'false',
    oninput: () => this.#draw(true),
  })
  readonly #poller: Poller<Part<Session>>
  readonly #context: Context
  readonly #onPublisher: (publisher: Session | null) => void
  #viewers: Session[] = []
  #total = 0
  #cut = false

  /** Publishers are not in the table: onPublisher is told of them. */
  constructor(stream: string, context: Context, onPublisher: (publisher: Session | null) => void) {
    this.#context = context
    this.#onPublisher = onPublisher
    this.#table = new Table({
      label: 'Viewers',
      columns: [...COLUMNS, { key: 'end', title: '', show: (cell, session) => this.#showEnd(cell, session) }],
      name: (s) => s.id,
      order: { key: 'since', down: true },
      pageSize: PAGE,
    })
    const head = h('div', { class: 'panel-head' }, h('h2', { id: 'sessions-title' }, 'Viewers'), this.#count, h('div', { class: 'tools' }, this.#search, this.#table.sorter))
    this.element = h('section', { class: 'panel sessions', 'aria-labelledby': 'sessions-title' }, head, this.#nothing, this.#table.element)
    this.#poller = new Poller({ fetch: (signal) => fetchSessions(stream, signal), everyMs: EVERY_MS, onValue: (part) => this.#take(part) })
  }

  start(): void {
    this.#poller.start()
  }

  stop(): void {
    this.#poller.stop()
  }

  refresh(): void {
    this.#poller.now()
  }

  #take({ items, total }: Part<Session>): void {
    this.#viewers = items.filter((s) => s.role === 'viewer')
    this.#total = total - (items.length - this.#viewers.length)
    this.#cut = total > items.length
    this.#onPublisher(items.find((s) => s.role === 'publisher') ?? null)
    this.#draw(false)
  }

  #draw(anew: boolean): void {
    if (anew) this.#table.first()
    const words = this.#search.value
    const found = this.#viewers.filter((s) => matches([s.protocol, s.remote, s.agent, s.holder, s.video, s.audio, s.rendition].join(' '), words))
    const all = f.count(this.#total, 'viewer')
    setText(this.#count, this.#total === 0 ? '' : this.#cut ? `${all}, the first ${this.#viewers.length} of them here` : all)
    this.#search.hidden = this.#viewers.length === 0
    this.#table.rows = found
    this.#table.element.hidden = found.length === 0
    setText(this.#nothing, this.#viewers.length === 0 ? 'Nobody watches at the moment.' : 'No viewer is like that.')
    this.#nothing.hidden = found.length > 0
  }

  #showEnd(cell: HTMLElement, session: Session): void {
    setAttribute(cell, 'class', 'row-actions')
    if (!this.#context.mayAdmin()) cell.replaceChildren()
    else if (cell.firstChild === null) cell.append(endButton(session, this.#context, () => this.refresh()))
  }
}

/** The button that ends a session, after a question. */
export function endButton(session: Session, context: Context, onEnded: () => void): HTMLButtonElement {
  const who = session.role === 'viewer' ? 'viewer' : 'publisher'
  const name = `${f.protocol(session.protocol)} ${who}${session.remote === '' ? '' : ` at ${session.remote}`}`
  const ask = () =>
    confirm({
      title: `End the session of this ${who}?`,
      detail: `The ${name} is cut off now. Most programs come back by themselves: to keep somebody out, take away the credential as well.`,
      yes: 'End the session',
      act: async () => {
        await endSession(session.id)
        onEnded()
      },
      explain: (error) => explain(error, context),
    })
  return h('button', { class: 'mini mini-text', type: 'button', 'aria-label': `End the session of the ${name}`, onclick: ask }, 'End')
}

function explain(error: unknown, context: Context): string {
  if (!(error instanceof ApiError)) return 'The gateway does not answer. The session may still be there.'
  if (error.denied) {
    context.notAdmin()
    return 'Your credential may look, but not end sessions: that takes one with the right to admin.'
  }
  return error.problem.detail || error.problem.title || 'The gateway could not do it.'
}

const seconds = (s: number) => (s > 0 ? hopTime(s) : f.UNKNOWN)
const codecs = (s: Session) => [s.video, s.audio].filter(Boolean).map(f.codec).join(' + ')

const COLUMNS: Column<Session>[] = [
  { key: 'protocol', title: 'Protocol', value: (s) => s.protocol, show: showProtocol },
  { key: 'remote', title: 'Address', value: (s) => s.remote, show: showAddress },
  { key: 'codec', title: 'Gets', value: (s) => `${codecs(s)} ${s.rendition}`, show: text((s) => [codecs(s) || f.UNKNOWN, s.rendition].filter(Boolean).join(' · ')) },
  { key: 'bitrate', title: 'Bitrate', value: (s) => s.bitrate, numeric: true, show: text((s) => f.bitrate(s.bitrate)) },
  { key: 'loss', title: 'Loss', value: (s) => s.loss, numeric: true, show: alarming((s) => f.percent(s.loss < 0.0005 ? 0 : s.loss), (s) => s.loss >= BAD_LOSS) },
  { key: 'rtt', title: 'Round trip', value: (s) => s.round_trip || Number.NaN, numeric: true, show: text((s) => seconds(s.round_trip)) },
  { key: 'jitter', title: 'Jitter', value: (s) => s.jitter || Number.NaN, numeric: true, show: text((s) => seconds(s.jitter)) },
  { key: 'behind', title: 'Behind', value: (s) => s.behind, numeric: true, show: alarming((s) => (s.behind > 0 ? f.milliseconds(s.behind * 1000) : 'live'), (s) => s.behind >= BAD_BEHIND_S) },
  { key: 'since', title: 'Here for', value: (s) => s.duration, numeric: true, show: text((s) => f.duration(s.duration)) },
]

function alarming(of: (s: Session) => string, bad: (s: Session) => boolean): Column<Session>['show'] {
  return (cell, session) => {
    setText(cell, of(session))
    setAttribute(cell, 'data-bad', bad(session))
  }
}

function showProtocol(cell: HTMLElement, { protocol, transport, connecting }: Session): void {
  if (cell.firstChild === null) cell.append(h('span'), h('span', { class: 'faint' }))
  setText(cell.children[0] as HTMLElement, f.protocol(protocol))
  setText(cell.children[1] as HTMLElement, connecting ? 'connecting' : transport.toUpperCase())
}

function showAddress(cell: HTMLElement, { remote, agent, holder }: Session): void {
  if (cell.firstChild === null) cell.append(h('span'), h('span', { class: 'faint row-agent' }))
  const more = [encoderName(agent), holder].filter(Boolean).join(' · ')
  setText(cell.children[0] as HTMLElement, remote || f.UNKNOWN)
  setText(cell.children[1] as HTMLElement, more)
  cell.title = more
}
