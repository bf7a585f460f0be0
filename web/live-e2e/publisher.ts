import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'

const media = join(import.meta.dirname, '..', '..', 'cmd', 'millrace', 'e2e', 'testdata')

/** ffmpeg, looping a clip over RTMP in real time as an encoder would send it. */
export class Publisher {
  readonly #name: string
  readonly #child: ChildProcess
  readonly #exited: Promise<void>

  constructor(clip: string, name: string) {
    this.#name = name
    const url = `rtmp://${process.env['LIVE_RTMP']}/${name}`
    const args = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-re', '-stream_loop', '-1']
    this.#child = spawn('ffmpeg', [...args, '-i', join(media, clip), '-c', 'copy', '-f', 'flv', url], { stdio: 'ignore' })
    this.#exited = new Promise((resolve) => this.#child.once('exit', () => resolve()))
  }

  /** Returns when the stream has a keyframe to join at. */
  async live(): Promise<void> {
    await until(`${this.#name} is live`, async () => {
      const response = await fetch(`${base()}/api/v1/streams/${this.#name}`)
      if (!response.ok) return false
      const stream = (await response.json()) as { live: boolean; tracks: { kind: string; keyframes?: number }[] }
      return stream.live && stream.tracks.some((track) => track.kind === 'video' && (track.keyframes ?? 0) > 0)
    })
  }

  /** Ends it without a goodbye, as a crash would. */
  async kill(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL')
    await this.#exited
  }
}

/** The gateway's pages. */
export function base(): string {
  return `http://${process.env['LIVE_HTTP']}`
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
