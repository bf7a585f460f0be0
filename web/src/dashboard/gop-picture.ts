import { h, setAttribute, setText } from '../dom.ts'
import * as f from '../format.ts'
import type { GopFrame } from './api.ts'
import { cssColor } from './chart.ts'
import { at, gopFacts, gridSizes, height, merged, tracksOf } from './gop.ts'

const COLORS: Record<GopFrame['kind'], string> = { key: '--warn', delta: '--accent', b: '--violet' }
const KINDS: Record<GopFrame['kind'], string> = { key: 'Keyframe', delta: 'P-frame', b: 'B-frame' }
/** A bar and its gap, CSS pixels: as wide as there is room, within reason. */
const STEP = { least: 4, most: 9 }
/** Frames of all tracks that are remembered. */
const KEPT = 900
/** Room for the sizes at the left. */
const LEFT = 52

/** The pictures of the last seconds: a bar each, as high as the root of its size. Stands still while it is pointed at. */
export class GopPicture {
  readonly element: HTMLElement
  readonly #canvas = h('canvas', { class: 'gop-canvas', tabindex: 0, role: 'img' })
  readonly #facts = h('p', { class: 'gop-facts' })
  readonly #pointed = h('p', { class: 'gop-pointed', role: 'status' })
  readonly #tracks = h('div', { class: 'tools' })
  readonly #nothing = h('p', { class: 'nothing' }, 'No pictures are kept now.')
  readonly #trackName: (id: number) => string
  #all: GopFrame[] = []
  #frames: GopFrame[] = []
  #track: number | null = null
  #at: number | null = null

  constructor(trackName: (id: number) => string) {
    this.#trackName = trackName
    const legend = h('p', { class: 'gop-legend' }, ...(['key', 'delta', 'b'] as const).map((kind) => h('span', { 'data-kind': kind }, KINDS[kind])))
    const head = h('div', { class: 'panel-head' }, h('h2', { id: 'gop-title' }, 'Pictures of the last seconds'), legend, this.#tracks)
    this.element = h('section', { class: 'panel gop', 'aria-labelledby': 'gop-title' }, head, this.#nothing, this.#canvas, this.#pointed, this.#facts)
    this.#canvas.addEventListener('pointermove', (e) => this.#point(this.#indexAt(e.offsetX)))
    this.#canvas.addEventListener('pointerdown', (e) => this.#point(this.#indexAt(e.offsetX)))
    this.#canvas.addEventListener('pointerleave', () => this.#point(null))
    this.#canvas.addEventListener('blur', () => this.#point(null))
    this.#canvas.addEventListener('keydown', (e) => this.#key(e))
    new ResizeObserver(() => this.redraw()).observe(this.#canvas)
  }

  /** What the gateway keeps now. */
  set frames(fresh: GopFrame[]) {
    this.#all = merged(this.#all, fresh, KEPT)
    if (this.#at === null) this.#take(this.#all)
  }

  #take(frames: GopFrame[]): void {
    const tracks = tracksOf(frames)
    this.#showTracks(tracks)
    const track = this.#track !== null && tracks.includes(this.#track) ? this.#track : (tracks[0] ?? null)
    this.#frames = frames.filter((one) => one.track === track)
    this.#nothing.hidden = this.#frames.length > 0
    this.#canvas.hidden = this.#frames.length === 0
    this.#tell()
    this.redraw()
  }

  #showTracks(tracks: number[]): void {
    this.#tracks.hidden = tracks.length < 2
    const shown = [...this.#tracks.children].map((b) => (b as HTMLElement).dataset['track']).join()
    if (shown !== tracks.join()) {
      const button = (id: number) => h('button', { class: 'chip', type: 'button', 'data-track': id, onclick: () => (this.#track = id) }, this.#trackName(id))
      this.#tracks.replaceChildren(...tracks.map(button))
    }
    for (const b of this.#tracks.children) setAttribute(b, 'aria-pressed', String(Number((b as HTMLElement).dataset['track']) === (this.#track ?? tracks[0])))
  }

  #tell(): void {
    const { distance, age, mean, bShare } = gopFacts(this.#frames)
    const sizes = [['keyframes', mean.key], ['P-frames', mean.delta], ['B-frames', mean.b]] as const
    const words = [
      distance === null ? '' : `keyframes ${seconds(distance)} apart`,
      age === null ? 'no keyframe among them' : `the last one ${seconds(age)} ago`,
      sizes.filter(([, n]) => n !== null).map(([what, n]) => `${what} ${f.bytes(n)}`).join(', '),
      bShare > 0 ? `${f.percent(bShare)} B-frames` : '',
    ].filter(Boolean)
    setText(this.#facts, this.#frames.length === 0 ? '' : words.join(' · '))
    setAttribute(this.#canvas, 'aria-label', `${f.count(this.#frames.length, 'picture')}: ${words.join(', ')}. Arrow keys go from one to the next.`)
  }

  redraw(): void {
    const { clientWidth: width, clientHeight: tall } = this.#canvas
    const context = this.#canvas.getContext('2d')
    if (width === 0 || context === null) return
    const scale = window.devicePixelRatio
    this.#canvas.width = Math.round(width * scale)
    this.#canvas.height = Math.round(tall * scale)
    context.scale(scale, scale)
    const frames = this.#visible()
    const most = Math.max(1, ...frames.map((one) => one.bytes))
    this.#grid(context, width, tall, most)
    frames.forEach((one, i) => {
      const high = Math.max(2, height(one.bytes, most) * (tall - 8))
      context.globalAlpha = this.#at === null || this.#at === i ? 1 : 0.45
      context.fillStyle = cssColor(COLORS[one.kind])
      context.fillRect(this.#left(i), tall - high, this.#step - 1, high)
    })
  }

  #grid(context: CanvasRenderingContext2D, width: number, tall: number, most: number): void {
    context.font = '11px system-ui, sans-serif'
    context.textBaseline = 'middle'
    context.textAlign = 'right'
    for (const size of gridSizes(most)) {
      const y = Math.round(tall - height(size, most) * (tall - 8)) + 0.5
      context.fillStyle = cssColor('--line')
      context.fillRect(LEFT, y, width - LEFT, 1)
      context.fillStyle = cssColor('--text-faint')
      context.fillText(f.bytes(size), LEFT - 8, y)
    }
  }

  /** As many of the newest as there is room for. */
  #visible(): GopFrame[] {
    const room = Math.max(1, Math.floor((this.#canvas.clientWidth - LEFT) / STEP.least))
    return this.#frames.slice(-room)
  }

  get #step(): number {
    const fitting = Math.floor((this.#canvas.clientWidth - LEFT) / Math.max(1, this.#frames.length))
    return Math.min(STEP.most, Math.max(STEP.least, fitting))
  }

  /** Where a bar stands; the newest is at the right edge. */
  #left(index: number): number {
    return this.#canvas.clientWidth - (this.#visible().length - index) * this.#step
  }

  #indexAt(x: number): number | null {
    const frames = this.#visible()
    const index = Math.floor((x - this.#left(0)) / this.#step)
    return index >= 0 && index < frames.length ? index : null
  }

  #key(event: KeyboardEvent): void {
    const last = this.#visible().length - 1
    const to: Record<string, number | null> = { ArrowLeft: (this.#at ?? last + 1) - 1, ArrowRight: (this.#at ?? last - 1) + 1, Home: 0, End: last, Escape: null }
    const next = to[event.key]
    if (next === undefined || last < 0) return
    event.preventDefault()
    this.#point(next === null ? null : Math.min(last, Math.max(0, next)))
  }

  #point(index: number | null): void {
    if (index === this.#at) return
    this.#at = index
    const frames = this.#visible()
    const one = index === null ? undefined : frames[index]
    const newest = frames.at(-1)
    if (one !== undefined && newest !== undefined) {
      const before = index === null || index === 0 ? undefined : frames[index - 1]
      const gap = before === undefined ? '' : `${f.milliseconds((at(one) - at(before)) * 1000)} after the one before`
      setText(this.#pointed, [KINDS[one.kind], f.bytes(one.bytes), `${seconds(at(newest) - at(one))} before the newest`, gap].filter(Boolean).join(' · '))
    } else setText(this.#pointed, '')
    if (index === null) this.#take(this.#all)
    else this.redraw()
  }
}

function seconds(s: number): string {
  return `${s.toFixed(s < 9.95 ? 1 : 0)} s`
}
