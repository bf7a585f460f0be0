export interface BackoffOptions {
  /** The first delay, milliseconds. */
  baseMs: number
  /** No delay grows beyond this, milliseconds. */
  maxMs: number
  factor: number
  /** Share of the delay that is random, 0..1, so that a thousand viewers do not come back in the same instant. */
  jitter: number
}

/** Delays that grow with every failure and are spread at random. */
export class Backoff {
  #failures = 0
  readonly #options: BackoffOptions
  readonly #random: () => number

  constructor(options: BackoffOptions, random: () => number = Math.random) {
    this.#options = options
    this.#random = random
  }

  /** How many delays were handed out since the last reset. */
  get failures(): number {
    return this.#failures
  }

  /** The next delay in milliseconds; never less than floorMs (a server's Retry-After), which the jitter only lengthens. */
  next(floorMs = 0): number {
    const { baseMs, maxMs, factor, jitter } = this.#options
    const grown = Math.min(maxMs, baseMs * factor ** this.#failures)
    this.#failures++
    const spread = grown * (1 - jitter * this.#random())
    return Math.round(Math.max(spread, floorMs * (1 + 0.1 * this.#random())))
  }

  reset(): void {
    this.#failures = 0
  }
}
