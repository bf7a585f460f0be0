import { h, setAttribute, setText } from '../dom.ts'
import { icon } from '../icons.ts'
import type { Reason } from '../reason.ts'
import type { Status } from '../status.ts'
import { wheel } from '../wheel.ts'
import { wordsFor } from '../words.ts'
import { Countdown } from './countdown.ts'

/** The address of a page that says more about why there is no picture. */
export type Help = (reason: Reason) => string

/** What lies over the picture when there is none: what is going on, why, and what can be done. */
export class Curtain {
  readonly element: HTMLElement
  readonly #title = h('p', { class: 'curtain-title', role: 'status' })
  readonly #detail = h('p', { class: 'curtain-detail' })
  readonly #remedy = h('p', { class: 'curtain-detail' })
  readonly #again: HTMLButtonElement
  readonly #countdown = new Countdown()
  readonly #play: HTMLButtonElement
  readonly #why = h('a', { class: 'curtain-why', hidden: true }, 'Why doesn’t it play?')
  readonly #help: Help | null

  /** help finds the page that says more about a failure, where there is one. */
  constructor(onAgain: () => void, onPlay: () => void, help: Help | null = null) {
    this.#help = help
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
        h('div', { class: 'curtain-actions' }, this.#again, this.#countdown.element, this.#why),
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
    const why = this.#help !== null && status.reason !== null && !wantsClick ? this.#help(status.reason) : ''
    this.#why.hidden = why === ''
    if (why !== '') setAttribute(this.#why, 'href', why)
    this.#countdown.update(state === 'retrying' ? status.retryAt : null, again)
  }
}
