import { commandOf } from './keyboard.ts'
import { Theatre } from './parts/theatre.ts'
import { Player, type PlayerEvents } from './player.ts'
import type { Rendition } from './renditions.ts'
import type { Stats } from './stats.ts'
import { IDLE, type Status } from './status.ts'
import styles from './styles/element.css?inline'

/** Modules are also read where there is no page (when a site is built on a server). */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement

export interface MillracePlayerEventMap {
  /** What it is doing, and why. */
  status: CustomEvent<Status>
  /** Once a second while a session stands. */
  stats: CustomEvent<Stats>
  /** Milliseconds from the request to the first frame on the screen. */
  firstframe: CustomEvent<number>
  /** What there is to choose from; empty where there is nothing. */
  renditions: CustomEvent<Rendition[]>
}

/**
 * `<millrace-player src="https://gateway/whep/live/x" autoplay muted controls>`: plays a WHEP stream and keeps it playing.
 * It takes the size that the site gives it, 16:9 without one.
 *
 * Attributes: `src` the WHEP endpoint; `autoplay` starts by itself; `muted` starts without sound, which browsers demand
 * of a start without a click; `controls` shows the controls, and in words why there is no picture; `token` is sent as a
 * bearer token.
 */
export class MillracePlayer extends Base {
  static readonly observedAttributes = ['src', 'token', 'controls', 'muted']

  readonly #video: HTMLVideoElement
  readonly #box: HTMLElement
  #player: Player | null = null
  #theatre: Theatre | null = null
  #wasPaused = false

  constructor() {
    super()
    const root = this.attachShadow({ mode: 'open' })
    style(root)
    this.#video = document.createElement('video')
    this.#video.playsInline = true
    this.#box = document.createElement('div')
    this.#box.className = 'player'
    this.#box.append(this.#video)
    root.append(this.#box)
    this.#box.addEventListener('keydown', (event) => this.#onKey(event))
  }

  /** Ends the session when the element leaves the page, and begins one when it comes back. */
  connectedCallback(): void {
    this.#video.muted = this.hasAttribute('muted')
    this.#build()
    window.addEventListener('online', this.#onOnline)
    window.addEventListener('pagehide', this.#onHide)
    window.addEventListener('pageshow', this.#onShow)
  }

  disconnectedCallback(): void {
    window.removeEventListener('online', this.#onOnline)
    window.removeEventListener('pagehide', this.#onHide)
    window.removeEventListener('pageshow', this.#onShow)
    this.#tearDown()
  }

  attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    if (!this.isConnected || before === value) return
    if (name === 'muted') this.#video.muted = value !== null
    else if (name === 'controls') this.#furnish()
    else this.#build()
  }

  /** The WHEP endpoint. */
  get src(): string {
    return this.getAttribute('src') ?? ''
  }
  set src(src: string) {
    this.setAttribute('src', src)
  }

  get controls(): boolean {
    return this.hasAttribute('controls')
  }
  set controls(yes: boolean) {
    this.toggleAttribute('controls', yes)
  }

  get autoplay(): boolean {
    return this.hasAttribute('autoplay')
  }
  set autoplay(yes: boolean) {
    this.toggleAttribute('autoplay', yes)
  }

  /** Whether it is silent now; the attribute is how it begins. */
  get muted(): boolean {
    return this.#video.muted
  }
  set muted(yes: boolean) {
    this.#video.muted = yes
  }

  /** 0..1 */
  get volume(): number {
    return this.#video.volume
  }
  set volume(volume: number) {
    this.#video.volume = volume
  }

  /** The element that shows the picture, for whatever is not offered here. */
  get video(): HTMLVideoElement {
    return this.#video
  }

  get status(): Status {
    return this.#player?.status ?? IDLE
  }

  get renditions(): Rendition[] {
    return this.#player?.renditions ?? []
  }

  /** Starts, or goes on at the live picture; also after a browser has refused to start without a click. */
  play(): void {
    if (this.status.blocked) this.#player?.unblock()
    if (this.status.state === 'failed') this.#player?.retryNow()
    this.#player?.start()
  }

  /** Ends the session and keeps the last picture. */
  pause(): void {
    this.#player?.pause()
  }

  /** A fresh sample of numbers, null without a session. */
  async stats(): Promise<Stats | null> {
    return (await this.#player?.stats()) ?? null
  }

  /** Chooses a rendition by its rid; null leaves it to the server. False if the server refuses. */
  async choose(rid: string | null): Promise<boolean> {
    return (await this.#player?.choose(rid)) ?? false
  }

  #build(): void {
    this.#tearDown()
    const { src } = this
    if (src === '') return
    const token = this.getAttribute('token')
    const player = new Player({ video: this.#video, endpoint: src, ...(token === null ? {} : { token }) })
    this.#player = player
    for (const name of ['status', 'stats', 'firstframe', 'renditions'] as const) {
      player.on(name, (detail: PlayerEvents[typeof name]) => this.dispatchEvent(new CustomEvent(name, { detail })))
    }
    this.#furnish()
    if (this.autoplay) player.start()
  }

  #furnish(): void {
    this.#theatre?.close()
    this.#theatre = null
    this.#box.replaceChildren(this.#video)
    // Keys are for whoever has chosen the player.
    this.#box.tabIndex = this.controls ? 0 : -1
    if (this.#player !== null && this.controls) this.#theatre = new Theatre(this.#box, this.#video, this.#player)
  }

  #tearDown(): void {
    this.#theatre?.close()
    this.#theatre = null
    this.#player?.close()
    this.#player = null
  }

  #onKey(event: KeyboardEvent): void {
    const target = event.composedPath()[0]
    const { key, ctrlKey, metaKey, altKey, repeat } = event
    const command = commandOf({ key, ctrlKey, metaKey, altKey, repeat, target: target instanceof Element ? target.tagName : '' })
    if (command === null || this.#theatre === null) return
    event.preventDefault()
    this.#theatre.command(command)
  }

  #onOnline = (): void => this.#player?.networkChanged()

  #onHide = (): void => {
    this.#wasPaused = this.status.state === 'paused' || this.status.state === 'idle'
    this.#player?.close(true)
  }

  /** A page that comes back out of the browser's history begins a new session. */
  #onShow = (event: PageTransitionEvent): void => {
    if (event.persisted && !this.#wasPaused) this.#player?.start()
  }
}

export interface MillracePlayer {
  addEventListener<K extends keyof MillracePlayerEventMap>(
    name: K,
    fn: (this: MillracePlayer, event: MillracePlayerEventMap[K]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void
  addEventListener(name: string, fn: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void
}

declare global {
  interface HTMLElementTagNameMap {
    'millrace-player': MillracePlayer
  }
}

/** Sheets that are made by script are allowed under every site's policy; browsers before 2023 take an element. */
function style(root: ShadowRoot): void {
  if ('adoptedStyleSheets' in root && 'replaceSync' in CSSStyleSheet.prototype) {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(styles)
    root.adoptedStyleSheets = [sheet]
    return
  }
  const element = document.createElement('style')
  element.textContent = styles
  root.append(element)
}
