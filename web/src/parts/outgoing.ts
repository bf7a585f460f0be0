import { h, setAttribute, setText } from '../dom.ts'
import * as f from '../format.ts'
import { LAYER_NAMES } from '../publish/encoding.ts'
import type { LayerStats, PublishStats } from '../publish/stats.ts'
import { LIMITATIONS } from '../publish/words.ts'

const FACTS = ['Picture', 'Bitrate', 'Line', 'Encoder'] as const
type Fact = (typeof FACTS)[number]
type Cells = Record<Fact, { main: HTMLElement; more: HTMLElement }>

/** Browsers feel their way up at the beginning, and after every change; what holds them back only then is no news. */
const HELD_MS = 4000

/** What goes out, in numbers: a line of facts, a table of the layers of simulcast, and what holds the picture back. */
export class Outgoing {
  readonly element: HTMLElement
  readonly #cells: Cells
  readonly #held = h('p', { class: 'outgoing-held', role: 'status' })
  readonly #layers = h('tbody')
  readonly #table: HTMLElement
  #heldSince: number | null = null

  constructor() {
    this.#cells = Object.fromEntries(FACTS.map((fact) => [fact, { main: h('span'), more: h('span', { class: 'fact-more' }) }])) as Cells
    const head = ['Quality', 'Picture', 'Frames/s', 'Bitrate', 'Held back by'].map((text) => h('th', { scope: 'col' }, text))
    this.#table = h('table', { class: 'layers', hidden: true }, h('thead', {}, h('tr', {}, ...head)), this.#layers)
    this.element = h(
      'section',
      { class: 'outgoing', 'aria-label': 'What goes out', hidden: true },
      this.#held,
      h('dl', { class: 'facts' }, ...FACTS.map((fact) => h('div', {}, h('dt', {}, fact), h('dd', {}, this.#cells[fact].main, this.#cells[fact].more)))),
      this.#table,
    )
  }

  /** null: nothing goes out. */
  update(stats: PublishStats | null): void {
    this.element.hidden = stats === null
    if (stats === null) this.#heldSince = null
    if (stats === null) return
    const top = stats.layers.find((l) => l.width !== null && l.active)
    this.#show('Picture', top ? `${f.resolution(top.width, top.height)}, ${f.frameRate(top.fps)} frames/s` : 'none', codecs(stats))
    this.#show('Bitrate', f.bitrate(total(stats)), `picture ${f.bitrate(stats.videoBitrate)}, sound ${f.bitrate(stats.audioBitrate)}`)
    this.#show('Line', `${f.milliseconds(stats.roundTripMs)} round trip`, line(stats))
    this.#show('Encoder', stats.encoder ?? f.UNKNOWN, stats.hardware === null ? '' : stats.hardware ? 'hardware' : 'software')
    this.#heldSince = stats.limitation === 'none' ? null : (this.#heldSince ?? stats.at)
    setText(this.#held, this.#heldSince !== null && stats.at - this.#heldSince >= HELD_MS ? LIMITATIONS[stats.limitation] : '')
    this.#table.hidden = stats.layers.length < 2
    if (stats.layers.length > 1) this.#showLayers(stats.layers)
  }

  #show(fact: Fact, main: string, more: string): void {
    setText(this.#cells[fact].main, main)
    setText(this.#cells[fact].more, more)
  }

  #showLayers(layers: LayerStats[]): void {
    while (this.#layers.rows.length < layers.length) {
      this.#layers.append(h('tr', {}, h('th', { scope: 'row' }), ...Array.from({ length: 4 }, () => h('td'))))
    }
    while (this.#layers.rows.length > layers.length) this.#layers.deleteRow(-1)
    layers.forEach((layer, i) => {
      const sent = layer.active && (layer.bitrate ?? 0) > 0
      const values = [
        LAYER_NAMES[layer.rid] ?? layer.rid,
        sent ? f.resolution(layer.width, layer.height) : 'not sent',
        sent ? f.frameRate(layer.fps) : '',
        sent ? f.bitrate(layer.bitrate) : '',
        { none: '', bandwidth: 'line', cpu: 'processor', other: 'browser' }[layer.limitation],
      ]
      const row = this.#layers.rows[i]
      setAttribute(row as Element, 'data-rid', layer.rid)
      values.forEach((value, column) => setText(row?.cells[column] as Node, value))
    })
  }
}

function total({ videoBitrate, audioBitrate }: PublishStats): number | null {
  return videoBitrate === null && audioBitrate === null ? null : (videoBitrate ?? 0) + (audioBitrate ?? 0)
}

function codecs({ videoCodec, audioCodec }: PublishStats): string {
  return [videoCodec, audioCodec].filter((c) => c !== null).map(f.codec).join(' + ')
}

function line({ loss, transport, availableBitrate }: PublishStats): string {
  return [
    loss === null ? '' : `${f.percent(loss)} loss`,
    transport === null ? '' : transport.toUpperCase(),
    availableBitrate === null ? '' : `carries ${f.bitrate(availableBitrate)}`,
  ]
    .filter(Boolean)
    .join(', ')
}
