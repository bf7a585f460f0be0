import { fetchStream, type Stream } from '../api.ts'
import { h } from '../dom.ts'
import * as f from '../format.ts'
import { Warnings } from '../parts/warnings.ts'
import { Poller } from '../poller.ts'
import { fetchGop, type GopFrame, type Happening } from './api.ts'
import type { Context, View } from './context.ts'
import { CourseChart } from './course-chart.ts'
import { GopPicture } from './gop-picture.ts'
import { Log } from './log.ts'
import { Sessions } from './sessions.ts'
import { StreamHead } from './stream-head.ts'
import { trackName, Tracks } from './tracks.ts'
import { Way } from './way.ts'

const EVERY_MS = 1000

/** Everything about one stream. */
export class StreamView implements View {
  readonly element: HTMLElement
  readonly title: string
  readonly #name: string
  readonly #context: Context
  readonly #head: StreamHead
  readonly #warnings = new Warnings()
  readonly #gone = h('p', { class: 'banner', role: 'status', hidden: true }, 'There is no stream of this name now. Its numbers come back as soon as it does.')
  readonly #tracks = new Tracks()
  readonly #gop: GopPicture
  readonly #charts: CourseChart[]
  readonly #sessions: Sessions
  readonly #log: Log
  readonly #way: Way
  readonly #stream: Poller<Stream | null>
  readonly #pictures: Poller<GopFrame[]>
  #latest: Stream | null = null

  constructor(name: string, context: Context, past: readonly Happening[]) {
    this.#name = name
    this.title = name
    this.#context = context
    this.#head = new StreamHead(name, context)
    this.#gop = new GopPicture((id) => this.#trackName(id))
    this.#charts = charts(context, name)
    this.#sessions = new Sessions(name, context, (publisher) => this.#head.publisher(publisher))
    this.#log = new Log(context.feed, name, past)
    this.#way = new Way(name)
    this.element = h(
      'div',
      { class: 'stream' },
      this.#head.element,
      this.#gone,
      this.#warnings.element,
      this.#gop.element,
      h('section', { class: 'panel courses', 'aria-label': 'Courses' }, ...this.#charts.map((chart) => chart.element)),
      h('div', { class: 'stream-below' }, this.#tracks.element, this.#log.element),
      this.#way.element,
      this.#sessions.element,
    )
    this.#stream = new Poller({ fetch: (signal) => fetchStream(name, signal), everyMs: EVERY_MS, onValue: (stream) => this.#show(stream) })
    this.#pictures = new Poller({ fetch: (signal) => fetchGop(name, signal), everyMs: EVERY_MS, onValue: (frames) => (this.#gop.frames = frames) })
  }

  #show(stream: Stream | null): void {
    this.#latest = stream
    this.#head.update(stream)
    this.#gone.hidden = stream !== null
    this.#warnings.update(stream?.warnings ?? [])
    if (stream === null) return
    this.#tracks.update(stream)
    this.#context.courses.push(stream, Date.now() / 1000)
  }

  #trackName(id: number): string {
    const track = this.#latest?.tracks?.find((t) => t.id === id)
    return track === undefined ? `Video ${id}` : trackName(track)
  }

  start(): void {
    this.#stream.start()
    this.#pictures.start()
    this.#sessions.start()
    this.#way.start()
  }

  stop(): void {
    this.#stream.stop()
    this.#pictures.stop()
    this.#sessions.stop()
    this.#way.stop()
    this.#log.close()
  }

  refresh(): void {
    this.#stream.now()
    this.#pictures.now()
    this.#sessions.refresh()
  }

  tick(now: number): void {
    for (const chart of this.#charts) chart.update(now)
  }

  redraw(): void {
    this.#gop.redraw()
    for (const chart of this.#charts) chart.redraw()
  }

  /** The stream that it is about. */
  get name(): string {
    return this.#name
  }
}

function charts({ courses }: Context, name: string): CourseChart[] {
  const history = () => courses.of(name)
  const video = { course: 'video', color: '--accent', area: true, label: 'picture' } as const
  const audio = { course: 'audio', color: '--warn', label: 'sound' } as const
  return [
    new CourseChart('Bitrate', [video, audio], f.bitrate, 100_000, history),
    new CourseChart('Frames a second', [{ course: 'frames', color: '--accent', area: true, label: '' }], f.frameRate, 30, history),
    new CourseChart('Viewers', [{ course: 'viewers', color: '--accent', area: true, label: '' }], (n) => (Number.isInteger(n) ? n.toLocaleString('en') : ''), 4, history),
  ]
}
