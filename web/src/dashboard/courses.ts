import { sourceTrack, type Stream } from '../api.ts'
import { History } from './history.ts'

export const STREAM_COURSES = ['video', 'audio', 'frames', 'viewers', 'bitrate'] as const
export type StreamCourse = (typeof STREAM_COURSES)[number]

/** The list is asked for every five seconds at the slowest. */
const SILENCE_S = 12
const KEEP_S = 600

/** The course of every stream's numbers, so that a stream that is looked at has a past. */
export class Courses {
  readonly #of = new Map<string, History<StreamCourse>>()

  of(name: string): History<StreamCourse> {
    const known = this.#of.get(name) ?? new History(STREAM_COURSES, SILENCE_S, KEEP_S)
    this.#of.set(name, known)
    return known
  }

  push(stream: Stream, now: number): void {
    const video = sourceTrack(stream, 'video')
    const rate = (kind: 'video' | 'audio') =>
      (stream.tracks ?? []).filter((t) => t.kind === kind && !t.derived_from).reduce((sum, t) => sum + (t.bitrate ?? 0), 0)
    const on = stream.live
    this.of(stream.name).push(now, {
      video: on && video !== undefined ? rate('video') : null,
      audio: on && sourceTrack(stream, 'audio') !== undefined ? rate('audio') : null,
      frames: on ? (video?.frame_rate ?? null) : null,
      viewers: stream.viewers,
      bitrate: on ? stream.bitrate : null,
    })
  }

  /** Forgets the streams that have not been there for as long as anything is kept. */
  forget(now: number): void {
    for (const [name, { times }] of this.#of) if ((times.at(-1) ?? 0) < now - KEEP_S) this.#of.delete(name)
  }
}
