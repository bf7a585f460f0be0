import { Emitter } from './emitter.ts'
import type { Way } from './session.ts'
import { SessionError } from './session-error.ts'

/** What WHIP and WHEP sessions have in common, played by the test. */
export class FakeTransport extends Emitter<{ way: Way }> {
  postedAt = 0
  iceConnected = false
  hasDetours = false
  closed: 'no' | 'yes' | 'keepalive' = 'no'
  /** What restart() does; it fails unless told otherwise. */
  restarts: () => Promise<void> = () => Promise.reject(new SessionError('refused', 'no restarts here'))
  restarted = 0
  #answer: { resolve: () => void; reject: (e: unknown) => void } | undefined

  open(): Promise<void> {
    this.postedAt = performance.now()
    return new Promise((resolve, reject) => (this.#answer = { resolve, reject }))
  }

  restart(): Promise<void> {
    this.restarted++
    return this.restarts()
  }

  async close(keepalive = false): Promise<void> {
    this.closed = keepalive ? 'keepalive' : 'yes'
  }

  accept(): void {
    this.#answer?.resolve()
  }

  refuse(status: number, retryAfterMs = 0): void {
    this.fail(new SessionError('refused', '', { status, title: '', detail: 'because' }, retryAfterMs))
  }

  fail(error: unknown): void {
    this.#answer?.reject(error)
  }

  way(way: Way): void {
    this.iceConnected ||= way === 'connected'
    this.emit('way', way)
  }
}
