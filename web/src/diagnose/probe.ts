import type { ResourceOptions } from '../resource.ts'
import type { Way } from '../session.ts'
import { SessionError } from '../session-error.ts'
import { type Stats, StatsMeter } from '../stats.ts'
import { WhepSession } from '../whep.ts'
import { type Candidate, candidatesOf, only, type Transport } from './candidates.ts'

/** How far a try over one transport came. */
export interface Try {
  transport: Transport
  /** What the answer names for it; empty where it has none. */
  candidates: Candidate[]
  /** "refused" before any packet could be sent; "closed" when the server ended it. */
  outcome: 'connected' | 'blocked' | 'absent' | 'refused' | 'closed'
  error: SessionError | null
  /** From the answer to the connection, milliseconds. */
  connectMs: number | null
  roundTripMs: number | null
  /** Our own end of the pair that works; what the network may have made of it is not seen here. */
  local: string
  /** Whether the browser let WebRTC see any network at all. */
  hasNetwork: boolean
  /** Whether the server knows of one to relay by (TURN). */
  hasDetours: boolean
}

/** What came through in some seconds of watching. */
export interface Reception {
  /** From the request to the first decoded picture; null if none was. */
  firstFrameMs: number | null
  width: number
  height: number
  seconds: number
  /** Packets of all kinds. */
  received: number
  lost: number
  /** Of the last second or so. */
  last: Stats | null
}

/** Browsers themselves wait for half a minute; a way that opens later than this is none. */
const CONNECT_MS = 8000
/** Longer than a keyframe may be away where keyframes are far apart. */
const FIRST_FRAME_MS = 10_000
const MEASURE_MS = 3000
const POLL_MS = 100

/** A WHEP session that takes one transport only. */
export class Probe extends WhepSession {
  readonly #transport: Transport
  readonly #meter = new StatsMeter()
  #candidates: Candidate[] = []
  #now: Way = 'connecting'
  #answeredAt = 0

  constructor(options: ResourceOptions, transport: Transport) {
    super(options)
    this.#transport = transport
    this.on('way', (way) => {
      this.#now = way
    })
  }

  protected override adapt(answer: string): string {
    this.#candidates = candidatesOf(answer).filter((c) => c.transport === this.#transport)
    this.#answeredAt = performance.now()
    return only(this.#transport, answer)
  }

  /** Opens the session and waits for its packets. Never rejects; what is not "connected" is closed. */
  async try(): Promise<Try> {
    const outcome = await this.#open()
    const error = outcome instanceof SessionError ? outcome : null
    const found = error === null ? await this.#pair() : { roundTripMs: null, local: '', hasNetwork: true }
    const result: Try = {
      transport: this.#transport,
      candidates: this.#candidates,
      outcome: outcome instanceof SessionError ? 'refused' : outcome,
      error,
      connectMs: outcome === 'connected' ? performance.now() - this.#answeredAt : null,
      hasDetours: this.hasDetours,
      ...found,
    }
    if (outcome !== 'connected') await this.close()
    return result
  }

  /** Opens the session and leads it around by the server's relays (TURN); whether that works. Never rejects. */
  async detour(): Promise<boolean> {
    try {
      await this.open()
      await this.restart()
    } catch {
      return false
    }
    await until(() => this.#now === 'connected', CONNECT_MS)
    return this.#now === 'connected'
  }

  async #open(): Promise<Try['outcome'] | SessionError> {
    try {
      await this.open()
    } catch (error) {
      return error instanceof SessionError ? error : new SessionError('answer', String(error))
    }
    if (this.#candidates.length === 0) return 'absent'
    await until(() => this.#now !== 'connecting' && this.#now !== 'disconnected', CONNECT_MS)
    return this.#now === 'connected' ? 'connected' : this.#now === 'closed' ? 'closed' : 'blocked'
  }

  async #pair() {
    const found = { roundTripMs: null as number | null, local: '', hasNetwork: false }
    const report = await this.getStats()
    for (const [, r] of report as unknown as Iterable<[string, Record<string, unknown>]>) {
      if (r['type'] === 'local-candidate') found.hasNetwork = true
      if (r['type'] !== 'candidate-pair' || r['nominated'] !== true) continue
      if (typeof r['currentRoundTripTime'] === 'number') found.roundTripMs = r['currentRoundTripTime'] * 1000
      const local = report.get(String(r['localCandidateId'])) as Record<string, unknown> | undefined
      if (typeof local?.['address'] === 'string') found.local = `${local['address']}:${String(local['port'])}`
    }
    return found
  }

  /** Watches for some seconds. The media must be shown somewhere: browsers decode only what is looked at. */
  async receive(hasPicture: boolean, stop: () => boolean): Promise<Reception> {
    let stats = await this.#stats()
    const arrived = () => (hasPicture ? stats.framesDecoded > 0 : stats.audioPackets > 0)
    const end = performance.now() + FIRST_FRAME_MS
    while (!arrived() && performance.now() < end && !stop()) {
      await pause(POLL_MS)
      stats = await this.#stats()
    }
    const firstFrameMs = arrived() ? performance.now() - this.postedAt : null
    const begun = performance.now()
    const before = stats
    while (performance.now() - begun < MEASURE_MS && !stop()) {
      await pause(POLL_MS)
      stats = await this.#stats()
    }
    return {
      firstFrameMs,
      width: stats.width ?? 0,
      height: stats.height ?? 0,
      seconds: (performance.now() - begun) / 1000,
      received: stats.packetsReceived - before.packetsReceived,
      lost: Math.max(0, stats.packetsLost - before.packetsLost),
      last: stats,
    }
  }

  async #stats(): Promise<Stats> {
    return this.#meter.read(await this.getStats(), performance.now())
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

async function until(holds: () => boolean, mostMs: number): Promise<void> {
  const end = performance.now() + mostMs
  while (!holds() && performance.now() < end) await pause(POLL_MS / 4)
}
