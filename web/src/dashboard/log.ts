import { h, setAttribute, setText } from '../dom.ts'
import { dashboardPath } from '../name.ts'
import { nameParts } from '../parts/card.ts'
import { carry, pageToken } from '../token.ts'
import type { Happening } from './api.ts'
import type { Feed } from './feed.ts'
import { happeningMore, happeningWords, toneOf } from './happenings.ts'

/** More than these are forgotten, oldest first. */
const KEPT = 200

/** Events as they happen, the newest at the top; of one stream or of all. */
export class Log {
  readonly element: HTMLElement
  readonly #list = h('ol', { class: 'log-list', tabindex: 0, 'aria-label': 'Events, the newest first' })
  readonly #state = h('span', { class: 'section-count' })
  readonly #nothing = h('p', { class: 'nothing' }, 'Nothing has happened yet.')
  readonly #stream: string | null
  readonly #listening: (() => void)[]

  /** past is what is known already, the newest last. */
  constructor(feed: Feed, stream: string | null, past: readonly Happening[]) {
    this.#stream = stream
    const id = stream === null ? 'log-title' : 'stream-log-title'
    const head = h('div', { class: 'panel-head' }, h('h2', { id }, 'Events'), this.#state)
    this.element = h('section', { class: 'panel log', 'aria-labelledby': id }, head, this.#nothing, this.#list)
    for (const one of past) this.#add(one)
    this.#listening = [
      feed.on('happening', (one) => this.#add(one)),
      feed.on('missed', (n) => this.#put(h('li', { class: 'log-missed' }, `${n.toLocaleString('en')} events were forgotten before they could be told.`))),
      feed.on('open', (open) => this.#tell(open)),
    ]
    this.#tell(feed.open)
  }

  close(): void {
    for (const stop of this.#listening) stop()
  }

  #tell(open: boolean): void {
    setText(this.#state, open ? 'as they happen' : 'not connected')
    setAttribute(this.element, 'data-open', String(open))
  }

  #add(one: Happening): void {
    if (this.#stream !== null && one.stream !== this.#stream) return
    const at = new Date(one.at)
    const time = h('time', { datetime: one.at, title: at.toLocaleString('en-GB') }, at.toLocaleTimeString('en-GB'))
    const name = one.stream === undefined || this.#stream !== null ? null : h('a', { href: carry(dashboardPath(one.stream), pageToken()), 'data-route': true }, ...nameParts(one.stream))
    const words = h('p', { class: 'log-words' }, name, name === null ? '' : ' ', capital(happeningWords(one), name === null))
    const more = happeningMore(one)
    const body = h('div', { class: 'log-body' }, words, more === '' ? null : h('p', { class: 'log-more', title: more }, more))
    this.#put(h('li', { 'data-tone': toneOf(one), 'data-kind': one.kind }, h('span', { class: 'log-dot' }), body, time))
  }

  #put(line: HTMLElement): void {
    this.#nothing.hidden = true
    this.#list.prepend(line)
    if (this.#list.children.length > KEPT) this.#list.lastElementChild?.remove()
  }
}

function capital(words: string, yes: boolean): string {
  return yes ? words.charAt(0).toUpperCase() + words.slice(1) : words
}
