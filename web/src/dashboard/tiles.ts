import { hopTime } from '../cluster.ts'
import { h } from '../dom.ts'
import * as f from '../format.ts'
import type { Overview, Past, PastSample } from './api.ts'
import { History } from './history.ts'
import { COURSES, type Course, Tile, type TileOptions } from './tile.ts'

/** Asked each second: a pause of more than this is one in which the gateway did not answer. */
const SILENCE_S = 4

/** Seconds: where the scale of latencies begins, which grows by factors and knows no zero. */
const LEAST_LATENCY = 0.0001

const number = (n: number | null) => (n === null ? f.UNKNOWN : n.toLocaleString('en'))
const latency = (s: number | null) => (s === null ? f.UNKNOWN : hopTime(s))

const TILES: readonly TileOptions[] = [
  { id: 'viewers', label: 'Viewers', lines: [{ course: 'viewers', color: '--accent', area: true }], format: number, top: 4 },
  {
    id: 'publishers',
    label: 'Publishers',
    lines: [{ course: 'publishers', color: '--accent', area: true }],
    format: number,
    top: 4,
    note: ({ streams }) => f.count(streams, 'stream'),
  },
  { id: 'in', label: 'Incoming', lines: [{ course: 'in', color: '--accent', area: true }], format: f.bitrate, top: 100_000 },
  { id: 'out', label: 'Outgoing', lines: [{ course: 'out', color: '--accent', area: true }], format: f.bitrate, top: 100_000 },
  {
    id: 'latency',
    label: 'Added latency',
    lines: [
      { course: 'p50', color: '--accent', area: true },
      { course: 'p99', color: '--warn', dashed: true },
    ],
    format: latency,
    top: 0.01,
    from: LEAST_LATENCY,
    note: () => 'median / 99 %',
  },
  {
    id: 'cpu',
    label: 'Processors',
    lines: [{ course: 'cpu', color: '--accent', area: true }],
    format: (n) => (n === null ? f.UNKNOWN : n.toFixed(n < 10 ? 2 : 1)),
    top: 0.5,
    note: ({ goroutines }) => `busy; ${f.count(goroutines, 'goroutine')}`,
  },
  { id: 'memory', label: 'Memory', lines: [{ course: 'memory', color: '--accent', area: true }], format: f.bytes, top: 50e6 },
]

/** The node's numbers in a row. */
export class Tiles {
  readonly element: HTMLElement
  readonly #history = new History<Course>(COURSES, SILENCE_S)
  readonly #tiles: Tile[]

  constructor() {
    this.#tiles = TILES.map((options) => new Tile(options, this.#history))
    this.element = h('ul', { class: 'tiles', 'aria-label': 'This node' }, ...this.#tiles.map((tile) => tile.element))
  }

  /** What was before the page was opened; now is on our clock, which may not be the gateway's. */
  begin(past: Past, now: number): void {
    const theirs = Date.parse(past.now)
    for (const sample of past.samples) this.#take(sample, now - (theirs - Date.parse(sample.at)) / 1000)
  }

  push(o: Overview, now: number): void {
    this.#take(o, now)
    for (const tile of this.#tiles) tile.update(o, now)
  }

  #take(o: Omit<PastSample, 'at'>, now: number): void {
    // Nobody watches, or the gateway has just begun: zero would be a lie.
    const known = o.latency.p99 > 0
    this.#history.push(now, {
      viewers: o.viewers,
      publishers: o.publishers,
      in: o.bitrate_in,
      out: o.bitrate_out,
      p50: known ? Math.max(o.latency.p50, LEAST_LATENCY) : null,
      p99: known ? Math.max(o.latency.p99, LEAST_LATENCY) : null,
      cpu: o.cpu,
      memory: o.memory,
    })
  }

  /** Time goes on without news. */
  pass(now: number): void {
    for (const tile of this.#tiles) tile.update(null, now)
  }

  redraw(): void {
    for (const tile of this.#tiles) tile.redraw()
  }
}
