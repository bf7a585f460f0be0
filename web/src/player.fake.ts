import { Emitter } from './emitter.ts'
import type { Session, Surface } from './player.ts'
import { WhepError } from './whep.ts'
import type { Link } from './whep.ts'

/** A session whose server, network and publisher are played by the test. */
export class FakeSession extends Emitter<{ link: Link }> implements Session {
  readonly media = { getAudioTracks: () => ['sound'] } as unknown as MediaStream
  postedAt = 0
  iceConnected = false
  closed: 'no' | 'yes' | 'keepalive' = 'no'
  counters = { videoBytes: 0, framesDecoded: 0, audioPackets: 0 }
  #answer: { resolve: () => void; reject: (e: unknown) => void } | undefined

  open(): Promise<void> {
    this.postedAt = performance.now()
    return new Promise((resolve, reject) => (this.#answer = { resolve, reject }))
  }

  close(keepalive = false): void {
    this.closed = keepalive ? 'keepalive' : 'yes'
  }

  async getStats(): Promise<Iterable<[string, unknown]>> {
    const { videoBytes, framesDecoded, audioPackets } = this.counters
    return new Map<string, unknown>([
      ['V', { id: 'V', type: 'inbound-rtp', kind: 'video', bytesReceived: videoBytes, framesDecoded }],
      ['A', { id: 'A', type: 'inbound-rtp', kind: 'audio', packetsReceived: audioPackets }],
    ])
  }

  accept(): void {
    this.#answer?.resolve()
  }

  refuse(status: number, retryAfterMs = 0): void {
    this.fail(new WhepError('refused', '', { status, title: '', detail: 'because' }, retryAfterMs))
  }

  fail(error: unknown): void {
    this.#answer?.reject(error)
  }

  link(link: Link): void {
    this.iceConnected ||= link === 'connected'
    this.emit('link', link)
  }

  send(videoBytes: number, framesDecoded: number, audioPackets: number): void {
    this.counters.videoBytes += videoBytes
    this.counters.framesDecoded += framesDecoded
    this.counters.audioPackets += audioPackets
  }
}

/** A video element that shows what the test says. */
export class FakeSurface implements Surface {
  srcObject: MediaProvider | null = null
  muted = true
  playing = false
  /** What play() fails with. */
  obstacle: (() => Error | null) | null = null
  #callback: ((now: number, frame: { presentationTime: number }) => void) | null = null

  async play(): Promise<void> {
    const error = this.obstacle?.() ?? null
    if (error !== null) throw error
    this.playing = true
  }

  pause(): void {
    this.playing = false
  }

  requestVideoFrameCallback(fn: (now: number, frame: { presentationTime: number }) => void): number {
    this.#callback = fn
    return 1
  }

  showFrame(): void {
    const fn = this.#callback
    this.#callback = null
    fn?.(performance.now(), { presentationTime: performance.now() })
  }
}
