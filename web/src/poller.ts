import { Backoff } from './backoff.ts'

export interface PollerOptions<T> {
  fetch: (signal: AbortSignal) => Promise<T>
  /** Called with every answer. */
  onValue: (value: T) => void
  /** Called at every failure, with the number of failures in a row. */
  onError?: (error: unknown, failures: number) => void
  everyMs: number
  random?: () => number
}

/** What the poller needs of document. */
export interface Visibility {
  readonly visibilityState: string
  addEventListener(name: 'visibilitychange', fn: () => void): void
  removeEventListener(name: 'visibilitychange', fn: () => void): void
}

const MAX_DELAY_MS = 30_000

/** Asks again and again: not while the page is hidden, more slowly while it fails, at once when the page is seen again. */
export class Poller<T> {
  readonly #options: PollerOptions<T>
  readonly #page: Visibility
  readonly #backoff: Backoff
  #timer: ReturnType<typeof setTimeout> | undefined
  #request: AbortController | null = null
  #running = false

  constructor(options: PollerOptions<T>, page: Visibility = document) {
    this.#options = options
    this.#page = page
    const { everyMs, random } = options
    this.#backoff = new Backoff({ baseMs: everyMs, maxMs: MAX_DELAY_MS, factor: 2, jitter: 0.3 }, random)
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#page.addEventListener('visibilitychange', this.#onVisibility)
    this.now()
  }

  stop(): void {
    this.#running = false
    this.#page.removeEventListener('visibilitychange', this.#onVisibility)
    this.#cancel()
  }

  /** Asks at once, and goes on from there. */
  now(): void {
    this.#cancel()
    if (this.#running && this.#page.visibilityState !== 'hidden') void this.#ask()
  }

  #cancel(): void {
    clearTimeout(this.#timer)
    this.#request?.abort()
    this.#request = null
  }

  #onVisibility = (): void => {
    this.now()
  }

  async #ask(): Promise<void> {
    const request = new AbortController()
    this.#request = request
    const { fetch, onValue, onError, everyMs } = this.#options
    const outcome = await fetch(request.signal).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    )
    if (this.#request !== request) return
    let delay = everyMs
    if ('error' in outcome) {
      delay = this.#backoff.next()
      onError?.(outcome.error, this.#backoff.failures)
    } else {
      this.#backoff.reset()
      onValue(outcome.value)
    }
    // The callback may have stopped or restarted us.
    if (this.#request === request) this.#timer = setTimeout(() => void this.#ask(), delay)
  }
}
