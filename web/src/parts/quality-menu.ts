import { h, setAttribute, setText } from '../dom.ts'
import * as f from '../format.ts'
import type { Rendition } from '../renditions.ts'
import { IconButton } from './icon-button.ts'

/** The rid of no rendition: the server chooses. */
const AUTO = ''

/** A button that opens a list of the renditions; not there at all where there is nothing to choose. */
export class QualityMenu {
  readonly element: HTMLElement
  readonly #onChoose: (rid: string | null) => void
  readonly #button: IconButton
  readonly #list = h('div', { class: 'quality-list', role: 'menu', 'aria-label': 'Quality', hidden: true })
  #items = new Map<string, { element: HTMLElement; name: HTMLElement; note: HTMLElement }>()
  #chosen = AUTO

  constructor(onChoose: (rid: string | null) => void) {
    this.#onChoose = onChoose
    this.#button = new IconButton('quality', 'Quality', '', () => this.#open(this.#list.hidden !== false))
    setAttribute(this.#button.element, 'aria-haspopup', 'menu')
    this.element = h('div', { class: 'quality', hidden: true, onkeydown: (e) => this.#onKey(e as KeyboardEvent) }, this.#list, this.#button.element)
    // A click anywhere else closes it, as does going on by keyboard.
    this.element.addEventListener('focusout', (e) => !this.element.contains(e.relatedTarget as Node | null) && this.#open(false))
    this.#open(false)
  }

  show(renditions: Rendition[], chosen: string | null): void {
    this.#chosen = chosen ?? AUTO
    this.element.hidden = renditions.length === 0
    if (renditions.length === 0) this.#open(false)
    const rows = [{ rid: AUTO, name: 'Auto', note: '' }, ...renditions.map((r) => ({ rid: r.rid, name: nameOf(r), note: noteOf(r) }))]
    const known = [...this.#items.keys()]
    // Bitrates change all the time; the list is made anew, and loses its focus, only when its entries do.
    if (known.join('/') !== rows.map((r) => r.rid).join('/')) this.#rebuild(rows.map((r) => r.rid))
    for (const { rid, name, note } of rows) {
      const item = this.#items.get(rid)
      if (item === undefined) continue
      setText(item.name, name)
      setText(item.note, note)
      setAttribute(item.element, 'aria-checked', String(rid === this.#chosen))
    }
  }

  #rebuild(rids: string[]): void {
    this.#items = new Map(
      rids.map((rid) => {
        const name = h('span')
        const note = h('span', { class: 'quality-note' })
        const onclick = () => this.#choose(rid)
        const element = h('button', { type: 'button', role: 'menuitemradio', tabindex: -1, 'data-rid': rid || 'auto', onclick }, name, note)
        return [rid, { element, name, note }]
      }),
    )
    this.#list.replaceChildren(...[...this.#items.values()].map((i) => i.element))
  }

  #choose(rid: string): void {
    this.#open(false)
    this.#button.element.focus()
    if (rid !== this.#chosen) this.#onChoose(rid === AUTO ? null : rid)
  }

  #open(yes: boolean): void {
    this.#list.hidden = !yes
    setAttribute(this.#button.element, 'aria-expanded', String(yes))
    if (yes) this.#items.get(this.#chosen)?.element.focus()
  }

  #onKey(event: KeyboardEvent): void {
    if (this.#list.hidden) return
    const elements = [...this.#items.values()].map((i) => i.element)
    const at = elements.findIndex((e) => e.matches(':focus'))
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key]
    if (event.key === 'Escape') this.#button.element.focus()
    if (event.key === 'Escape' || event.key === 'Tab') this.#open(false)
    if (to !== undefined) elements.at(to % elements.length)?.focus()
    // Arrows would change the volume as well.
    if (to !== undefined || event.key === 'Escape') event.preventDefault()
    event.stopPropagation()
  }
}

/** "720p", or the publisher's own name for it. */
function nameOf({ rid, height }: Rendition): string {
  return height > 0 ? `${height}p` : rid
}

function noteOf({ bitrate }: Rendition): string {
  return bitrate > 0 ? f.bitrate(bitrate) : 'paused'
}
