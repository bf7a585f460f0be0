import { h, setText } from './dom.ts'
import * as f from './format.ts'
import { icon } from './icons.ts'
import type { Stats } from './stats.ts'

type Row = [label: string, title: string, value: (s: Stats, firstFrameMs: number | null) => string]

const ROWS: Row[] = [
  ['Latency', 'From the gateway to this screen; known some seconds after the start', (s) => f.milliseconds(s.latencyMs)],
  ['First picture', 'From asking for the stream to its first frame on the screen', (_, first) => f.milliseconds(first)],
  ['Resolution', '', (s) => f.resolution(s.width, s.height)],
  ['Frames/s', 'Decoded by this browser', (s) => f.frameRate(s.fps)],
  ['Bitrate', 'Picture and sound as received', (s) => bitrates(s)],
  ['Loss', 'Packets lost in the last second, and since the start', (s) => loss(s)],
  ['Codecs', '', (s) => [s.videoCodec, s.audioCodec].filter(Boolean).map(f.codec).join(' + ') || f.UNKNOWN],
  ['Jitter buffer', 'Time that frames wait to be in order: picture / sound', (s) => buffers(s)],
  ['Round trip', '', (s) => f.milliseconds(s.roundTripMs)],
  ['Dropped', 'Frames decoded and not shown', (s) => `${s.framesDropped} of ${s.framesDecoded}`],
  ['Freezes', 'Since the start', (s) => (s.freezeCount === 0 ? '0' : `${s.freezeCount} (${f.milliseconds(s.freezeMs)})`)],
]

/** The table of numbers over the picture. */
export class Overlay {
  readonly element: HTMLElement
  readonly #cells: HTMLElement[] = ROWS.map(() => h('dd', {}, f.UNKNOWN))

  constructor(onClose: () => void) {
    const close = h('button', { class: 'overlay-close', type: 'button', 'aria-label': 'Close statistics', onclick: onClose }, icon('close'))
    this.element = h(
      'section',
      { class: 'overlay', 'aria-label': 'Statistics', hidden: true },
      close,
      h(
        'dl',
        {},
        ...ROWS.map(([label, title], i) => h('div', { title: title || undefined }, h('dt', {}, label), this.#cells[i])),
      ),
    )
  }

  get shown(): boolean {
    return !this.element.hidden
  }

  set shown(yes: boolean) {
    this.element.hidden = !yes
  }

  update(stats: Stats | null, firstFrameMs: number | null): void {
    ROWS.forEach(([, , value], i) => {
      const cell = this.#cells[i]
      if (cell) setText(cell, stats === null ? f.UNKNOWN : value(stats, firstFrameMs))
    })
  }
}

function bitrates(s: Stats): string {
  if (s.videoBitrate === null && s.audioBitrate === null) return f.UNKNOWN
  return f.bitrate((s.videoBitrate ?? 0) + (s.audioBitrate ?? 0))
}

function loss(s: Stats): string {
  return s.packetsLost === 0 ? f.percent(s.loss) : `${f.percent(s.loss)} (${s.packetsLost} in all)`
}

function buffers(s: Stats): string {
  return `${f.milliseconds(s.jitterBufferMs)} / ${f.milliseconds(s.audioJitterBufferMs)}`
}
