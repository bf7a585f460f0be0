import { h, setAttribute } from '../dom.ts'
import { type IconName, icon, setIcon } from '../icons.ts'

/** A button that is a picture, with its words for ears and for the tooltip. */
export class IconButton {
  readonly element: HTMLButtonElement
  readonly #icon: SVGElement
  readonly #key: string

  /** key is the one that does the same; "" for none. */
  constructor(name: IconName, label: string, key: string, onclick: () => void) {
    this.#icon = icon(name)
    this.#key = key
    this.element = h('button', { class: 'control', type: 'button', 'aria-keyshortcuts': key || undefined, onclick }, this.#icon)
    this.show(name, label)
  }

  show(name: IconName, label: string): void {
    setIcon(this.#icon, name)
    setAttribute(this.element, 'aria-label', label)
    setAttribute(this.element, 'title', this.#key === '' ? label : `${label} (${this.#key})`)
  }

  press(on: boolean): void {
    setAttribute(this.element, 'aria-pressed', String(on))
  }
}
