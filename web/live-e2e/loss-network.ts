import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Gateway, startGateway } from './gateway.ts'

const repository = join(import.meta.dirname, '..', '..')

/** What one direction does to packets; see cmd/millrace/e2e/impair. Shares are between 0 and 1. */
export interface Impairment {
  loss?: number
  burst_enter?: number
  burst_leave?: number
  burst_loss?: number
  delay_ms?: number
  jitter_ms?: number
  reorder?: number
  reorder_ms?: number
  duplicate?: number
  rate?: number
  queue?: number
}

export interface Counts {
  packets: number
  bytes: number
  lost: number
  overflown: number
}

export interface Report {
  address: string
  to_clients: Counts
  to_server: Counts
}

/** A gateway that is reached over a bad network, which does nothing bad yet. */
export interface Behind extends Gateway {
  /** Changes what the network does; both directions get half of the round trip besides. */
  network: (rttMs: number, toClients?: Impairment, toServer?: Impairment) => Promise<Report>
}

/** The gateway names this address in its candidates; the network stands there on the gateway's own port number. */
const PROXY = '127.0.0.2'

export async function startBehind(seed = 1): Promise<Behind> {
  const gateway = await startGateway({ MILLRACE_WEBRTC_PUBLIC_IPS: PROXY })
  const dir = mkdtempSync(join(tmpdir(), 'millrace-impair-'))
  const binary = join(dir, 'impair')
  execFileSync('go', ['build', '-o', binary, './cmd/millrace/e2e/impair/main'], { cwd: repository, stdio: 'inherit' })
  const port = gateway.webrtc.split(':').at(-1)
  const child = spawn(binary, ['-listen', `${PROXY}:${port}`, '-server', gateway.webrtc, '-seed', String(seed)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const report = async () => {
    const line = await lines.next()
    if (line.done) throw new Error('the network ended')
    return JSON.parse(line.value) as Report
  }
  await report() // it listens
  return {
    ...gateway,
    network: async (rttMs, toClients = {}, toServer = {}) => {
      const half = (i: Impairment) => ({ ...i, delay_ms: (i.delay_ms ?? 0) + rttMs / 2 })
      child.stdin.write(`${JSON.stringify({ to_clients: half(toClients), to_server: half(toServer) })}\n`)
      return report()
    },
    stop: async () => {
      child.stdin.end()
      const code = await exited
      rmSync(dir, { recursive: true })
      await gateway.stop()
      if (code !== 0) throw new Error(`the network ended with ${code}`)
    },
  }
}
