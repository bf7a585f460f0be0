import { h, setAttribute, setText } from '../dom.ts'
import * as f from '../format.ts'
import type { Command } from '../keyboard.ts'
import type { Rendition } from '../renditions.ts'
import type { Status } from '../status.ts'
import { IconButton } from './icon-button.ts'
import { QualityMenu } from './quality-menu.ts'

export interface ControlsOptions {
  onCommand: (command: Command) => void
  onVolume: (volume: number) => void
  /** null leaves the choice to the server. */
  onRendition: (rid: string | null) => void
  canFullscreen: boolean
}

/** The bar under the picture. It only shows and asks; the page decides. */
export class Controls {
  readonly element: HTMLElement
  readonly #play: IconButton
  readonly #mute: IconButton
  readonly #stats: IconButton
  readonly #fullscreen: IconButton
  readonly #quality: QualityMenu
  readonly #volume: HTMLInputElement
  readonly #badge = h('span', { class: 'badge' })
  readonly #latency = h('span', { class: 'latency', title: 'Latency from the gateway to this screen' })

  constructor({ onCommand, onVolume, onRendition, canFullscreen }: ControlsOptions) {
    this.#play = new IconButton('pause', 'Pause', 'k', () => onCommand('toggle'))
    this.#mute = new IconButton('muted', 'Unmute', 'm', () => onCommand('mute'))
    this.#stats = new IconButton('stats', 'Statistics', 'i', () => onCommand('stats'))
    this.#fullscreen = new IconButton('enter', 'Full screen', 'f', () => onCommand('fullscreen'))
    this.#fullscreen.element.hidden = !canFullscreen
    this.#quality = new QualityMenu(onRendition)
    this.#volume = h('input', {
      class: 'volume',
      type: 'range',
      min: 0,
      max: 1,
      step: 0.05,
      'aria-label': 'Volume',
      oninput: () => onVolume(this.#volume.valueAsNumber),
    })
    this.element = h(
      'div',
      { class: 'controls', role: 'group', 'aria-label': 'Player controls' },
      this.#play.element,
      this.#mute.element,
      this.#volume,
      this.#badge,
      this.#latency,
      h('span', { class: 'controls-gap' }),
      this.#quality.element,
      this.#stats.element,
      this.#fullscreen.element,
    )
  }

  showStatus(status: Status): void {
    const paused = status.state === 'paused' || status.state === 'idle' || status.state === 'failed'
    this.#play.show(paused ? 'play' : 'pause', paused ? 'Play' : 'Pause')
    const live = status.state === 'playing'
    setText(this.#badge, live ? 'Live' : (BADGES[status.state] ?? ''))
    setAttribute(this.#badge, 'data-live', String(live))
    if (!live) setText(this.#latency, '')
  }

  showVolume(volume: number, muted: boolean): void {
    const silent = muted || volume === 0
    this.#mute.show(silent ? 'muted' : 'volume', silent ? 'Unmute' : 'Mute')
    const shown = muted ? 0 : volume
    this.#volume.valueAsNumber = shown
    this.#volume.style.setProperty('--filled', `${shown * 100}%`)
    setAttribute(this.#volume, 'aria-valuetext', muted ? 'muted' : f.percent(volume))
  }

  showLatency(ms: number | null): void {
    setText(this.#latency, ms === null ? '' : f.milliseconds(ms))
  }

  showRenditions(renditions: Rendition[], chosen: string | null): void {
    this.#quality.show(renditions, chosen)
  }

  showStats(shown: boolean): void {
    this.#stats.press(shown)
  }

  showFullscreen(on: boolean): void {
    this.#fullscreen.show(on ? 'exit' : 'enter', on ? 'Leave full screen' : 'Full screen')
  }
}

const BADGES: Partial<Record<Status['state'], string>> = {
  connecting: 'Connecting',
  waiting: 'Waiting',
  stalled: 'Stopped',
  retrying: 'Reconnecting',
  paused: 'Paused',
}
