import type { Way } from './session.ts'
import { SessionError } from './session-error.ts'

/** What the lifeline needs of a session. */
export interface Mendable {
  readonly iceConnected: boolean
  readonly hasDetours: boolean
  restart(): Promise<void>
  on(name: 'way', fn: (way: Way) => void): () => void
}

export type Loss =
  /** The HTTP part went through and no packet did. */
  | 'udp_blocked'
  /** Packets came through, and do no longer. */
  | 'connection_lost'
  /** The server has ended the session. */
  | 'ended'

export interface LifelineEvents {
  onConnected: () => void
  /** Packets came through, and at the moment none can; being mended. */
  onInterrupted?: () => void
  /** The session cannot be saved. Called once, and nothing is called after it. */
  onLost: (loss: Loss) => void
}

/** No packet within this after the answer: UDP does not come through. Browsers themselves wait for half a minute. */
const ICE_DEADLINE_MS = 8000
/** A direct way is tried for this long before the detours that the server knows (TURN). */
const DIRECT_MS = 2500
/** "disconnected" often heals by itself. Browsers say it some seconds after the last packet. */
const HEAL_MS = 1000
/** A restart whose checks are not answered within this leads nowhere. */
const RESTARTED_MS = 5000
/** While the network is away the server cannot be asked to restart: asked again this often, and this long. */
const AGAIN_MS = 1000
const MEND_MS = 12_000

/** Looks after the way of one session's media: waits for it, mends it by an ICE restart, says when it is lost. */
export class Lifeline {
  readonly #session: Mendable
  readonly #events: LifelineEvents
  readonly #off: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #way: Way = 'connecting'
  #answered = false
  #connected = false
  #mending = false
  #over = false

  constructor(session: Mendable, events: LifelineEvents) {
    this.#session = session
    this.#events = events
    this.#off = session.on('way', (way) => this.#onWay(way))
  }

  /** Packets came through, and at the moment none can. */
  get interrupted(): boolean {
    return this.#connected && this.#way !== 'connected'
  }

  /** The server has answered: packets must come soon. */
  answered(): void {
    this.#answered = true
    if (this.#connected || this.#over) return
    if (this.#session.hasDetours) this.#after(DIRECT_MS, () => this.#mend())
    else this.#after(ICE_DEADLINE_MS, () => this.#lose('udp_blocked'))
  }

  /** The caller knows that the network has changed: begins anew without waiting for silence. */
  networkChanged(): void {
    if (this.#connected) void this.#mend()
  }

  stop(): void {
    this.#over = true
    clearTimeout(this.#timer)
    this.#off()
  }

  #onWay(way: Way): void {
    this.#way = way
    if (this.interrupted && way !== 'closed') this.#events.onInterrupted?.()
    if (way === 'connected') {
      clearTimeout(this.#timer)
      this.#mending = false
      this.#connected = true
      this.#events.onConnected()
    } else if (way === 'closed') {
      this.#lose('ended')
    } else if (way === 'disconnected' && this.#connected && !this.#mending) {
      this.#after(HEAL_MS, () => void this.#mend())
    } else if (way === 'failed' && !this.#mending) {
      // Before the answer is in there is nothing to restart, and nothing to wait for without a way around.
      if (this.#answered && (this.#connected || this.#session.hasDetours)) void this.#mend()
      else this.#lose(this.#blame())
    }
  }

  async #mend(): Promise<void> {
    if (this.#mending || this.#over) return
    this.#mending = true
    clearTimeout(this.#timer)
    const end = performance.now() + MEND_MS
    while (!(await this.#restarted())) {
      if (this.#over || !this.#mending) return
      if (performance.now() >= end) return this.#lose(this.#blame())
      await new Promise<void>((resolve) => this.#after(AGAIN_MS, resolve))
      // Healed by itself, meanwhile.
      if (this.#over || !this.#mending) return
    }
  }

  /** True when asking again makes no sense: it is under way, or the session is lost. */
  async #restarted(): Promise<boolean> {
    try {
      await this.#session.restart()
    } catch (error) {
      if (error instanceof SessionError && error.failure === 'unreachable') return false
      if (!this.#over && this.#mending) this.#lose(this.#blame())
      return true
    }
    if (this.#over || !this.#mending) return true
    this.#after(RESTARTED_MS, () => this.#judge())
    return true
  }

  /** A way that was never interrupted says nothing when the new one takes over. */
  #judge(): void {
    this.#mending = false
    if (this.#way !== 'connected') this.#lose(this.#blame())
  }

  #blame(): Loss {
    return this.#connected || this.#session.iceConnected ? 'connection_lost' : 'udp_blocked'
  }

  #after(ms: number, fn: () => void): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(fn, ms)
  }

  #lose(loss: Loss): void {
    if (this.#over) return
    this.stop()
    this.#events.onLost(loss)
  }
}
