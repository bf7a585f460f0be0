import { Backoff } from '../backoff.ts'
import { Emitter } from '../emitter.ts'
import type { Failure } from '../failure.ts'
import { Lifeline, type Loss, type Mendable } from '../lifeline.ts'
import { WhipSession } from '../whip.ts'
import { codecPreferences, contentHint, encodingsOf, tuneAudio, tuneVideo } from './encoding.ts'
import { publishFailureOf } from './reason.ts'
import { DEFAULT_SETTINGS, type EncodingSettings } from './settings.ts'
import { OutboundMeter, type PublishStats } from './stats.ts'
import type { PublishReason, PublishState, PublishStatus } from './status.ts'

/** What the publisher needs of a WHIP session. */
export interface PublisherSession extends Mendable {
  open(): Promise<void>
  close(keepalive?: boolean): Promise<void>
  getStats(): Promise<Iterable<[string, unknown]>>
  replaceTrack(kind: 'video' | 'audio', track: MediaStreamTrack | null): Promise<void>
  configure(kind: 'video' | 'audio', change: (parameters: RTCRtpSendParameters) => void): Promise<void>
}

/** What is published. Either may be missing, now or for a while. */
export interface Tracks {
  video: MediaStreamTrack | null
  audio: MediaStreamTrack | null
}

export interface PublisherOptions {
  /** The WHIP endpoint. */
  endpoint: string
  token?: string
  settings?: Partial<EncodingSettings>
  /** For tests: sessions and chance of another make. */
  connect?: (tracks: Tracks, settings: EncodingSettings) => PublisherSession
  random?: () => number
}

export interface PublisherEvents {
  status: PublishStatus
  /** Once a second while a session stands. */
  stats: PublishStats
}

/** A session that was live for this long makes earlier failures forgotten. */
const HEALTHY_MS = 10_000
/**
 * A name that is taken may be our own, of a page that was closed without a farewell: the gateway gives it up when
 * its holder has been silent for five seconds.
 */
const TAKEN_PATIENCE_MS = 9000
const POLL_MS = 1000
const RETRY = { baseMs: 400, maxMs: 15_000, factor: 2, jitter: 0.3 }

/**
 * Publishes tracks over WHIP and keeps publishing them: reconnects with growing delays, says why nothing goes out.
 * It captures nothing and knows no page.
 */
export class Publisher extends Emitter<PublisherEvents> {
  readonly #options: PublisherOptions
  readonly #retry: Backoff
  #token: string | undefined
  #settings: EncodingSettings
  #tracks: Tracks = { video: null, audio: null }
  #session: PublisherSession | null = null
  #lifeline: Lifeline | null = null
  #meter = new OutboundMeter()
  #timer: ReturnType<typeof setTimeout> | undefined
  #poll: ReturnType<typeof setTimeout> | undefined
  #status: PublishStatus = { state: 'idle', reason: null, said: '', retryAt: null }
  #takenSince: number | null = null
  #liveSince: number | null = null
  /** Published since start(): whoever has the name now has taken it from us. */
  #wasLive = false

  constructor(options: PublisherOptions) {
    super()
    this.#options = options
    this.#token = options.token
    this.#settings = { ...DEFAULT_SETTINGS, ...options.settings }
    this.#retry = new Backoff(RETRY, options.random)
  }

  get status(): PublishStatus {
    return this.#status
  }

  get settings(): EncodingSettings {
    return this.#settings
  }

  /** performance.now() since when the present session has been live; null without one. */
  get liveSince(): number | null {
    return this.#liveSince
  }

  /** For the next try: what the server wants to see; undefined sends none. */
  set token(token: string | undefined) {
    this.#token = token
  }

  /** Publishes, until stop(). Does nothing while running. A MediaStream gives its first track of each kind. */
  start(media: MediaStream | Tracks): void {
    if (this.#status.state !== 'idle') return
    this.#tracks = 'getTracks' in media ? { video: media.getVideoTracks()[0] ?? null, audio: media.getAudioTracks()[0] ?? null } : media
    this.#wasLive = false
    this.#restart()
  }

  /** Sends another track of that kind from now on, or none. */
  async setTrack(kind: 'video' | 'audio', track: MediaStreamTrack | null): Promise<void> {
    if (this.#tracks[kind] === track) return
    this.#tracks = { ...this.#tracks, [kind]: track }
    await this.#session?.replaceTrack(kind, track)
    await this.#tune()
  }

  /** Changes how it is sent. Another codec, or simulcast on or off, takes a new session: viewers see a short pause. */
  async configure(settings: Partial<EncodingSettings>): Promise<void> {
    const before = this.#settings
    this.#settings = { ...before, ...settings }
    if (this.#session === null) return
    if (before.codec === this.#settings.codec && before.simulcast === this.#settings.simulcast) return this.#tune()
    this.#set('connecting')
    // The name is free when the server has heard the farewell.
    await this.#drop()
    if (this.#session === null && this.#status.state === 'connecting') void this.#attempt(null)
  }

  /** Tries at once what would be tried later, or never. For a button, and for news that it may work now. */
  retryNow(): void {
    const { state } = this.#status
    if (state === 'retrying' || state === 'failed') this.#restart()
  }

  /** For callers that know of it: another network is there now. */
  networkChanged(): void {
    this.#lifeline?.networkChanged()
    if (this.#status.state === 'retrying') this.#restart()
  }

  /** Ends everything. keepalive lets the farewell outlive the page. start() works again afterwards. */
  stop(keepalive = false): void {
    void this.#drop(keepalive)
    this.#set('idle')
  }

  /** A fresh sample of the current session, or null without one. */
  async stats(): Promise<PublishStats | null> {
    return this.#session === null ? null : this.#meter.read(await this.#session.getStats(), performance.now())
  }

  #restart(): void {
    this.#retry.reset()
    this.#takenSince = null
    void this.#attempt(null)
  }

  async #attempt(reason: PublishReason | null, said = ''): Promise<void> {
    void this.#drop()
    const session = this.#connect()
    const current = () => this.#session === session
    this.#session = session
    this.#meter = new OutboundMeter()
    this.#lifeline = new Lifeline(session, {
      onConnected: () => this.#onConnected(session),
      onInterrupted: () => this.#set('stalled', 'connection_lost'),
      onLost: (loss) => this.#lose(loss),
    })
    this.#set('connecting', reason, said)
    const before = this.#tracks
    try {
      await session.open()
    } catch (error) {
      if (current()) this.#onFailure(publishFailureOf(error))
      return
    }
    if (!current()) return
    this.#lifeline?.answered()
    // Tracks may have been exchanged while the server was thinking.
    for (const kind of ['video', 'audio'] as const) {
      if (this.#tracks[kind] !== before[kind]) await session.replaceTrack(kind, this.#tracks[kind])
    }
    await this.#tune()
  }

  #connect(): PublisherSession {
    const tracks = this.#tracks
    const settings = this.#settings
    if (this.#options.connect !== undefined) return this.#options.connect(tracks, settings)
    const capabilities = globalThis.RTCRtpSender?.getCapabilities?.('video')?.codecs
    return new WhipSession({
      endpoint: this.#options.endpoint,
      ...(this.#token === undefined ? {} : { token: this.#token }),
      ...tracks,
      encodings: encodingsOf(settings, tracks.video?.getSettings() ?? {}),
      codecs: capabilities === undefined ? null : codecPreferences(capabilities, settings.codec),
    })
  }

  /** Brings the running encoders up to date. What a browser refuses of it is not worth a session. */
  async #tune(): Promise<void> {
    const session = this.#session
    const { video } = this.#tracks
    if (session === null) return
    if (video !== null) video.contentHint = contentHint(this.#settings)
    await session.configure('video', (p) => tuneVideo(p, this.#settings, video?.getSettings() ?? {})).catch(() => {})
    await session.configure('audio', (p) => tuneAudio(p, this.#settings)).catch(() => {})
  }

  #onConnected(session: PublisherSession): void {
    if (this.#session !== session) return
    this.#liveSince ??= performance.now()
    this.#wasLive = true
    this.#takenSince = null
    this.#set('live')
    if (this.#poll === undefined) this.#poll = setTimeout(() => void this.#look(session), 0)
  }

  async #look(session: PublisherSession): Promise<void> {
    const stats = await this.stats().catch(() => null)
    if (this.#session !== session) return
    if (performance.now() - (this.#liveSince ?? Infinity) >= HEALTHY_MS) this.#retry.reset()
    if (stats !== null) this.emit('stats', stats)
    this.#poll = setTimeout(() => void this.#look(session), POLL_MS)
  }

  #onFailure(failure: Failure<PublishReason>): void {
    void this.#drop()
    const { reason, said } = failure
    const now = performance.now()
    if (reason === 'name_taken') this.#takenSince ??= now
    // Without ever having had the name there is no point in waiting for its holder to leave.
    const hopeless = reason === 'name_taken' && !this.#wasLive && now - (this.#takenSince ?? now) >= TAKEN_PATIENCE_MS
    if (failure.final || hopeless) return this.#set('failed', reason, said)
    this.#later(reason, said, this.#retry.next(failure.waitMs))
  }

  #lose(reason: Loss): void {
    void this.#drop()
    this.#later(reason, '', this.#retry.next())
  }

  #later(reason: PublishReason, said: string, delayMs: number): void {
    this.#set('retrying', reason, said, performance.now() + delayMs)
    this.#timer = setTimeout(() => void this.#attempt(reason, said), delayMs)
  }

  async #drop(keepalive = false): Promise<void> {
    clearTimeout(this.#timer)
    clearTimeout(this.#poll)
    this.#poll = undefined
    this.#liveSince = null
    this.#lifeline?.stop()
    this.#lifeline = null
    const session = this.#session
    this.#session = null
    await session?.close(keepalive)
  }

  #set(state: PublishState, reason: PublishReason | null = null, said = '', retryAt: number | null = null): void {
    const { state: s, reason: r, said: w, retryAt: t } = this.#status
    if (s === state && r === reason && w === said && t === retryAt) return
    this.#status = { state, reason, said, retryAt }
    this.emit('status', this.#status)
  }
}
