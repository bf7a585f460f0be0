import { sourceTrack, type Stream } from '../api.ts'
import { age, codecsPhrase, publisherPhrase } from '../describe.ts'
import { h, setAttribute, setText } from '../dom.ts'
import * as f from '../format.ts'
import { icon } from '../icons.ts'
import { watchPath } from '../name.ts'
import { carry, pageToken } from '../token.ts'
import { Sparkline } from './sparkline.ts'
import { Warnings } from './warnings.ts'

/** One stream of the list. It changes in place, so that focus and opened warnings stay. */
export class Card {
  readonly element: HTMLLIElement
  readonly #time = h('span', { class: 'card-time' })
  readonly #size = h('dd')
  readonly #rate = h('dd')
  readonly #bitrate = h('dd')
  readonly #viewers = h('dd')
  readonly #codecs = h('p')
  readonly #publisher = h('p')
  readonly #spark = new Sparkline()
  readonly #warnings = new Warnings()

  constructor(name: string) {
    const link = h('a', { class: 'card-link', href: carry(watchPath(name), pageToken()) }, ...nameParts(name))
    this.element = h(
      'li',
      { class: 'card', 'data-stream': name },
      h('div', { class: 'card-head' }, h('span', { class: 'dot' }), h('h2', { class: 'card-name', title: name }, link), this.#time),
      this.#spark.element as unknown as Node,
      h(
        'dl',
        { class: 'numbers' },
        number('Picture', this.#size),
        number('Frames/s', this.#rate),
        number('Bitrate', this.#bitrate),
        number('Viewers', this.#viewers),
      ),
      h('div', { class: 'card-facts' }, this.#codecs, this.#publisher),
      this.#warnings.element,
      h('span', { class: 'card-watch', 'aria-hidden': 'true' }, 'Watch', icon('arrow')),
    )
  }

  update(stream: Stream, now: number): void {
    const video = sourceTrack(stream, 'video')
    setAttribute(this.element, 'data-live', String(stream.live))
    const since = age(stream, now)
    setText(this.#time, stream.live ? (since === null ? '' : f.duration(since)) : absence(stream))
    setText(this.#size, f.resolution(video?.width, video?.height))
    // A stream that has stopped has no rates; zeros would look like a fault.
    setText(this.#rate, f.frameRate(stream.live ? video?.frame_rate : null))
    setText(this.#bitrate, f.bitrate(stream.live ? stream.bitrate : null))
    setText(this.#viewers, stream.viewers.toLocaleString('en'))
    setText(this.#codecs, codecsPhrase(stream))
    setText(this.#publisher, publisherPhrase(stream))
    setAttribute(this.#publisher, 'title', stream.publisher?.encoder || undefined)
    this.#spark.push(stream.bitrate)
    this.#warnings.update(stream.warnings ?? [])
  }
}

/** Why there is no picture now. */
function absence({ source }: Stream): string {
  if (source === undefined) return 'paused'
  if (source.state === 'waiting') return 'source does not answer'
  return source.on_demand ? 'on demand' : 'connecting'
}

/** The last part of a name is what tells it from others; the path before it steps back. */
export function nameParts(name: string): (HTMLElement | string)[] {
  const cut = name.lastIndexOf('/') + 1
  return cut === 0 ? [name] : [h('span', { class: 'name-path' }, name.slice(0, cut)), name.slice(cut)]
}

function number(label: string, value: HTMLElement): HTMLElement {
  return h('div', {}, h('dt', {}, label), value)
}
