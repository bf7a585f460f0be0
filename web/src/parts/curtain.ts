import { h, setAttribute, setText } from '../dom.ts'
import { icon } from '../icons.ts'
import type { Status } from '../status.ts'
import { wheel } from '../wheel.ts'
import { wordsFor } from '../words.ts'
import { Countdown } from './countdown.ts'

/** What lies over the picture when there is none: what is going on, why, and what can be done. */
export class Curtain {
  readonly element: HTMLElement
  readonly #title = h('p', { class: 'curtain-title', role: 'status' })
  readonly #detail = h('p', { class: 'curtain-detail' })
  readonly #remedy = h('p', { class: 'curtain-detail' })
  readonly #again: HTMLButtonElement
  readonly #countdown = new Countdown()
  readonly #play: HTMLButtonElement

  constructor(onAgain: () => void, onPlay: () => void) {
    this.#again = h('button', { class: 'button', type: 'button', onclick: onAgain }, 'Try now')
    this.#play = h('button', { class: 'big-play', type: 'button', 'aria-label': 'Play', onclick: onPlay }, icon('play'))
    this.element = h(
      'div',
      { class: 'curtain' },
      h(
        'div',
        { class: 'curtain-box' },
        wheel(),
        this.#play,
        this.#title,
        this.#detail,
        this.#remedy,
        h('div', { class: 'curtain-actions' }, this.#again, this.#countdown.element),
      ),
    )
  }

  update(status: Status): void {
    const { state } = status
    const wantsClick = state === 'paused' || state === 'idle' || (status.blocked && state === 'playing')
    // A further try looks like the wait for it: only the countdown goes.
    const again = state === 'connecting' && status.reason !== null
    const mode = wantsClick ? 'play' : state === 'playing' ? (status.audioOnly ? 'sound' : 'none') : again ? 'retrying' : state
    setAttribute(this.element, 'data-mode', mode)
    const words = mode === 'sound' ? { title: 'Sound only', detail: 'This stream has no picture.', remedy: '' } : wordsFor(status)
    setText(this.#title, mode === 'none' ? '' : status.blocked ? 'Press to play' : words.title)
    setText(this.#detail, words.detail)
    setText(this.#remedy, words.remedy)
    this.#play.hidden = !wantsClick
    this.#again.hidden = state !== 'retrying' && state !== 'failed'
    setText(this.#again, state === 'failed' ? 'Try again' : 'Try now')
    this.#countdown.update(state === 'retrying' ? status.retryAt : null, again)
  }
}
