import { svg } from '../dom.ts'

/** Two minutes at one value every two seconds. */
const LENGTH = 60
const WIDTH = 100
const HEIGHT = 30

/** The course of a number over the last minutes, as a quiet line that grows from the right. Says nothing to screen readers. */
export class Sparkline {
  readonly element: SVGElement
  readonly #line = svg('path', { class: 'spark-line' })
  readonly #area = svg('path', { class: 'spark-area' })
  #values: number[] = []

  constructor() {
    const box = { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', class: 'spark', 'aria-hidden': 'true' }
    this.element = svg('svg', box, this.#area, this.#line)
  }

  push(value: number): void {
    this.#values = [...this.#values, value].slice(-LENGTH)
    const line = linePath(this.#values)
    this.#line.setAttribute('d', line)
    this.#area.setAttribute('d', line === '' ? '' : `${line}V${HEIGHT}H${left(this.#values.length).toFixed(1)}Z`)
  }
}

/** A line through the values that ends at the right edge; the scale begins at zero and ends a little above the greatest. */
export function linePath(values: number[]): string {
  if (values.length < 2) return ''
  const top = Math.max(...values, 1) * 1.35
  const start = left(values.length)
  const step = WIDTH / (LENGTH - 1)
  return values
    .map((v, i) => `${i === 0 ? 'M' : 'L'}${(start + i * step).toFixed(1)} ${(HEIGHT - (Math.max(0, v) / top) * HEIGHT).toFixed(1)}`)
    .join('')
}

function left(length: number): number {
  return WIDTH - ((length - 1) * WIDTH) / (LENGTH - 1)
}
