import { copyText } from '../copy.ts'
import { h, setAttribute, setText } from '../dom.ts'
import { icon, setIcon } from '../icons.ts'

/** How long the button says that it is done. */
const DONE_MS = 1600

/** A labelled text that can be copied with one press. */
export class CopyField {
  readonly element: HTMLElement
  readonly #value: HTMLElement
  readonly #said = h('span', { class: 'visually-hidden', role: 'status' })
  readonly #icon = icon('copy')
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(label: string, options: { wraps?: boolean; field?: string } = {}) {
    this.#value = h('code', { class: `field-value${options.wraps ? ' wraps' : ''}`, 'data-field': options.field })
    const button = h(
      'button',
      { class: 'copy', type: 'button', 'aria-label': `Copy: ${label}`, title: 'Copy', onclick: () => void this.#copy(button) },
      this.#icon,
    )
    this.element = h(
      'div',
      { class: 'field' },
      h('span', { class: 'field-label' }, label),
      h('div', { class: 'field-box' }, this.#value, button),
      this.#said,
    )
  }

  set value(text: string) {
    setText(this.#value, text)
  }

  async #copy(button: HTMLElement): Promise<void> {
    const done = await copyText(this.#value.textContent ?? '')
    if (!done) getSelection()?.selectAllChildren(this.#value)
    setText(this.#said, done ? 'Copied' : 'Selected: press Ctrl+C to copy')
    setAttribute(button, 'title', done ? 'Copied' : 'Press Ctrl+C to copy')
    setAttribute(button, 'data-done', String(done))
    if (done) setIcon(this.#icon, 'check')
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      setText(this.#said, '')
      setAttribute(button, 'title', 'Copy')
      setAttribute(button, 'data-done', undefined)
      setIcon(this.#icon, 'copy')
    }, DONE_MS)
  }
}
