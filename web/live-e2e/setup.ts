import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { buildGateway, startGateway } from './gateway.ts'

/** Builds the gateway and starts one before the specs, and stops it after them. */
export default async function setup(): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-build-'))
  buildGateway(dir)
  const gateway = await startGateway()
  process.env['LIVE_HTTP'] = gateway.http
  process.env['LIVE_RTMP'] = gateway.rtmp
  process.env['LIVE_RTSP'] = gateway.rtsp
  return async () => {
    await gateway.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}
