import { h, setAttribute, setText } from '../dom.ts'
import { canFullscreen, isFullscreen, onFullscreenChange, toggleFullscreen } from '../fullscreen.ts'
import { icon } from '../icons.ts'
import type { Command } from '../keyboard.ts'
import { Overlay } from '../overlay.ts'
import type { Player } from '../player.ts'
import type { Stats } from '../stats.ts'
import type { Status } from '../status.ts'
import { rememberedVolume, rememberVolume, stepVolume } from '../volume.ts'
import { Controls } from './controls.ts'
import { Curtain, type Help } from './curtain.ts'
import { Idle } from './idle.ts'

/** Two clicks within this are one double click. */
const DOUBLE_CLICK_MS = 220

/** The picture with all that lies over it, bound to a player. What is done by mouse, finger and key ends in command(). */
export class Theatre {
  readonly #element: HTMLElement
  readonly #video: HTMLVideoElement
  readonly #player: Player
  readonly #controls: Controls
  readonly #curtain: Curtain
  readonly #overlay: Overlay
  readonly #idle: Idle
  readonly #unmute: HTMLButtonElement
  readonly #said = h('span', { class: 'visually-hidden', role: 'status' })
  /** Sound was never switched on or off here: the first click means "let me hear". */
  #untouched = true
  #hasSound = true
  #click: ReturnType<typeof setTimeout> | undefined
  readonly #offs: (() => void)[]

  /** help finds the page that says more about a failure, where there is one. */
  constructor(element: HTMLElement, video: HTMLVideoElement, player: Player, help: Help | null = null) {
    this.#element = element
    this.#video = video
    this.#player = player
    this.#controls = new Controls({
      onCommand: (command) => this.command(command),
      onVolume: (volume) => this.#setVolume(volume),
      onRendition: (rid) => void this.#choose(rid),
      canFullscreen: canFullscreen(element, video),
    })
    this.#curtain = new Curtain(
      () => player.retryNow(),
      () => this.#play(),
      help,
    )
    this.#overlay = new Overlay(() => this.command('stats'))
    const hear = () => this.#setMuted(false)
    this.#unmute = h('button', { class: 'unmute', type: 'button', hidden: true, onclick: hear }, icon('muted'), 'Unmute')
    element.append(this.#curtain.element, this.#overlay.element, this.#unmute, this.#controls.element, this.#said)
    this.#idle = new Idle(element)
    this.#offs = this.#listen()
    video.volume = rememberedVolume()
    this.#showVolume()
    this.#showStatus(player.status)
  }

  /** Whether the stream has sound at all; a button to hear nothing is no use. */
  set hasSound(yes: boolean) {
    this.#hasSound = yes
    this.#showUnmute()
  }

  command(command: Command): void {
    this.#idle.wake()
    switch (command) {
      case 'toggle':
        return this.#toggle()
      case 'mute':
        return this.#setMuted(!this.#video.muted && this.#video.volume > 0)
      case 'fullscreen':
        return toggleFullscreen(this.#element, this.#video)
      case 'stats':
        return this.#toggleStats()
      case 'louder':
        return this.#setVolume(stepVolume(this.#heard(), 1), true)
      case 'softer':
        return this.#setVolume(stepVolume(this.#heard(), -1), true)
    }
  }

  /** Lets go of what is outside of it; it is not to be used any more. */
  close(): void {
    clearTimeout(this.#click)
    this.#idle.stop()
    for (const off of this.#offs) off()
  }

  #listen(): (() => void)[] {
    this.#video.addEventListener('volumechange', () => this.#showVolume())
    this.#video.addEventListener('click', (event) => this.#onClick(event))
    this.#video.addEventListener('dblclick', () => {
      clearTimeout(this.#click)
      this.command('fullscreen')
    })
    return [
      this.#player.on('status', (status) => this.#showStatus(status)),
      this.#player.on('stats', (stats) => this.#showStats(stats)),
      this.#player.on('renditions', () => this.#showRenditions()),
      onFullscreenChange(() => this.#controls.showFullscreen(isFullscreen())),
    ]
  }

  #onClick(event: MouseEvent): void {
    if (this.#untouched && this.#video.muted && this.#hasSound) return this.#setMuted(false)
    // A finger asks for the controls first; only a mouse has shown them already.
    if ((event as PointerEvent).pointerType === 'touch') return
    clearTimeout(this.#click)
    if (event.detail < 2) this.#click = setTimeout(() => this.#toggle(), DOUBLE_CLICK_MS)
  }

  #toggle(): void {
    const { state, blocked } = this.#player.status
    if (state === 'failed') this.#player.retryNow()
    else if (state === 'paused' || state === 'idle' || blocked) this.#play()
    else this.#player.pause()
  }

  #play(): void {
    if (this.#player.status.blocked) this.#player.unblock()
    this.#player.start()
  }

  async #choose(rid: string | null): Promise<void> {
    const choosing = this.#player.choose(rid)
    this.#showRenditions()
    if (!(await choosing)) setText(this.#said, 'The server refused this quality')
    this.#showRenditions()
  }

  #showRenditions(): void {
    this.#controls.showRenditions(this.#player.renditions, this.#player.chosen)
  }

  #heard(): number {
    return this.#video.muted ? 0 : this.#video.volume
  }

  #setMuted(muted: boolean): void {
    this.#untouched = false
    this.#video.muted = muted
    if (!muted && this.#video.volume === 0) this.#video.volume = 0.5
    if (this.#player.status.blocked) this.#player.unblock()
    setText(this.#said, muted ? 'Sound off' : 'Sound on')
    this.#showVolume()
  }

  #setVolume(volume: number, say = false): void {
    this.#untouched = false
    this.#video.muted = volume === 0
    if (volume > 0) {
      this.#video.volume = volume
      rememberVolume(volume)
    }
    if (say) setText(this.#said, `Volume ${Math.round(volume * 100)} %`)
    this.#showVolume()
  }

  #toggleStats(): void {
    const focused = this.#overlay.element.matches(':focus-within')
    this.#overlay.shown = !this.#overlay.shown
    this.#controls.showStats(this.#overlay.shown)
    if (focused) this.#element.querySelector<HTMLButtonElement>('.controls [aria-keyshortcuts="i"]')?.focus()
    if (this.#overlay.shown) void this.#player.stats().then((stats) => this.#overlay.update(stats, this.#player.firstFrameMs))
  }

  #showStatus(status: Status): void {
    setAttribute(this.#element, 'data-state', status.state)
    setAttribute(this.#element, 'data-reason', status.reason ?? undefined)
    this.#controls.showStatus(status)
    this.#curtain.update(status)
    this.#showUnmute()
    if (status.state !== 'playing') this.#idle.wake()
  }

  #showStats(stats: Stats): void {
    this.#controls.showLatency(this.#player.status.state === 'playing' ? stats.latencyMs : null)
    if (this.#overlay.shown) this.#overlay.update(stats, this.#player.firstFrameMs)
  }

  #showVolume(): void {
    this.#controls.showVolume(this.#video.volume, this.#video.muted)
    this.#showUnmute()
  }

  #showUnmute(): void {
    const { state, blocked } = this.#player.status
    this.#unmute.hidden = !(this.#video.muted && this.#untouched && this.#hasSound && state === 'playing' && !blocked)
  }
}
