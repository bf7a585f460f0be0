import { sourceTrack, sourceTracks, type Stream, type Track } from '../api.ts'
import { age, publisherPhrase, trackPhrase } from '../describe.ts'
import { h, setAttribute, setText } from '../dom.ts'
import * as f from '../format.ts'
import { icon } from '../icons.ts'
import { nameParts } from './card.ts'
import { Warnings } from './warnings.ts'

const FACTS = ['Picture', 'Sound', 'Publisher', 'Bitrate'] as const
type Fact = (typeof FACTS)[number]
type Row = ReturnType<typeof factRow>

/** What stands under the player: the stream's name, who watches, what to know about it. */
export class Facts {
  readonly #head: HTMLElement
  readonly #state = h('span', { class: 'about-state' })
  readonly #viewers = h('span', { class: 'about-viewers' })
  readonly #warnings = new Warnings()
  readonly #list: HTMLElement
  readonly #rows: Record<Fact, Row>

  constructor(element: HTMLElement, name: string) {
    this.#head = h(
      'div',
      { class: 'about-head' },
      h('h1', { id: 'name', title: name }, ...nameParts(name)),
      h('p', { class: 'about-now' }, h('span', { class: 'dot' }), this.#state, this.#viewers),
    )
    this.#rows = Object.fromEntries(FACTS.map((fact) => [fact, factRow(fact)])) as Record<Fact, Row>
    this.#list = h('dl', { class: 'facts', hidden: true }, ...FACTS.map((fact) => this.#rows[fact].row))
    element.replaceChildren(this.#head, this.#warnings.element, this.#list, keys())
  }

  /** null: there is no such stream now. */
  update(stream: Stream | null, now: number): void {
    const live = stream?.live ?? false
    setAttribute(this.#head, 'data-live', String(live))
    const since = stream === null ? null : age(stream, now)
    setText(this.#state, live ? (since === null ? 'Live' : `Live for ${f.duration(since)}`) : stream ? 'Paused' : 'Not live')
    this.#viewers.replaceChildren(...(stream === null ? [] : [icon('eye'), f.count(stream.viewers, 'viewer')]))
    this.#warnings.update(stream?.warnings ?? [])
    this.#list.hidden = stream === null
    if (stream === null) return
    const pictures = sourceTracks(stream, 'video')
    const video = pictures[0]
    const audio = sourceTrack(stream, 'audio')
    this.#show('Picture', video ? pictureMain(video) : 'none', video ? pictureMore(video, pictures.length) : '')
    this.#show('Sound', audio ? trackPhrase(audio) : 'none', audio?.note ?? '')
    this.#show('Publisher', publisherPhrase(stream) || f.UNKNOWN, '')
    this.#show('Bitrate', f.bitrate(stream.bitrate), bitrateMore(pictures, audio))
  }

  /** Nothing is known any more: the server does not answer. What was known stays, without looking live. */
  lose(): void {
    setAttribute(this.#head, 'data-live', 'false')
    setText(this.#state, 'No news from the server')
    this.#viewers.replaceChildren()
  }

  #show(fact: Fact, main: string, more: string): void {
    setText(this.#rows[fact].main, main)
    setText(this.#rows[fact].more, more)
  }
}

/** What the keys do, for those who have some. */
function keys(): HTMLElement {
  const known = [['Space', 'pause'], ['M', 'sound'], ['F', 'full screen'], ['I', 'statistics'], ['↑ ↓', 'volume']]
  return h('p', { class: 'keys' }, ...known.map(([key, text]) => h('span', {}, h('kbd', {}, key), text)))
}

function factRow(label: string) {
  const main = h('span')
  const more = h('span', { class: 'fact-more' })
  return { row: h('div', {}, h('dt', {}, label), h('dd', {}, main, more)), main, more }
}

function pictureMain(video: Track): string {
  return [f.resolution(video.width, video.height), video.frame_rate ? `${f.frameRate(video.frame_rate)} frames/s` : '']
    .filter(Boolean)
    .join(', ')
}

function pictureMore(video: Track, count: number): string {
  return [
    trackPhrase(video),
    count > 1 ? `${count} qualities` : '',
    video.keyframe_interval ? `keyframe every ${Number(video.keyframe_interval.toFixed(1))} s` : '',
    video.b_frame_share ? `${f.percent(video.b_frame_share)} B-frames` : '',
    video.playable === 'derive' || video.playable === 'no' ? (video.note ?? '') : '',
  ]
    .filter(Boolean)
    .join(', ')
}

function bitrateMore(pictures: Track[], audio: Track | undefined): string {
  const picture = pictures.reduce((sum, t) => sum + (t.bitrate ?? 0), 0)
  return [picture > 0 ? `picture ${f.bitrate(picture)}` : '', audio?.bitrate ? `sound ${f.bitrate(audio.bitrate)}` : '']
    .filter(Boolean)
    .join(', ')
}
