import type { Stream } from '../api.ts'
import { h, setAttribute, setText } from '../dom.ts'
import { count } from '../format.ts'
import { icon } from '../icons.ts'
import { dashboardPath } from '../name.ts'
import { nameParts } from '../parts/card.ts'
import { Warnings } from '../parts/warnings.ts'
import { carry, pageToken } from '../token.ts'

/** More than these are counted, and looked at in the list. */
const MOST = 6

/** What needs somebody to look at it: streams with warnings, sources that do not answer. */
export class Attention {
  readonly element: HTMLElement
  readonly #list = h('ul', { class: 'attention-list' })
  readonly #fine = h('p', { class: 'fine' }, icon('check'), 'Nothing. Every stream reaches its viewers as it should.')
  readonly #more = h('button', { class: 'link-button', type: 'button', hidden: true, onclick: () => this.#onMore() })
  readonly #count = h('span', { class: 'section-count' })
  readonly #shown = new Map<string, { element: HTMLElement; update: (s: Stream) => void }>()
  readonly #onMore: () => void

  constructor(onMore: () => void) {
    this.#onMore = onMore
    const head = h('div', { class: 'panel-head' }, h('h2', { id: 'attention-title' }, 'Needs a look'), this.#count)
    this.element = h('section', { class: 'panel attention', 'aria-labelledby': 'attention-title' }, head, this.#fine, this.#list, this.#more)
  }

  update(streams: readonly Stream[]): void {
    const troubled = streams
      .filter((s) => troubles(s).length > 0)
      .sort((a, b) => b.viewers - a.viewers || (a.name < b.name ? -1 : 1))
    const wanted = troubled.slice(0, MOST)
    const names = new Set(wanted.map((s) => s.name))
    for (const [name, { element }] of this.#shown) {
      if (names.has(name)) continue
      element.remove()
      this.#shown.delete(name)
    }
    wanted.forEach((stream, i) => {
      const entry = this.#shown.get(stream.name) ?? this.#add(stream.name)
      entry.update(stream)
      if (this.#list.children[i] !== entry.element) this.#list.insertBefore(entry.element, this.#list.children[i] ?? null)
    })
    this.#fine.hidden = troubled.length > 0
    setText(this.#count, troubled.length === 0 ? '' : count(troubled.length, 'stream'))
    this.#more.hidden = troubled.length <= MOST
    setText(this.#more, `${(troubled.length - MOST).toLocaleString('en')} more`)
    setAttribute(this.element, 'data-count', troubled.length)
  }

  #add(name: string) {
    const warnings = new Warnings()
    const link = h('a', { class: 'attention-name', href: carry(dashboardPath(name), pageToken()), 'data-route': true }, ...nameParts(name))
    const entry = { element: h('li', {}, link, warnings.element), update: (s: Stream) => warnings.update(troubles(s)) }
    this.#shown.set(name, entry)
    return entry
  }
}

/** A stream's warnings, and that of its source. */
export function troubles(stream: Stream) {
  const { source, warnings = [] } = stream
  if (source?.state !== 'waiting') return warnings
  const words = {
    code: 'source_down',
    title: 'Its source does not answer',
    detail: source.last_error || 'The gateway cannot fetch it from where the configuration says.',
    remedy: 'It is tried again and again. Look at the address, the credentials and the way to it.',
  }
  return [words, ...warnings]
}
