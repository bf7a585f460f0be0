import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const repository = join(import.meta.dirname, '..', '..')

/** How long a stream waits for its publisher to come back, seconds: short, since a spec waits for it to be over. */
export const LINGER_S = 10

export interface Gateway {
  /** Addresses with port. */
  http: string
  rtmp: string
  rtsp: string
  webrtc: string
  /** Where else it listens, once it says so. */
  listens: (what: string) => string | undefined
  /** Ends it as a power failure would. */
  kill: () => Promise<void>
  /** Ends it as a supervisor would; rejects when it does not end cleanly. */
  stop: () => Promise<void>
}

/** Builds the binary in a folder, for all gateways of a run: linking takes seconds. */
export function buildGateway(dir: string): void {
  const binary = join(dir, 'millrace')
  execFileSync('go', ['build', '-o', binary, './cmd/millrace'], { cwd: repository, stdio: 'inherit' })
  process.env['LIVE_BINARY'] = binary
}

/** Runs the binary on free ports of loopback, with other settings if need be. */
export async function startGateway(settings: Record<string, string> = {}): Promise<Gateway> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-live-'))
  const binary = process.env['LIVE_BINARY']
  if (binary === undefined) throw new Error('the setup of the run has not built the gateway')
  const child = spawn(binary, [], {
    cwd: dir,
    env: {
      PATH: process.env['PATH'],
      HOME: dir,
      MILLRACE_HTTP_ADDRESS: '127.0.0.1:0',
      MILLRACE_RTMP_ADDRESS: '127.0.0.1:0',
      MILLRACE_RTSP_ADDRESS: '127.0.0.1:0',
      MILLRACE_WEBRTC_ADDRESS: '127.0.0.1:0',
      MILLRACE_STREAM_LINGER: `${LINGER_S}s`,
      MILLRACE_LOG_FORMAT: 'json',
      ...settings,
    },
  })
  const tail: string[] = []
  const addresses = new Map<string, string>()
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface(stream).on('line', (line) => {
        tail.push(line)
        if (tail.length > 60) tail.shift()
        const entry = parsed(line)
        if (entry['msg'] !== 'listening') return
        addresses.set(String(entry['what']), String(entry['address']))
        if (['http', 'rtmp', 'rtsp', 'webrtc'].every((what) => addresses.has(what))) resolve()
      })
    }
  })
  const early = exited.then((code) => {
    throw new Error(`the gateway ended with ${code}\n${tail.join('\n')}`)
  })
  await Promise.race([ready, early])
  early.catch(() => {}) // from here on stop() looks at the end
  return {
    http: addresses.get('http') ?? '',
    rtmp: addresses.get('rtmp') ?? '',
    rtsp: addresses.get('rtsp') ?? '',
    webrtc: addresses.get('webrtc') ?? '',
    listens: (what) => addresses.get(what),
    kill: async () => {
      child.kill('SIGKILL')
      await exited
      rmSync(dir, { recursive: true })
    },
    stop: async () => {
      child.kill('SIGTERM')
      const code = await exited
      rmSync(dir, { recursive: true })
      if (code !== 0) throw new Error(`the gateway ended with ${code}\n${tail.join('\n')}`)
    },
  }
}

function parsed(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return {}
  }
}
