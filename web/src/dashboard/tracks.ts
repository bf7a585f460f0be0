import type { Stream, Track } from '../api.ts'
import { trackPhrase } from '../describe.ts'
import { h } from '../dom.ts'
import * as f from '../format.ts'
import { icon } from '../icons.ts'

const HOW = {
  pass: ['check', 'as it is'],
  derive: ['quality', 'turned into another format'],
  no: ['close', 'not at all'],
} as const

/** A stream's tracks, and how each kind of player gets them. */
export class Tracks {
  readonly element: HTMLElement
  readonly #list = h('ul', { class: 'tracks' })
  #key = ''

  constructor() {
    const head = h('div', { class: 'panel-head' }, h('h2', { id: 'tracks-title' }, 'Tracks'))
    this.element = h('section', { class: 'panel', hidden: true, 'aria-labelledby': 'tracks-title' }, head, this.#list)
  }

  update(stream: Stream): void {
    const tracks = stream.tracks ?? []
    this.element.hidden = tracks.length === 0
    // Numbers change all the time; selections and tooltips need not break for digits that say nothing.
    const key = JSON.stringify(tracks.map((t) => [facts(t), t.players, t.note, t.profile]))
    if (key === this.#key) return
    this.#key = key
    this.#list.replaceChildren(...tracks.map((track) => row(track)))
  }
}

/** "Video 1", "Video m", "Sound 2 of 1". */
export function trackName(track: Track): string {
  const kind = track.kind === 'video' ? 'Video' : 'Sound'
  return `${kind} ${track.rendition || track.id}`
}

function row(track: Track): HTMLElement {
  const from = track.derived_from ? h('span', { class: 'tag' }, `made of ${track.derived_from}`) : null
  const title = h('p', { class: 'track-title' }, h('span', { class: 'track-id' }, trackName(track)), h('b', {}, trackPhrase(track)), from)
  const detail = h('p', { class: 'track-facts' }, facts(track).join(' · '))
  const players = (track.players ?? []).map(player)
  const fallback = players.length === 0 && track.note ? h('p', { class: 'track-facts' }, track.note) : null
  return h('li', { 'data-track': track.id }, title, detail, fallback, players.length > 0 && h('ul', { class: 'track-players' }, ...players))
}

function player({ what, how, why }: NonNullable<Track['players']>[number]): HTMLElement {
  const [name, words] = HOW[how]
  return h('li', { 'data-how': how }, icon(name), h('span', {}, h('b', {}, what), ` ${why === '' ? words : why}`))
}

function facts(track: Track): string[] {
  const { bitrate, width, height, frame_rate, keyframe_interval, b_frame_share } = track
  return [
    track.kind === 'video' ? f.resolution(width, height) : '',
    frame_rate ? `${f.frameRate(frame_rate)} frames/s` : '',
    bitrate ? f.bitrate(bitrate) : '',
    keyframe_interval ? `keyframe every ${Number(keyframe_interval.toFixed(1))} s` : '',
    b_frame_share ? `${f.percent(b_frame_share)} B-frames` : '',
  ].filter(Boolean)
}
