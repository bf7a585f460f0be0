import { setAttribute } from '../dom.ts'

/** After this long without a move, nothing lies over the picture any more. */
const IDLE_MS = 2500

/** Marks the player with data-idle while nobody touches it, so that its controls can step back. */
export class Idle {
  readonly #player: HTMLElement
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(player: HTMLElement) {
    this.#player = player
    for (const name of ['pointermove', 'pointerdown', 'keydown', 'focusin'] as const) {
      player.addEventListener(name, () => this.wake())
    }
    player.addEventListener('pointerleave', (event) => event.pointerType === 'mouse' && this.#sleep())
    this.wake()
  }

  get idle(): boolean {
    return this.#player.hasAttribute('data-idle')
  }

  wake(): void {
    setAttribute(this.#player, 'data-idle', undefined)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#sleep(), IDLE_MS)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #sleep(): void {
    clearTimeout(this.#timer)
    // Whoever goes through the controls by keyboard, or has a list of theirs open, needs to see them.
    if (this.#player.querySelector('.controls :is(:focus-visible, [aria-expanded="true"])') === null) setAttribute(this.#player, 'data-idle', true)
    else this.#timer = setTimeout(() => this.#sleep(), IDLE_MS)
  }
}
