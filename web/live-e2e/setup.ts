import { startGateway } from './gateway.ts'

/** Builds and starts the gateway before the specs, and stops it after them. */
export default async function setup(): Promise<() => Promise<void>> {
  const gateway = await startGateway()
  process.env['LIVE_HTTP'] = gateway.http
  process.env['LIVE_RTMP'] = gateway.rtmp
  process.env['LIVE_RTSP'] = gateway.rtsp
  return gateway.stop
}
