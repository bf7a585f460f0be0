import { h, setAttribute, setText } from '../dom.ts'
import { icon } from '../icons.ts'
import { SelectField } from '../parts/select-field.ts'
import { held, type Order, pageOf, type Sortable, sorted } from './rows.ts'

export interface Column<T> {
  key: string
  /** "" for a column of buttons. */
  title: string
  /** What it is sorted by; without it, it is not. */
  value?: (row: T) => Sortable
  /** Fills a cell, again and again: what is in it changes in place. */
  show: (cell: HTMLElement, row: T) => void
  /** Stands at the right; the first press sorts the greatest to the top. */
  numeric?: boolean
}

export interface TableOptions<T> {
  label: string
  columns: readonly Column<T>[]
  /** What tells a row from all others. */
  name: (row: T) => string
  order: Order
  pageSize: number
}

/** A cell that is a text. */
export function text<T>(of: (row: T) => string): Column<T>['show'] {
  return (cell, row) => setText(cell, of(row))
}

/** A sorted, paged table that changes in place. While it is pointed at or has the focus its rows keep their order. */
export class Table<T> {
  readonly element: HTMLElement
  /** On small screens, where there are no heads to press. */
  readonly sorter: HTMLElement
  readonly #options: TableOptions<T>
  readonly #body = h('tbody', { role: 'rowgroup' })
  readonly #heads = new Map<string, HTMLElement>()
  readonly #select: SelectField
  readonly #shown = new Map<string, HTMLTableRowElement>()
  readonly #pager = h('nav', { class: 'pager', hidden: true })
  readonly #place = h('span', { class: 'pager-place', role: 'status' })
  readonly #buttons: HTMLButtonElement[]
  #rows: readonly T[] = []
  #order: Order
  #names: string[] = []
  #page = 0

  constructor(options: TableOptions<T>) {
    this.#options = options
    this.#order = options.order
    this.#buttons = [this.#turner('back', 'Page before', -1), this.#turner('arrow', 'Next page', 1)]
    this.#pager.setAttribute('aria-label', `Pages: ${options.label}`)
    this.#pager.append(this.#place, ...this.#buttons)
    const head = h('tr', { role: 'row' }, ...options.columns.map((column) => this.#head(column)))
    const table = h('table', { role: 'table', 'aria-label': options.label }, h('thead', { role: 'rowgroup' }, head), this.#body)
    const scroller = h('div', { class: 'rows-scroll', tabindex: 0, role: 'region', 'aria-label': `${options.label}, as a table` }, table)
    this.element = h('div', { class: 'rows' }, scroller, this.#pager)
    this.#select = new SelectField('Sorted by', (key) => this.#sortBy(key))
    this.#select.options = options.columns.filter((c) => c.value !== undefined).map((c) => [c.key, c.title])
    this.sorter = h('div', { class: 'rows-sorter' }, this.#select.element)
    this.#showOrder()
  }

  set rows(rows: readonly T[]) {
    this.#rows = rows
    this.#draw(this.#body.matches(':hover, :focus-within'))
  }

  /** Back to the first page: what is searched for stands at the top. */
  first(): void {
    this.#page = 0
  }

  #head({ key, title, value, numeric = false }: Column<T>): HTMLElement {
    const inside = value === undefined ? title : h('button', { class: 'rows-sort', type: 'button', onclick: () => this.#sortBy(key) }, title, icon('chevron'))
    const cell = h('th', { scope: 'col', role: 'columnheader', class: numeric ? 'numeric' : undefined, 'data-column': key }, inside)
    if (title === '') cell.append(h('span', { class: 'visually-hidden' }, 'Actions'))
    this.#heads.set(key, cell)
    return cell
  }

  #turner(name: 'back' | 'arrow', label: string, by: number): HTMLButtonElement {
    const onclick = () => {
      this.#page += by
      this.#draw(false)
    }
    return h('button', { class: 'mini', type: 'button', 'aria-label': label, title: label, onclick }, icon(name))
  }

  #sortBy(key: string): void {
    const numeric = this.#options.columns.find((c) => c.key === key)?.numeric ?? false
    this.#order = this.#order.key === key ? { key, down: !this.#order.down } : { key, down: numeric }
    this.#page = 0
    this.#showOrder()
    this.#draw(false)
  }

  #showOrder(): void {
    const { key: chosen, down } = this.#order
    for (const [key, head] of this.#heads) setAttribute(head, 'aria-sort', key !== chosen ? undefined : down ? 'descending' : 'ascending')
    this.#select.value = chosen
  }

  #draw(hold: boolean): void {
    const { columns, name, pageSize } = this.#options
    const value = (row: T, key: string) => columns.find((c) => c.key === key)?.value?.(row) ?? ''
    const all = hold ? held(this.#rows, this.#names, name) : sorted(this.#rows, this.#order, value, name)
    this.#names = all.map(name)
    const page = pageOf(all.length, pageSize, this.#page)
    this.#page = page.number
    const rows = all.slice(page.from, page.to)
    const wanted = new Set(rows.map(name))
    for (const [key, element] of this.#shown) {
      if (wanted.has(key)) continue
      element.remove()
      this.#shown.delete(key)
    }
    rows.forEach((row, i) => {
      const element = this.#shown.get(name(row)) ?? this.#add(name(row))
      columns.forEach((column, at) => column.show(element.children[at] as HTMLElement, row))
      // Moving an element that has the focus would lose it: only what is out of place is moved.
      if (this.#body.children[i] !== element) this.#body.insertBefore(element, this.#body.children[i] ?? null)
    })
    this.#pager.hidden = page.count === 1
    setText(this.#place, `${page.from + 1}–${page.to} of ${all.length.toLocaleString('en')}`)
    this.#buttons.forEach((button, i) => (button.disabled = i === 0 ? page.number === 0 : page.number === page.count - 1))
  }

  #add(name: string): HTMLTableRowElement {
    const row = h('tr', { role: 'row', 'data-row': name })
    for (const [i, { key, title, numeric }] of this.#options.columns.entries()) {
      const attributes = { class: numeric ? 'numeric' : undefined, 'data-column': key, 'data-label': title }
      row.append(i === 0 ? h('th', { scope: 'row', role: 'rowheader', ...attributes }) : h('td', { role: 'cell', ...attributes }))
    }
    this.#shown.set(name, row)
    return row
  }
}
