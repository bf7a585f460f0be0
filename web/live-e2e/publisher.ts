import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

const media = join(import.meta.dirname, '..', '..', 'cmd', 'millrace', 'e2e', 'testdata')

/** ffmpeg, looping a clip over RTMP in real time as an encoder would send it. */
export class Publisher {
  readonly #name: string
  readonly #gateway: Addresses
  readonly #child: ChildProcess
  readonly #exited: Promise<void>

  constructor(clip: string, name: string, gateway: Addresses = common()) {
    this.#name = name
    this.#gateway = gateway
    const url = `rtmp://${gateway.rtmp}/${name}`
    const args = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-re', '-stream_loop', '-1']
    this.#child = spawn('ffmpeg', [...args, '-i', join(media, clip), '-c', 'copy', '-f', 'flv', url], { stdio: 'ignore' })
    this.#exited = new Promise((resolve) => this.#child.once('exit', () => resolve()))
  }

  /** Returns when the stream has a keyframe to join at. */
  async live(): Promise<void> {
    await live(this.#name, this.#gateway)
  }

  /** Ends it without a goodbye, as a crash would. */
  async kill(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL')
    await this.#exited
  }
}

/** Where a gateway listens. */
export interface Addresses {
  http: string
  rtmp: string
}

/** The gateway that the specs share. */
export function common(): Addresses {
  return { http: process.env['LIVE_HTTP'] ?? '', rtmp: process.env['LIVE_RTMP'] ?? '' }
}

/** Its pages. */
export function base(): string {
  return `http://${common().http}`
}

/** Returns when a stream has a keyframe to join at. */
export async function live(name: string, gateway: Addresses = common()): Promise<void> {
  await until(`${name} is live`, async () => {
    const response = await fetch(`http://${gateway.http}/api/v1/streams/${name}`)
    if (!response.ok) return false
    const stream = (await response.json()) as { live: boolean; tracks: { kind: string; keyframes?: number }[] }
    return stream.live && stream.tracks.some((track) => track.kind === 'video' && (track.keyframes ?? 0) > 0)
  })
}

/** Looks at a condition until it holds. */
export async function until(what: string, holds: () => Promise<boolean>, limitMs = 20_000): Promise<void> {
  const end = Date.now() + limitMs
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`)
    await passing(20)
  }
}

/** Lets time go by: between stimuli, or while something is watched. */
export function passing(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
