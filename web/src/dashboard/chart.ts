import uPlot from 'uplot'
import { h, setAttribute } from '../dom.ts'

/** What a chart shows of the past, seconds: as much as there is, between these. */
const SPAN_S = { least: 60, most: 600 }

export interface Line {
  /** A colour of tokens.css: "--accent". */
  color: string
  /** Filled below. */
  area?: boolean
  dashed?: boolean
}

export interface ChartOptions {
  lines: readonly Line[]
  /** Numbers at the left and times below; without them the chart is a mere course. */
  axes?: boolean
  /** How a number stands at the axis. */
  format: (value: number) => string
  /** The least top of the scale: a number that is almost nothing must not look like a mountain. */
  top: number
  /** Where the scale begins, if it grows by factors: one great value must not hide all others. */
  from?: number
  /** Charts of the same group show the same moment. */
  group: string
  /** The moment that is pointed at, as an index into what was given; null: none. */
  onPoint?: (index: number | null) => void
}

/** Ten minutes of one or more numbers. Colours follow the theme. */
export class Chart {
  readonly element: HTMLElement
  readonly #options: ChartOptions
  #plot: uPlot | null = null
  #data: uPlot.AlignedData
  #end = 0

  constructor(options: ChartOptions) {
    this.#options = options
    this.#data = [[], ...options.lines.map(() => [])] as unknown as uPlot.AlignedData
    this.element = h('div', { class: options.axes ? 'chart chart-axes' : 'chart', role: 'img' })
    // Also tells the size when the chart first stands in the page.
    new ResizeObserver(() => this.#fit()).observe(this.element)
  }

  /** end is the moment at the right edge, seconds since 1970. words stand for the picture where it is not seen. */
  update(times: readonly number[], values: readonly (readonly (number | null)[])[], end: number, words: string): void {
    this.#data = [times, ...values] as unknown as uPlot.AlignedData
    this.#end = end
    setAttribute(this.element, 'aria-label', words)
    this.#plot?.setData(this.#data)
  }

  redraw(): void {
    this.#plot?.redraw(false)
  }

  #fit(): void {
    const { clientWidth: width, clientHeight: height } = this.element
    if (width === 0 || height === 0) return
    if (this.#plot === null) this.#plot = new uPlot(this.#settings(width, height), this.#data, this.element)
    else if (this.#plot.width !== width || this.#plot.height !== height) this.#plot.setSize({ width, height })
  }

  #settings(width: number, height: number): uPlot.Options {
    const { lines, axes = false, top, from, group, onPoint } = this.#options
    return {
      width,
      height,
      padding: axes ? [8, 6, 0, 0] : [4, 0, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: group }, y: false, drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x: { range: () => [this.#end - this.#span, this.#end] },
        y: from === undefined ? { range: (_, __, max) => range(Math.max(top, (max ?? 0) * 1.15), axes) } : { distr: 3, range: (_, __, max) => [from, Math.max(top, (max ?? 0) * 1.5)] },
      },
      axes: axes ? [this.#timeAxis(), this.#valueAxis()] : [{ show: false }, { show: false }],
      series: [{}, ...lines.map(series)],
      hooks: { setCursor: [(plot) => onPoint?.(plot.cursor.idx ?? null)] },
    }
  }

  get #span(): number {
    const first = this.#data[0][0] ?? this.#end
    return Math.min(SPAN_S.most, Math.max(SPAN_S.least, this.#end - first))
  }

  #timeAxis(): uPlot.Axis {
    return { ...axis(), size: 22, space: 70, incrs: [15, 30, 60, 120, 300], values: (_, splits) => splits.map((at) => clockTime(at, this.#span < 300)), grid: { show: false } }
  }

  #valueAxis(): uPlot.Axis {
    const { format } = this.#options
    const grid = { stroke: () => cssColor('--line'), width: 1 }
    return { ...axis(), size: 58, space: 34, values: (_, splits) => splits.map(format), grid }
  }
}

/** Without an axis, zero stands a little above the edge: a line that is not seen says nothing. */
function range(most: number, axes: boolean): [number, number] {
  return [axes ? 0 : -most * 0.06, most]
}

function axis(): uPlot.Axis {
  return { stroke: () => cssColor('--text-faint'), font: '11px system-ui, sans-serif', ticks: { show: false }, gap: 6 }
}

function series({ color, area = false, dashed = false }: Line): uPlot.Series {
  return {
    stroke: () => cssColor(color),
    width: 1.5,
    ...(area ? { fill: () => cssColor('--accent-wash'), fillTo: (plot) => plot.scales['y']?.min ?? 0 } : {}),
    ...(dashed ? { dash: [3, 3] } : {}),
    points: { show: false },
  }
}

/** A colour as the theme has it now: a canvas knows no variables. */
export function cssColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

/** "16:05" of where the browser is, "16:05:30" where seconds matter. */
function clockTime(at: number, seconds: boolean): string {
  return new Date(at * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit', ...(seconds ? { second: '2-digit' } : {}) })
}
