import { startGateway } from './gateway.ts'

/** Builds and starts the gateway before the specs, and stops it after them. */
export default async function setup(): Promise<() => Promise<void>> {
  // Joining in the middle of a long GOP is looked at as it is without ffmpeg, which makes it a short one.
  const gateway = await startGateway({ MILLRACE_DERIVE_VIDEO_EXCEPT: 'live/join-obs' })
  process.env['LIVE_HTTP'] = gateway.http
  process.env['LIVE_RTMP'] = gateway.rtmp
  process.env['LIVE_RTSP'] = gateway.rtsp
  return gateway.stop
}
