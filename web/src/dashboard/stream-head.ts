import type { Stream } from '../api.ts'
import { age, encoderName } from '../describe.ts'
import { h, setAttribute, setText } from '../dom.ts'
import * as f from '../format.ts'
import { icon } from '../icons.ts'
import { namePath, watchPath } from '../name.ts'
import { nameParts } from '../parts/card.ts'
import { carry, pageToken } from '../token.ts'
import type { Session } from './api.ts'
import type { Context } from './context.ts'
import { endButton } from './sessions.ts'

const FACTS = ['Publisher', 'Address', 'Bitrate', 'Viewers', 'Publishers so far'] as const
type Fact = (typeof FACTS)[number]

/** A stream's name, state and publisher, and where to go from here. */
export class StreamHead {
  readonly element: HTMLElement
  readonly #state = h('p', { class: 'stream-state' }, h('span', { class: 'dot' }))
  readonly #words = h('span')
  readonly #facts: Record<Fact, HTMLElement>
  readonly #end = h('span')
  readonly #context: Context
  #ends: string | null = null

  constructor(name: string, context: Context) {
    this.#context = context
    this.#state.append(this.#words)
    this.#facts = Object.fromEntries(FACTS.map((fact) => [fact, h('dd')])) as Record<Fact, HTMLElement>
    const token = pageToken()
    const links = h(
      'div',
      { class: 'stream-links' },
      h('a', { class: 'button', href: carry(watchPath(name), token) }, icon('play'), 'Watch'),
      h('a', { class: 'button', href: carry(`/diagnose/${namePath(name)}`, token) }, icon('stats'), 'Why doesn’t it play?'),
      this.#end,
    )
    this.element = h(
      'header',
      { class: 'stream-head' },
      h('a', { class: 'back', href: carry('/dashboard', token), 'data-route': true }, icon('back'), 'All streams'),
      h('div', { class: 'stream-title' }, h('h1', { tabindex: -1, title: name }, ...nameParts(name)), this.#state, links),
      h('dl', { class: 'stream-facts' }, ...FACTS.map((fact) => h('div', {}, h('dt', {}, fact), this.#facts[fact]))),
    )
  }

  /** null: there is no such stream now. */
  update(stream: Stream | null): void {
    const live = stream?.live ?? false
    setAttribute(this.#state, 'data-live', String(live))
    const since = stream === null ? null : age(stream, Date.now())
    setText(this.#words, stream === null ? 'Not live' : live ? `Live for ${f.duration(since)}` : 'Waiting for its publisher to come back')
    const { protocol = '', encoder = '', remote = '' } = stream?.publisher ?? {}
    this.#show('Publisher', [protocol && f.protocol(protocol), encoderName(encoder)].filter(Boolean).join(' · '))
    this.#show('Address', remote)
    this.#show('Bitrate', live ? f.bitrate(stream?.bitrate) : '')
    this.#show('Viewers', stream === null ? '' : stream.viewers.toLocaleString('en'))
    this.#show('Publishers so far', stream === null ? '' : String(stream.generation))
  }

  /** The publisher's session, which can be ended too. */
  publisher(session: Session | null): void {
    const key = session !== null && this.#context.mayAdmin() ? session.id : null
    if (key === this.#ends) return
    this.#ends = key
    if (session === null || key === null) this.#end.replaceChildren()
    else {
      const button = endButton(session, this.#context, () => this.publisher(null))
      button.className = 'button button-quiet-bad'
      button.textContent = 'End publishing'
      this.#end.replaceChildren(button)
    }
  }

  #show(fact: Fact, words: string): void {
    setText(this.#facts[fact], words || f.UNKNOWN)
  }
}
