import { h, setText } from '../dom.ts'

/** When it will be tried again, in words that count down. */
export class Countdown {
  readonly element = h('span', { class: 'curtain-countdown' })
  #retryAt: number | null = null
  #trying = false
  #timer: ReturnType<typeof setInterval> | undefined

  /** retryAt is performance.now() of the next try, null without one; trying: it is under way. */
  update(retryAt: number | null, trying: boolean): void {
    this.#retryAt = retryAt
    this.#trying = trying
    clearInterval(this.#timer)
    if (retryAt !== null) this.#timer = setInterval(() => this.#show(), 250)
    this.#show()
  }

  #show(): void {
    const seconds = this.#retryAt === null ? 0 : Math.ceil((this.#retryAt - performance.now()) / 1000)
    setText(this.element, this.#trying ? 'Trying again …' : seconds > 0 ? `Trying again in ${seconds} s` : '')
  }
}
