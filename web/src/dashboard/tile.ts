import { h, setText } from '../dom.ts'
import type { Overview } from './api.ts'
import { Chart, type Line } from './chart.ts'
import type { History } from './history.ts'

/** The numbers whose course is kept. */
export const COURSES = ['viewers', 'publishers', 'in', 'out', 'p50', 'p99', 'cpu', 'memory'] as const
export type Course = (typeof COURSES)[number]

export interface TileOptions {
  id: string
  label: string
  lines: readonly (Line & { course: Course; label?: string })[]
  format: (value: number | null) => string
  /** The least top of the scale, and where it begins if it grows by factors. */
  top: number
  from?: number
  /** What stands under the number; the greatest of the last ten minutes without it. */
  note?: (overview: Overview) => string
}

/** One number of the node with its course. Pointing at any tile's course shows that moment in all of them. */
export class Tile {
  readonly element: HTMLElement
  readonly #options: TileOptions
  readonly #value = h('span', { class: 'tile-value' })
  readonly #note = h('span', { class: 'tile-note' })
  readonly #chart: Chart
  readonly #history: History<Course>
  #latest: Overview | null = null
  #pointed: number | null = null

  constructor(options: TileOptions, history: History<Course>) {
    this.#options = options
    this.#history = history
    this.#chart = new Chart({
      lines: options.lines,
      format: options.format,
      top: options.top,
      ...(options.from === undefined ? {} : { from: options.from }),
      group: 'tiles',
      onPoint: (index) => {
        this.#pointed = index
        this.#show()
      },
    })
    const head = h('p', { class: 'tile-head' }, h('span', { class: 'tile-label' }, options.label), this.#value, this.#note)
    this.element = h('li', { class: 'tile', 'data-tile': options.id }, head, this.#chart.element)
  }

  /** now is seconds since 1970. overview is null while there is no answer: the course goes on without a line. */
  update(overview: Overview | null, now: number): void {
    this.#latest = overview ?? this.#latest
    const { lines } = this.#options
    this.#chart.update(this.#history.times, lines.map(({ course }) => this.#history.of(course)), now, this.#words())
    this.#show()
  }

  redraw(): void {
    this.#chart.redraw()
  }

  #show(): void {
    const { lines, format, note } = this.#options
    const at = this.#pointed === null ? undefined : this.#history.times[this.#pointed]
    const values = lines.map(({ course }) => this.#history.of(course).at(this.#pointed ?? -1) ?? null)
    setText(this.#value, values.length === 1 || values.every((v) => v === null) ? format(values[0] ?? null) : values.map(format).join(' / '))
    if (at !== undefined) setText(this.#note, `at ${new Date(at * 1000).toLocaleTimeString('en-GB')}`)
    else if (note !== undefined) setText(this.#note, this.#latest === null ? '' : note(this.#latest))
    else setText(this.#note, this.#most())
  }

  #most(): string {
    const range = this.#history.range(this.#first)
    return range === null || range.most === 0 ? '' : `at most ${this.#options.format(range.most)}`
  }

  #words(): string {
    const range = this.#history.range(this.#first)
    const { label, format } = this.#options
    if (range === null) return `${label}: not known yet`
    return `${label} in the last ten minutes: between ${format(range.least)} and ${format(range.most)}`
  }

  get #first(): Course {
    // There is always one: a tile without any would show nothing.
    return this.#options.lines[0]?.course ?? 'viewers'
  }
}

