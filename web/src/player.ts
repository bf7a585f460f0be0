import { Backoff } from './backoff.ts'
import { Emitter } from './emitter.ts'
import { type Failure, failureOf, type Reason } from './reason.ts'
import { type Stats, StatsMeter } from './stats.ts'
import { type Verdict, Watchdog } from './watchdog.ts'
import { type Link, WhepSession } from './whep.ts'

export type State =
  /** Not started. */
  | 'idle'
  /** A session is being opened, or is open and its first frame has not been shown; the reason is that of the last failure. */
  | 'connecting'
  /** The stream is not live; asking again until it is. */
  | 'waiting'
  | 'playing'
  /** The session stands and the picture does not move; see the reason. */
  | 'stalled'
  /** Without a session; trying again at retryAt. */
  | 'retrying'
  /** Trying again by itself makes no sense; see the reason. */
  | 'failed'
  /** Stopped by the user. */
  | 'paused'

export interface Status {
  state: State
  reason: Reason | null
  /** The server's own words about the reason, "" if there are none. */
  said: string
  /** performance.now() of the next try, or null. */
  retryAt: number | null
  audioOnly: boolean
  /** The browser wants a click before it plays. */
  blocked: boolean
}

/** What the player needs of a WHEP session. */
export interface Session {
  readonly media: MediaStream
  readonly postedAt: number
  readonly iceConnected: boolean
  open(): Promise<void>
  close(keepalive?: boolean): void
  getStats(): Promise<Iterable<[string, unknown]>>
  on(name: 'link', fn: (link: Link) => void): () => void
}

/** What the player needs of a video element. */
export interface Surface {
  srcObject: MediaProvider | null
  muted: boolean
  play(): Promise<void>
  pause(): void
  requestVideoFrameCallback?(fn: (now: number, frame: { presentationTime: number }) => void): number
}

export interface PlayerOptions {
  /** Where to show the stream. Mute it for a start without a click. */
  video: Surface
  /** The WHEP endpoint. */
  endpoint: string
  token?: string
  /** For tests: sessions and chance of another make. */
  connect?: () => Session
  random?: () => number
}

export interface PlayerEvents {
  status: Status
  /** Once a second while a session stands, oftener before the first frame. */
  stats: Stats
  /** Milliseconds from the POST to the first frame on the screen, once per session. */
  firstframe: number
}

/** No packet within this after the answer: UDP does not come through. Browsers themselves wait for half a minute. */
const ICE_DEADLINE_MS = 8000
/** "disconnected" often heals by itself; after this the session is given up. */
const DISCONNECT_GRACE_MS = 3000
/** A picture that cannot be decoded is waited for this long, then a new session (and so a new keyframe) is taken. */
const UNDECODABLE_GRACE_MS = 3000
/** A session that has played for this long makes earlier failures forgotten. */
const HEALTHY_MS = 10_000
const POLL_STARTING_MS = 250
const POLL_MS = 1000

const RETRY = { baseMs: 400, maxMs: 15_000, factor: 2, jitter: 0.5 }
const WAIT = { baseMs: 1000, maxMs: 8000, factor: 1.5, jitter: 0.3 }

/** A session that stands, with what looks after it. */
interface Watch {
  session: Session
  meter: StatsMeter
  watchdog: Watchdog
  offs: (() => void)[]
  poll: ReturnType<typeof setTimeout> | undefined
  deadline: ReturnType<typeof setTimeout> | undefined
  connected: boolean
  playingSince: number | null
  undecodableSince: number | null
  /** The video element was given the sound alone. */
  soundOnly: boolean
}

/**
 * Plays one stream over WHEP into a video element and keeps it playing: waits for a stream that is not there,
 * reconnects with growing delays, says why nothing is seen. It knows no page.
 */
export class Player extends Emitter<PlayerEvents> {
  readonly #options: PlayerOptions
  readonly #connect: () => Session
  readonly #retry: Backoff
  readonly #wait: Backoff
  #watch: Watch | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #status: Status = { state: 'idle', reason: null, said: '', retryAt: null, audioOnly: false, blocked: false }
  #firstFrameMs: number | null = null

  constructor(options: PlayerOptions) {
    super()
    this.#options = options
    const whep = { endpoint: options.endpoint, ...(options.token === undefined ? {} : { token: options.token }) }
    this.#connect = options.connect ?? (() => new WhepSession(whep))
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

  /** Gives up a session that stands still because the caller knows that its server is gone. */
  serverGone(): void {
    if (this.#status.state === 'stalled') this.#lose('server_unreachable')
  }

  /** Ends everything. keepalive lets the farewell outlive the page. start() works again afterwards. */
  close(keepalive = false): void {
    this.#drop(keepalive)
    this.#options.video.srcObject = null
    this.#set({ state: 'idle' })
  }

  /** Lets the video play after a click when the browser wanted one. */
  unblock(): void {
    void this.#play()
  }

  /** A fresh sample of the current session, or null without one. */
  async stats(): Promise<Stats | null> {
    const watch = this.#watch
    if (watch === null) return null
    return watch.meter.read(await watch.session.getStats(), performance.now())
  }

  #restart(): void {
    this.#retry.reset()
    this.#wait.reset()
    void this.#attempt(null)
  }

  /** reason is why the last session or try failed: it stays in the status until there is a picture, so that people can read it. */
  async #attempt(reason: Reason | null, said = ''): Promise<void> {
    this.#drop()
    const session = this.#connect()
    const watch: Watch = {
      session,
      meter: new StatsMeter(),
      watchdog: new Watchdog(),
      offs: [session.on('link', (link) => this.#onLink(watch, link))],
      poll: undefined,
      deadline: undefined,
      connected: false,
      playingSince: null,
      undecodableSince: null,
      soundOnly: false,
    }
    this.#watch = watch
    this.#firstFrameMs = null
    // Asking again for a stream that is not there is no news: the page would flicker.
    if (this.#status.state !== 'waiting') this.#set({ state: 'connecting', reason, said })
    try {
      await session.open()
    } catch (error) {
      if (this.#watch === watch) this.#onFailure(failureOf(error))
      return
    }
    if (this.#watch !== watch) return
    this.#set({ state: 'connecting', reason, said })
    this.#present(watch)
    if (!watch.connected) this.#expect(watch, ICE_DEADLINE_MS, 'udp_blocked')
  }

  /** Shows the session's media, and notes when its first frame is on the screen. */
  #present(watch: Watch): void {
    const { video } = this.#options
    video.srcObject = watch.session.media
    video.requestVideoFrameCallback?.((now, frame) => {
      if (this.#watch !== watch) return
      const shownAt = frame.presentationTime >= watch.session.postedAt ? frame.presentationTime : now
      this.#firstFrameMs = shownAt - watch.session.postedAt
      this.emit('firstframe', this.#firstFrameMs)
      this.#onVerdict(watch, 'flowing', performance.now())
    })
    void this.#play()
  }

  async #play(): Promise<void> {
    const { video } = this.#options
    try {
      await video.play()
    } catch (error) {
      // AbortError only means that another session took the element over.
      if (!(error instanceof Error) || error.name !== 'NotAllowedError') return
      if (!video.muted) {
        video.muted = true
        return this.#play()
      }
      this.#set({ ...this.#status, blocked: true })
      return
    }
    if (this.#status.blocked) this.#set({ ...this.#status, blocked: false })
  }

  #onLink(watch: Watch, link: Link): void {
    if (this.#watch !== watch) return
    clearTimeout(watch.deadline)
    if (link === 'connected') {
      if (!watch.connected) this.#poll(watch)
      watch.connected = true
    } else if (link === 'connecting') {
      this.#expect(watch, ICE_DEADLINE_MS, watch.connected ? 'connection_lost' : 'udp_blocked')
    } else if (link === 'disconnected') {
      this.#expect(watch, DISCONNECT_GRACE_MS, watch.connected ? 'connection_lost' : 'udp_blocked')
    } else {
      this.#lose(watch.connected || watch.session.iceConnected ? 'connection_lost' : 'udp_blocked')
    }
  }

  #expect(watch: Watch, withinMs: number, otherwise: Reason): void {
    watch.deadline = setTimeout(() => this.#lose(otherwise), withinMs)
  }

  #poll(watch: Watch): void {
    const tick = async () => {
      const stats = await watch.session.getStats().then(
        (report) => watch.meter.read(report, performance.now()),
        () => null,
      )
      if (this.#watch !== watch) return
      if (stats !== null) {
        this.#onVerdict(watch, watch.watchdog.observe(stats), stats.at)
        if (this.#watch !== watch) return
        this.emit('stats', stats)
      }
      watch.poll = setTimeout(tick, this.#status.state === 'playing' ? POLL_MS : POLL_STARTING_MS)
    }
    watch.poll = setTimeout(tick, 0)
  }

  #onVerdict(watch: Watch, verdict: Verdict, now: number): void {
    if (verdict !== 'undecodable') watch.undecodableSince = null
    switch (verdict) {
      case 'flowing':
      case 'audio_only':
        watch.playingSince ??= now
        if (now - watch.playingSince >= HEALTHY_MS) this.#retry.reset()
        this.#wait.reset()
        this.#showPicture(watch, verdict === 'flowing')
        this.#set({ state: 'playing', audioOnly: verdict === 'audio_only' })
        break
      case 'quiet':
        this.#set({ state: 'stalled', reason: 'publisher_gone' })
        break
      case 'picture_paused':
        this.#set({ state: 'stalled', reason: 'picture_paused' })
        break
      case 'undecodable':
        watch.undecodableSince ??= now
        if (now - watch.undecodableSince >= UNDECODABLE_GRACE_MS) this.#lose('decode_stalled')
        else this.#set({ state: 'stalled', reason: 'decode_stalled' })
    }
  }

  /** A video element waits for the first frame of every track of pictures: without one it plays only a stream that has no such track. */
  #showPicture(watch: Watch, yes: boolean): void {
    if (yes !== watch.soundOnly) return
    const { media } = watch.session
    watch.soundOnly = !yes
    this.#options.video.srcObject = yes ? media : new MediaStream(media.getAudioTracks())
    void this.#play()
  }

  #onFailure(failure: Failure): void {
    this.#drop()
    const { reason, said } = failure
    if (failure.final) {
      this.#set({ state: 'failed', reason, said })
    } else if (reason === 'not_live') {
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

  #drop(keepalive = false): void {
    clearTimeout(this.#timer)
    const watch = this.#watch
    this.#watch = null
    if (watch === null) return
    clearTimeout(watch.poll)
    clearTimeout(watch.deadline)
    for (const off of watch.offs) off()
    watch.session.close(keepalive)
  }

  #set(status: Partial<Status> & { state: State }): void {
    const blank = { reason: null, said: '', retryAt: null, audioOnly: false, blocked: this.#status.blocked }
    const next: Status = { ...blank, ...status }
    const same = (Object.keys(next) as (keyof Status)[]).every((k) => next[k] === this.#status[k])
    if (same) return
    this.#status = next
    this.emit('status', next)
  }
}
