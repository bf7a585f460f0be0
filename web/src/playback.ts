import { Lifeline, type Loss, type Mendable } from './lifeline.ts'
import { type Stats, StatsMeter } from './stats.ts'
import { onNextFrame, startPlaying, type Surface } from './surface.ts'
import { type Verdict, Watchdog } from './watchdog.ts'

/** What a playback needs of a WHEP session. */
export interface Watchable extends Mendable {
  readonly media: MediaStream
  readonly postedAt: number
  open(): Promise<void>
  close(keepalive?: boolean): Promise<void>
  getStats(): Promise<Iterable<[string, unknown]>>
}

/** Nothing is called any more after end() or onLost. */
export interface PlaybackEvents {
  /** Milliseconds from the POST to the first frame on the screen. */
  onFirstFrame: (ms: number) => void
  /** What comes through, at performance.now() of `at`. */
  onVerdict: (verdict: Verdict, at: number) => void
  onStats: (stats: Stats) => void
  /** Whether the browser wants a click before it plays. */
  onBlocked: (blocked: boolean) => void
  onLost: (loss: Loss) => void
}

/** Until the picture is there and its latency known, looked at more often. */
const POLL_STARTING_MS = 250
const POLL_MS = 1000
/** A session that is to take over from another is looked at this often, and shown after this long whatever it has. */
const UNSEEN_POLL_MS = 50
const UNSEEN_MOST_MS = 3000

/** One session being watched: its media shown, measured, and judged as to whether it comes through. */
export class Playback {
  readonly #session: Watchable
  readonly #video: Surface
  readonly #events: PlaybackEvents
  readonly #lifeline: Lifeline
  readonly #meter = new StatsMeter()
  readonly #watchdog = new Watchdog()
  #poll: ReturnType<typeof setTimeout> | undefined
  #polling = false
  #over = false
  #presented = false
  /** The video element was given the sound alone. */
  #soundOnly = false

  constructor(session: Watchable, video: Surface, events: PlaybackEvents) {
    this.#session = session
    this.#video = video
    this.#events = events
    this.#lifeline = new Lifeline(session, {
      onConnected: () => this.#startPolling(),
      onLost: (loss) => events.onLost(loss),
    })
  }

  /** Opens the session and shows it. Rejects with a SessionError. */
  async open(): Promise<void> {
    await this.#session.open()
    if (this.#over) return
    this.#present()
    this.#lifeline.answered()
  }

  /** Opens the session, and shows it only when it has a picture: until then the video may show another one. */
  async openUnseen(): Promise<void> {
    await this.#session.open()
    this.#lifeline.answered()
    const end = performance.now() + UNSEEN_MOST_MS
    while (!this.#over && performance.now() < end) {
      const stats = await this.stats().catch(() => null)
      if (stats !== null && stats.framesDecoded > 0) break
      await new Promise((resolve) => setTimeout(resolve, UNSEEN_POLL_MS))
    }
    if (!this.#over) this.#present()
  }

  async stats(): Promise<Stats> {
    return this.#meter.read(await this.#session.getStats(), performance.now())
  }

  /** Packets came through, and at the moment none can: what stands still is not the publisher's doing. */
  get interrupted(): boolean {
    return this.#lifeline.interrupted
  }

  networkChanged(): void {
    this.#lifeline.networkChanged()
  }

  async play(): Promise<void> {
    const outcome = await startPlaying(this.#video)
    if (!this.#over && outcome !== 'superseded') this.#events.onBlocked(outcome === 'blocked')
  }

  /** keepalive lets the farewell outlive the page. */
  end(keepalive: boolean): void {
    this.#over = true
    clearTimeout(this.#poll)
    this.#lifeline.stop()
    void this.#session.close(keepalive)
  }

  #present(): void {
    this.#presented = true
    this.#video.srcObject = this.#session.media
    onNextFrame(this.#video, ({ presentationTime }, now) => {
      if (this.#over) return
      const { postedAt } = this.#session
      this.#events.onFirstFrame((presentationTime >= postedAt ? presentationTime : now) - postedAt)
      this.#judge('flowing', performance.now())
      this.#watchFrames()
    })
    void this.play()
  }

  /** Until the browser itself knows when frames are played out, some seconds after the start, they are timed here. */
  #watchFrames(): void {
    if (this.#over || this.#meter.knowsPlayout) return
    onNextFrame(this.#video, ({ presentationTime, receiveTime }) => {
      if (receiveTime !== undefined) this.#meter.noteDelay(presentationTime - receiveTime)
      this.#watchFrames()
    })
  }

  #startPolling(): void {
    if (this.#polling) return
    this.#polling = true
    this.#poll = setTimeout(() => void this.#look(), 0)
  }

  async #look(): Promise<void> {
    const stats = await this.stats().catch(() => null)
    if (this.#over) return
    let settled = false
    if (stats !== null) {
      const verdict = this.#watchdog.observe(stats)
      this.#judge(verdict, stats.at)
      if (this.#over) return
      this.#events.onStats(stats)
      settled = stats.latencyMs !== null && (verdict === 'flowing' || verdict === 'audio_only')
    }
    this.#poll = setTimeout(() => void this.#look(), settled ? POLL_MS : POLL_STARTING_MS)
  }

  #judge(verdict: Verdict, at: number): void {
    if (verdict === 'flowing' || verdict === 'audio_only') this.#showPicture(verdict === 'flowing')
    this.#events.onVerdict(verdict, at)
  }

  /** A video element waits for the first frame of every track of pictures: without one it plays only a stream that has no such track. */
  #showPicture(yes: boolean): void {
    if (!this.#presented || yes !== this.#soundOnly) return
    const { media } = this.#session
    this.#soundOnly = !yes
    this.#video.srcObject = yes ? media : new MediaStream(media.getAudioTracks())
    void this.play()
  }
}
