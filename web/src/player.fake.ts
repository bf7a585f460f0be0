import type { Link } from './link.ts'
import type { PlayerSession } from './player.ts'
import { FakeTransport } from './session.fake.ts'
import type { Surface } from './surface.ts'

/** A WHEP session whose server, network and publisher are played by the test. */
export class FakeSession extends FakeTransport implements PlayerSession {
  readonly media = { getAudioTracks: () => ['sound'] } as unknown as MediaStream
  links: Link[] = []
  counters = { videoBytes: 0, framesDecoded: 0, audioPackets: 0 }

  async getStats(): Promise<Iterable<[string, unknown]>> {
    const { videoBytes, framesDecoded, audioPackets } = this.counters
    return new Map<string, unknown>([
      ['V', { id: 'V', type: 'inbound-rtp', kind: 'video', bytesReceived: videoBytes, framesDecoded }],
      ['A', { id: 'A', type: 'inbound-rtp', kind: 'audio', packetsReceived: audioPackets }],
    ])
  }

  async request(): Promise<Response> {
    throw new Error('no extensions here')
  }

  resolve(target: string): string {
    return target
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
