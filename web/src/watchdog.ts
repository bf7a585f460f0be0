/** What comes through, as counters that only grow. */
export interface Flow {
  /** performance.now() of the count. */
  at: number
  /** Payload only: senders probe the line with packets that contain nothing but padding. */
  videoBytes: number
  framesDecoded: number
  audioPackets: number
}

export type Verdict =
  /** Too early to say. */
  | 'unknown'
  /** Frames are decoded. */
  | 'flowing'
  /** Sound comes and no picture ever did. */
  | 'audio_only'
  /** Sound comes, the picture has stopped. */
  | 'picture_paused'
  /** Nothing comes. */
  | 'quiet'
  /** Video comes and no frame is decoded. */
  | 'undecodable'

/** Longer than any pause of a healthy stream (two frames a second are one), short enough to tell people why it stands still. */
export const QUIET_MS = 3000

/** A stream with a picture shows it at once (it starts with a keyframe); sound alone for this long is a stream without one. */
export const AUDIO_ONLY_MS = 1500

/** Judges from counters whether media comes through. One per session. */
export class Watchdog {
  #last: Flow | null = null
  #startedAt = 0
  #frameAt = 0
  #dataAt = 0
  #audioAt = 0
  #hadVideo = false

  observe(flow: Flow): Verdict {
    const last = this.#last
    this.#last = flow
    if (last === null) {
      // Counters start at zero, so what is there at the first look has come since the session began.
      this.#startedAt = this.#frameAt = this.#dataAt = this.#audioAt = flow.at
    }
    const before = last ?? { at: flow.at, videoBytes: 0, framesDecoded: 0, audioPackets: 0 }
    const frames = flow.framesDecoded > before.framesDecoded
    const data = flow.videoBytes > before.videoBytes
    const audio = flow.audioPackets > before.audioPackets
    if (frames) this.#frameAt = flow.at
    if (data) this.#dataAt = flow.at
    if (audio) this.#audioAt = flow.at
    this.#hadVideo ||= flow.videoBytes > 0
    return this.#judge(flow, frames, audio)
  }

  #judge(flow: Flow, frames: boolean, audio: boolean): Verdict {
    const now = flow.at
    if (frames) return 'flowing'
    if (!this.#hadVideo && flow.audioPackets > 0) {
      if (now - this.#audioAt >= QUIET_MS) return 'quiet'
      return audio && now - this.#startedAt >= AUDIO_ONLY_MS ? 'audio_only' : 'unknown'
    }
    if (now - this.#frameAt < QUIET_MS) return 'unknown'
    if (now - this.#dataAt < QUIET_MS) return 'undecodable'
    return now - this.#audioAt < QUIET_MS ? 'picture_paused' : 'quiet'
  }
}
