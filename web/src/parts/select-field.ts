import { h } from '../dom.ts'

let count = 0

/** A labelled list to choose one of. */
export class SelectField {
  readonly element: HTMLElement
  readonly #select: HTMLSelectElement
  #options = ''

  constructor(label: string, onChange: (value: string) => void) {
    const id = `select-${++count}`
    this.#select = h('select', { class: 'select', id, onchange: () => onChange(this.#select.value) })
    this.element = h('div', { class: 'field' }, h('label', { class: 'field-label', for: id }, label), this.#select)
  }

  /** Values with what they are called. An open list is left alone if nothing has changed. */
  set options(options: [value: string, label: string][]) {
    const key = JSON.stringify(options)
    if (key === this.#options) return
    this.#options = key
    const { value } = this.#select
    this.#select.replaceChildren(...options.map(([v, label]) => h('option', { value: v }, label)))
    this.value = value
  }

  /** A value that is not in the list chooses the first. */
  set value(value: string) {
    this.#select.value = value
    if (this.#select.selectedIndex < 0) this.#select.selectedIndex = 0
  }
}
