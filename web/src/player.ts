import { Backoff } from './backoff.ts'
import { Emitter } from './emitter.ts'
import type { Failure } from './failure.ts'
import type { Loss } from './lifeline.ts'
import { Playback, type Watchable } from './playback.ts'
import { failureOf, type Reason } from './reason.ts'
import { type Extended, type Rendition, Renditions } from './renditions.ts'
import type { Stats } from './stats.ts'
import { IDLE, type State, type Status } from './status.ts'
import type { Surface } from './surface.ts'
import type { Verdict } from './watchdog.ts'
import { WhepSession } from './whep.ts'

/** What the player needs of a WHEP session. */
export interface PlayerSession extends Watchable, Extended {}

export interface PlayerOptions {
  /** Where to show the stream. Mute it for a start without a click. */
  video: Surface
  /** The WHEP endpoint. */
  endpoint: string
  token?: string
  /** For tests: sessions and chance of another make. */
  connect?: (endpoint: string) => PlayerSession
  random?: () => number
}

export interface PlayerEvents {
  status: Status
  /** Once a second while a session stands, oftener before the first frame. */
  stats: Stats
  /** Milliseconds from the POST to the first frame on the screen, once per session. */
  firstframe: number
  /** What there is to choose from, whenever it changes; empty where there is nothing to choose. */
  renditions: Rendition[]
}

/** A picture that cannot be decoded is waited for this long, then a new session (and so a new keyframe) is taken. */
const UNDECODABLE_GRACE_MS = 3000
/** After a pause data come before the keyframe that makes a picture of them; this long it is no news. */
const UNDECODABLE_NEWS_MS = 1000
/** A session that has played for this long makes earlier failures forgotten. */
const HEALTHY_MS = 10_000

const RETRY = { baseMs: 400, maxMs: 15_000, factor: 2, jitter: 0.5 }
const WAIT = { baseMs: 1000, maxMs: 8000, factor: 1.5, jitter: 0.3 }

/** A session that stands, with what looks after it. */
interface Watch {
  playback: Playback
  renditions: Renditions
  /** The caller knows that the server does not answer. */
  serverGone: boolean
  playingSince: number | null
  undecodableSince: number | null
}

/**
 * Plays one stream over WHEP into a video element and keeps it playing: waits for a stream that is not there,
 * reconnects with growing delays, says why nothing is seen. It knows no page.
 */
export class Player extends Emitter<PlayerEvents> {
  readonly #options: PlayerOptions
  readonly #connect: (endpoint: string) => PlayerSession
  readonly #retry: Backoff
  readonly #wait: Backoff
  /** Where the server has sent us, for the next session only. */
  #elsewhere: string | null = null
  #watch: Watch | null = null
  /** The session that will take over from the one that is watched, which goes on until it has a picture. */
  #next: Watch | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #status: Status = IDLE
  #firstFrameMs: number | null = null
  #renditions: Rendition[] = []
  #chosen: string | null = null

  constructor(options: PlayerOptions) {
    super()
    this.#options = options
    const { token } = options
    this.#connect = options.connect ?? ((endpoint) => new WhepSession({ endpoint, ...(token === undefined ? {} : { token }) }))
    this.#retry = new Backoff(RETRY, options.random)
    this.#wait = new Backoff(WAIT, options.random)
  }

  get status(): Status {
    return this.#status
  }

  /** From the POST to the first frame on the screen in the current (or last) session, milliseconds; null before. */
  get firstFrameMs(): number | null {
    return this.#firstFrameMs
  }

  /** What there is to choose from, best first; empty where there is nothing to choose. */
  get renditions(): Rendition[] {
    return this.#renditions
  }

  /** The rid of the rendition that was chosen; null leaves it to the server. */
  get chosen(): string | null {
    return this.#chosen
  }

  /** Chooses a rendition, for this session and those that follow; null leaves it to the server. False if the server refuses. */
  async choose(rid: string | null): Promise<boolean> {
    const before = this.#chosen
    this.#chosen = rid
    if ((await this.#watch?.renditions.choose(rid)) !== false) return true
    if (this.#chosen === rid) this.#chosen = before
    return false
  }

  /** Starts, or starts again after pause(). Does nothing while running. */
  start(): void {
    const { state } = this.#status
    if (state === 'idle' || state === 'paused') this.#restart()
  }

  /** Ends the session and keeps the last picture; start() goes on at the live edge. */
  pause(): void {
    this.#drop()
    this.#options.video.pause()
    this.#set({ state: 'paused' })
  }

  /** Tries at once what would be tried later, or never. For a button, and for news that it may work now. */
  retryNow(): void {
    const { state } = this.#status
    if (state === 'waiting' || state === 'retrying' || state === 'failed') this.#restart()
  }

  /** For callers that know of it: another network is there now. */
  networkChanged(): void {
    this.#watch?.playback.networkChanged()
    this.retryNow()
  }

  /** The caller knows that the server does not answer: a session that stands still is given up, one that is being mended waits for it. */
  serverGone(): void {
    const watch = this.#watch
    if (this.#status.state !== 'stalled' || watch === null) return
    if (!watch.playback.interrupted) return this.#lose('server_unreachable')
    watch.serverGone = true
    this.#set({ state: 'stalled', reason: 'server_unreachable' })
  }

  /** Ends everything. keepalive lets the farewell outlive the page. start() works again afterwards. */
  close(keepalive = false): void {
    this.#drop(keepalive)
    this.#options.video.srcObject = null
    this.#set({ state: 'idle' })
  }

  /** Lets the video play after a click when the browser wanted one. */
  unblock(): void {
    void this.#watch?.playback.play()
  }

  /** A fresh sample of the current session, or null without one. */
  async stats(): Promise<Stats | null> {
    return (await this.#watch?.playback.stats()) ?? null
  }

  #restart(): void {
    this.#retry.reset()
    this.#wait.reset()
    void this.#attempt(null)
  }

  /** reason is why the last session or try failed: it stays in the status until there is a picture, so that people can read it. */
  async #attempt(reason: Reason | null, said = ''): Promise<void> {
    this.#drop()
    const watch = this.#newWatch(this.#connect(this.#elsewhere ?? this.#options.endpoint))
    this.#elsewhere = null
    this.#watch = watch
    this.#firstFrameMs = null
    // Asking again for a stream that is not there is no news: the page would flicker.
    if (this.#status.state !== 'waiting') this.#set({ state: 'connecting', reason, said })
    try {
      await watch.playback.open()
    } catch (error) {
      if (this.#watch === watch) this.#onFailure(failureOf(error))
      return
    }
    if (this.#watch !== watch) return
    this.#set({ state: 'connecting', reason, said })
    if (this.#chosen !== null) void watch.renditions.start(this.#chosen)
  }

  #newWatch(session: PlayerSession): Watch {
    // Neither calls back after its end, so what they say is of the watch that is on, or of the next one.
    const watch: Watch = {
      playback: new Playback(session, this.#options.video, {
        onFirstFrame: (ms) => {
          this.#firstFrameMs = ms
          this.emit('firstframe', ms)
        },
        onVerdict: (verdict, at) => {
          if (watch !== this.#next) this.#onVerdict(watch, verdict, at)
        },
        onStats: (stats) => {
          if (watch !== this.#next) this.emit('stats', stats)
        },
        onBlocked: (blocked) => this.#set({ ...this.#status, blocked }),
        onLost: (loss) => {
          if (watch === this.#next) this.#forgetNext()
          else this.#lose(reasonOfLoss(loss))
        },
      }),
      renditions: new Renditions(session, {
        onChange: (renditions) => this.#setRenditions(renditions),
        onReconnect: (url) => void this.#moveTo(url),
      }),
      serverGone: false,
      playingSince: null,
      undecodableSince: null,
    }
    return watch
  }

  #onVerdict(watch: Watch, verdict: Verdict, now: number): void {
    if (verdict !== 'undecodable') watch.undecodableSince = null
    switch (verdict) {
      case 'flowing':
      case 'audio_only':
        watch.serverGone = false
        watch.playingSince ??= now
        // What there is to choose from may come after the picture.
        void watch.renditions.start(this.#chosen)
        if (now - watch.playingSince >= HEALTHY_MS) this.#retry.reset()
        this.#wait.reset()
        this.#set({ state: 'playing', audioOnly: verdict === 'audio_only' })
        break
      case 'quiet':
        this.#set({ state: 'stalled', reason: this.#whyQuiet(watch) })
        break
      case 'picture_paused':
        this.#set({ state: 'stalled', reason: 'picture_paused' })
        break
      case 'undecodable':
        watch.undecodableSince ??= now
        if (now - watch.undecodableSince >= UNDECODABLE_GRACE_MS) this.#lose('decode_stalled')
        else if (now - watch.undecodableSince >= UNDECODABLE_NEWS_MS) this.#set({ state: 'stalled', reason: 'decode_stalled' })
    }
  }

  #whyQuiet({ playback, serverGone }: Watch): Reason {
    if (!playback.interrupted) return 'publisher_gone'
    return serverGone ? 'server_unreachable' : 'connection_lost'
  }

  #onFailure(failure: Failure<Reason>): void {
    this.#drop()
    const { reason, said } = failure
    if (failure.final) {
      this.#set({ state: 'failed', reason, said })
    } else if (reason === 'not_live' || reason === 'source_down') {
      this.#later('waiting', reason, said, this.#wait.next(failure.waitMs))
    } else {
      this.#later('retrying', reason, said, this.#retry.next(failure.waitMs))
    }
  }

  /** The session is lost: another one, after a moment. */
  #lose(reason: Reason): void {
    // The server ends the sessions of a publisher that stays away; that is no news to tell.
    const { state, reason: known } = this.#status
    const gone = state === 'stalled' && known === 'publisher_gone' && reason === 'connection_lost'
    this.#drop()
    this.#later('retrying', gone ? 'publisher_gone' : reason, '', this.#retry.next())
  }

  #later(state: State, reason: Reason, said: string, delayMs: number): void {
    this.#set({ state, reason, said, retryAt: performance.now() + delayMs })
    this.#timer = setTimeout(() => void this.#attempt(reason === 'not_live' ? null : reason, said), delayMs)
  }

  /** The server asks us to come again, here or elsewhere: the new session takes over when it has a picture. */
  async #moveTo(url: string | null): Promise<void> {
    if (this.#watch === null || this.#next !== null) return
    this.#elsewhere = url
    const next = this.#newWatch(this.#connect(url ?? this.#options.endpoint))
    this.#next = next
    try {
      await next.playback.openUnseen()
    } catch (error) {
      if (this.#next !== next) return
      this.#forgetNext()
      // Without an address it is over where it was; else it goes on there for a while.
      if (url === null) this.#onFailure(failureOf(error))
      return
    }
    if (this.#next !== next) return
    this.#next = null
    this.#elsewhere = null
    this.#drop()
    this.#watch = next
    void next.renditions.start(this.#chosen)
  }

  #forgetNext(): void {
    const next = this.#next
    this.#next = null
    next?.renditions.stop()
    next?.playback.end(false)
  }

  #setRenditions(renditions: Rendition[]): void {
    this.#renditions = renditions
    this.emit('renditions', renditions)
  }

  #drop(keepalive = false): void {
    clearTimeout(this.#timer)
    this.#forgetNext()
    const watch = this.#watch
    this.#watch = null
    if (watch === null) return
    watch.renditions.stop()
    watch.playback.end(keepalive)
  }

  #set(status: Partial<Status> & { state: State }): void {
    const next: Status = { ...IDLE, blocked: this.#status.blocked, ...status }
    const same = (Object.keys(next) as (keyof Status)[]).every((k) => next[k] === this.#status[k])
    if (same) return
    this.#status = next
    this.emit('status', next)
  }
}

function reasonOfLoss(loss: Loss): Reason {
  return loss === 'ended' ? 'connection_lost' : loss
}
