import { h, setText } from '../dom.ts'
import { UNKNOWN } from '../format.ts'
import { Chart, type Line } from './chart.ts'
import type { StreamCourse } from './courses.ts'
import type { History } from './history.ts'

interface Course extends Line {
  course: StreamCourse
  label: string
}

/** One picture of a stream's last ten minutes, with what it shows at the moment that is pointed at. */
export class CourseChart {
  readonly element: HTMLElement
  readonly #history: () => History<StreamCourse>
  readonly #lines: readonly Course[]
  readonly #format: (value: number | null) => string
  readonly #label: string
  readonly #chart: Chart
  readonly #values: HTMLElement[]
  readonly #time = h('span', { class: 'course-time' })
  #pointed: number | null = null

  constructor(label: string, lines: readonly Course[], format: (value: number) => string, top: number, history: () => History<StreamCourse>) {
    this.#label = label
    this.#history = history
    this.#lines = lines
    this.#format = (value) => (value === null ? UNKNOWN : format(value))
    const onPoint = (index: number | null) => {
      this.#pointed = index
      this.#show()
    }
    this.#chart = new Chart({ lines, axes: true, format, top, group: 'stream', onPoint })
    this.#values = lines.map(() => h('b'))
    const legend = lines.map((line, i) => h('span', { 'data-color': line.label && line.color }, line.label, ' ', this.#values[i]))
    const head = h('p', { class: 'course-head' }, h('span', { class: 'course-label' }, label), this.#time, ...legend)
    this.element = h('div', { class: 'course' }, head, this.#chart.element)
  }

  update(now: number): void {
    const history = this.#history()
    const ranges = this.#lines.map(({ course, label }) => {
      const range = history.range(course)
      return range === null ? `${label} not known yet` : `${label} between ${this.#format(range.least)} and ${this.#format(range.most)}`
    })
    const words = `${this.#label} in the last ten minutes: ${ranges.join('; ')}`
    this.#chart.update(history.times, this.#lines.map(({ course }) => history.of(course)), now, words)
    this.#show()
  }

  redraw(): void {
    this.#chart.redraw()
  }

  #show(): void {
    const history = this.#history()
    const at = this.#pointed === null ? undefined : history.times[this.#pointed]
    setText(this.#time, at === undefined ? '' : `at ${new Date(at * 1000).toLocaleTimeString('en-GB')}`)
    for (const [i, { course }] of this.#lines.entries()) {
      const value = history.of(course).at(this.#pointed ?? -1) ?? null
      const element = this.#values[i]
      if (element !== undefined) setText(element, this.#format(value))
    }
  }
}
