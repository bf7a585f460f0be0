import type { Stream } from '../api.ts'
import { h } from '../dom.ts'
import { ClusterView } from '../parts/cluster.ts'
import type { Overview as Numbers, Past } from './api.ts'
import { Attention } from './attention.ts'
import type { Context, View } from './context.ts'
import { Log } from './log.ts'
import { Streams } from './streams.ts'
import { Tiles } from './tiles.ts'

/** Ways through the nodes that are offered here; every stream's own page has its. */
const MOST_WAYS = 8

/** The node at a glance. It stays when a stream is looked at, and so does its past. */
export class Overview implements View {
  readonly element: HTMLElement
  readonly title = 'Dashboard'
  readonly #tiles = new Tiles()
  readonly #streams: Streams
  readonly #attention: Attention
  readonly #cluster: ClusterView

  constructor(context: Context) {
    const nodes = h('section', { class: 'panel cluster', 'aria-labelledby': 'cluster-title', hidden: true })
    this.#cluster = new ClusterView(nodes)
    this.#cluster.begin()
    this.#attention = new Attention(() => {
      this.#streams.showTroubled(true)
      this.#streams.element.scrollIntoView({ block: 'start' })
    })
    this.#streams = new Streams(context.courses, (streams) => this.#show(streams))
    this.element = h(
      'div',
      { class: 'overview' },
      h('h1', { class: 'visually-hidden', tabindex: -1 }, 'Dashboard'),
      this.#tiles.element,
      h('div', { class: 'overview-main' }, this.#streams.element, nodes),
      h('div', { class: 'overview-side' }, this.#attention.element, new Log(context.feed, null, []).element),
    )
  }

  #show(streams: Stream[]): void {
    this.#attention.update(streams)
    this.#cluster.streams(streams.filter((s) => s.live).map((s) => s.name).slice(0, MOST_WAYS))
  }

  begin(past: Past, now: number): void {
    this.#tiles.begin(past, now)
  }

  push(numbers: Numbers, now: number): void {
    this.#tiles.push(numbers, now)
  }

  start(): void {
    this.#streams.start()
  }

  stop(): void {
    this.#streams.stop()
  }

  refresh(): void {
    this.#streams.refresh()
  }

  tick(now: number): void {
    this.#tiles.pass(now)
  }

  redraw(): void {
    this.#tiles.redraw()
  }
}
