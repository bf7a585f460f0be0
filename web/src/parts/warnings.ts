import type { Warning } from '../api.ts'
import { h, setText } from '../dom.ts'
import { icon } from '../icons.ts'

/** The warnings of a stream: a line each, that opens to say what it means and what to do. */
export class Warnings {
  readonly element = h('div', { class: 'warnings' })
  #shown = new Map<string, { box: HTMLElement; update: (w: Warning) => void }>()

  update(warnings: Warning[]): void {
    const codes = new Set(warnings.map((w) => w.code))
    for (const [code, { box }] of this.#shown) {
      if (codes.has(code)) continue
      box.remove()
      this.#shown.delete(code)
    }
    for (const warning of warnings) {
      const known = this.#shown.get(warning.code) ?? this.#add(warning.code)
      known.update(warning)
    }
  }

  #add(code: string) {
    const title = h('span', { class: 'warning-title' })
    const detail = h('p')
    const remedy = h('p', { class: 'warning-remedy' })
    const summary = h('summary', {}, icon('warning'), title, icon('chevron'))
    const box = h('details', { class: 'warning', 'data-code': code }, summary, h('div', { class: 'warning-body' }, detail, remedy))
    const entry = {
      box,
      update: (w: Warning) => {
        setText(title, w.title)
        setText(detail, w.detail)
        setText(remedy, w.remedy)
      },
    }
    this.#shown.set(code, entry)
    this.element.append(box)
    return entry
  }
}
