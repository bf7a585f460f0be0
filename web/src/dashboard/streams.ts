import { fetchSources, sourceTrack, type Stream, withSources } from '../api.ts'
import { age, publisherPhrase, trackPhrase } from '../describe.ts'
import { h, need, setAttribute, setText, svg } from '../dom.ts'
import * as f from '../format.ts'
import { icon } from '../icons.ts'
import { dashboardPath } from '../name.ts'
import { nameParts } from '../parts/card.ts'
import { linePath } from '../parts/sparkline.ts'
import { Poller } from '../poller.ts'
import { carry, pageToken } from '../token.ts'
import { fetchStreamPart } from './api.ts'
import type { Courses } from './courses.ts'
import { matches } from './rows.ts'
import { type Column, Table, text } from './table.ts'

const EVERY_MS = 2000
/** Lists are long where streams are many: these are asked for less often. */
const MANY = 150
const MANY_EVERY_MS = 5000
const PAGE = 25

/** All streams of this node: found, sorted, paged. */
export class Streams {
  readonly element: HTMLElement
  readonly #courses: Courses
  readonly #table: Table<Stream>
  readonly #count = h('span', { class: 'section-count' })
  readonly #search = h('input', {
    class: 'search',
    type: 'search',
    placeholder: 'Find a stream',
    'aria-label': 'Find a stream',
    autocomplete: 'off',
    spellcheck: 'false',
    oninput: () => this.#filter(),
  })
  readonly #troubled = h('button', { class: 'chip', type: 'button', 'aria-pressed': 'false', onclick: () => this.showTroubled(!this.#onlyTroubled) })
  readonly #nothing = h('p', { class: 'nothing', hidden: true }, 'No stream is like that.')
  readonly #still = still()
  readonly #tools = h('div', { class: 'tools' })
  readonly #cut = h('p', { class: 'note', hidden: true })
  readonly #onStreams: (streams: Stream[]) => void
  #onlyTroubled = false
  #streams: Stream[] = []
  #total = 0
  #asked = 0
  readonly #poller: Poller<{ streams: Stream[]; total: number } | null>

  constructor(courses: Courses, onStreams: (streams: Stream[]) => void) {
    this.#courses = courses
    this.#onStreams = onStreams
    this.#table = new Table({ label: 'Streams', columns: columns(courses), name: (s) => s.name, order: { key: 'viewers', down: true }, pageSize: PAGE })
    this.#tools.append(this.#search, this.#troubled, this.#table.sorter)
    const head = h('div', { class: 'panel-head' }, h('h2', { id: 'streams-title' }, 'Streams'), this.#count, this.#tools)
    this.element = h('section', { class: 'panel streams', 'aria-labelledby': 'streams-title' }, head, this.#cut, this.#still, this.#nothing, this.#table.element)
    this.#poller = new Poller({ fetch: (signal) => this.#fetch(signal), everyMs: EVERY_MS, onValue: (found) => found && this.#take(found.streams, found.total) })
  }

  start(): void {
    this.#asked = 0
    this.#poller.start()
  }

  stop(): void {
    this.#poller.stop()
  }

  refresh(): void {
    this.#asked = 0
    this.#poller.now()
  }

  /** Only those that have warnings. */
  showTroubled(only: boolean): void {
    this.#onlyTroubled = only
    setAttribute(this.#troubled, 'aria-pressed', String(only))
    this.#filter()
  }

  async #fetch(signal: AbortSignal): Promise<{ streams: Stream[]; total: number } | null> {
    const now = performance.now()
    if (this.#asked > 0 && this.#streams.length >= MANY && now - this.#asked < MANY_EVERY_MS - EVERY_MS / 2) return null
    this.#asked = now
    // More than come at once: what is typed is what their names begin with.
    const prefix = this.#total > this.#streams.length ? this.#search.value.trim() : ''
    const [part, sources] = await Promise.all([fetchStreamPart(prefix, signal), fetchSources(signal)])
    return { streams: withSources(part.items, sources), total: Math.max(part.total, part.items.length) }
  }

  #take(streams: Stream[], total: number): void {
    const now = Date.now() / 1000
    this.#streams = streams
    this.#total = Math.max(total, streams.length)
    for (const stream of streams) this.#courses.push(stream, now)
    this.#courses.forget(now)
    this.#onStreams(streams)
    this.#cut.hidden = this.#total <= streams.length
    setText(this.#cut, `The first ${streams.length.toLocaleString('en')} of ${this.#total.toLocaleString('en')}: what is typed above finds those whose names begin with it.`)
    this.#draw()
  }

  #filter(): void {
    this.#table.first()
    this.#draw()
    if (this.#total > this.#streams.length) this.refresh()
  }

  #draw(): void {
    const live = this.#streams.filter((s) => s.live).length
    const troubled = this.#streams.filter(isTroubled)
    setText(this.#count, this.#streams.length === 0 ? '' : `${live.toLocaleString('en')} live${live < this.#streams.length ? ` of ${this.#streams.length.toLocaleString('en')}` : ''}`)
    this.#troubled.hidden = troubled.length === 0 && !this.#onlyTroubled
    this.#troubled.replaceChildren(icon('warning'), f.count(troubled.length, 'with a warning', 'with warnings'))
    const words = this.#search.value
    const found = (this.#onlyTroubled ? troubled : this.#streams).filter((s) => matches(searchable(s), words))
    this.#table.rows = found
    const none = this.#streams.length === 0
    this.#still.hidden = !none
    this.#tools.hidden = none
    this.#nothing.hidden = none || found.length > 0
    this.#table.element.hidden = found.length === 0
    setAttribute(this.element, 'data-count', this.#streams.length)
  }
}

/** What stands where there is no stream. */
function still(): HTMLElement {
  const logo = need<HTMLTemplateElement>('#still').content.cloneNode(true)
  const how = h('a', { href: carry('/', pageToken()) }, 'How to publish')
  return h('div', { class: 'still', hidden: true }, logo, h('h3', {}, 'Nothing is flowing yet'), h('p', {}, 'A stream stands here as soon as somebody publishes one. '), how)
}

function isTroubled(stream: Stream): boolean {
  return (stream.warnings?.length ?? 0) > 0 || stream.source?.state === 'waiting'
}

function searchable(stream: Stream): string {
  return [stream.name, publisherPhrase(stream), stream.publisher?.remote ?? '', ...(stream.tracks ?? []).map((t) => t.codec)].join(' ')
}

function columns(courses: Courses): Column<Stream>[] {
  const video = (s: Stream) => sourceTrack(s, 'video')
  const audio = (s: Stream) => sourceTrack(s, 'audio')
  return [
    { key: 'name', title: 'Name', value: (s) => s.name, show: showName },
    { key: 'publisher', title: 'Publisher', value: (s) => s.publisher?.protocol ?? '', show: showPublisher },
    { key: 'picture', title: 'Picture', value: (s) => (video(s)?.width ?? 0) * (video(s)?.height ?? 0), show: text((s) => picture(s)) },
    { key: 'sound', title: 'Sound', show: text((s) => f.codec(audio(s)?.codec)) },
    { key: 'bitrate', title: 'Bitrate', value: (s) => s.bitrate, numeric: true, show: (cell, s) => showBitrate(cell, s, courses) },
    { key: 'viewers', title: 'Viewers', value: (s) => s.viewers, numeric: true, show: text((s) => s.viewers.toLocaleString('en')) },
    { key: 'since', title: 'Live for', value: (s) => (s.live ? (age(s, Date.now()) ?? Number.NaN) : Number.NaN), numeric: true, show: text((s) => (s.live ? f.duration(age(s, Date.now())) : f.UNKNOWN)) },
    { key: 'warnings', title: 'Warnings', value: (s) => s.warnings?.length ?? 0, numeric: true, show: showWarnings },
  ]
}

function showName(cell: HTMLElement, stream: Stream): void {
  setAttribute(cell, 'data-live', String(stream.live))
  if (cell.firstChild !== null) return
  const link = h('a', { href: carry(dashboardPath(stream.name), pageToken()), 'data-route': true, title: stream.name }, ...nameParts(stream.name))
  cell.append(h('span', { class: 'dot' }), link)
}

function showPublisher(cell: HTMLElement, stream: Stream): void {
  const words = stream.live ? publisherPhrase(stream) : absence(stream)
  setText(cell, words || f.UNKNOWN)
  setAttribute(cell, 'title', words || undefined)
}

function picture(stream: Stream): string {
  const video = sourceTrack(stream, 'video')
  if (video === undefined) return f.UNKNOWN
  const rate = stream.live && video.frame_rate ? ` ${f.frameRate(video.frame_rate)}/s` : ''
  return `${video.height ? `${video.height}p` : ''}${rate} ${trackPhrase(video).split(' ')[0] ?? ''}`.trim()
}

function absence({ source }: Stream): string {
  if (source === undefined) return 'waited for'
  if (source.state === 'waiting') return 'source does not answer'
  return source.on_demand ? 'on demand' : 'source is being asked'
}

function showBitrate(cell: HTMLElement, stream: Stream, courses: Courses): void {
  if (cell.firstChild === null) {
    const box = { viewBox: '0 0 100 30', preserveAspectRatio: 'none', class: 'row-spark', 'aria-hidden': 'true' }
    cell.append(svg('svg', box, svg('path', { class: 'spark-line' })), h('span'))
  }
  const line = stream.live ? linePath(courses.of(stream.name).of('bitrate').filter((v) => v !== null).slice(-60)) : ''
  cell.firstElementChild?.firstElementChild?.setAttribute('d', line)
  if (cell.lastChild !== null) setText(cell.lastChild, f.bitrate(stream.live ? stream.bitrate : null))
}

function showWarnings(cell: HTMLElement, { warnings = [] }: Stream): void {
  const words = warnings.map((w) => w.title).join('; ')
  if (cell.title === words && cell.firstChild !== null) return
  cell.title = words
  cell.replaceChildren(...(warnings.length === 0 ? [h('span', { class: 'faint' }, '–')] : [h('span', { class: 'badge' }, icon('warning'), String(warnings.length))]))
}
