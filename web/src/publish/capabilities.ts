import { sendableCodecs } from './encoding.ts'
import type { Codec } from './settings.ts'

/** What this browser can do, as far as it tells without asking its user for anything. */
export interface Capabilities {
  /** The page came by a way that nobody can have tampered with; cameras and microphones are for such pages only. */
  secure: boolean
  webrtc: boolean
  camera: boolean
  screen: boolean
  /** Video codecs that it can send. */
  codecs: Codec[]
  /** What is plugged in; null where it cannot be asked. */
  cameras: number | null
  microphones: number | null
}

/** What is looked at; the members of window that may be missing. */
export interface Environment {
  isSecureContext: boolean
  RTCPeerConnection?: unknown
  RTCRtpSender?: { getCapabilities?(kind: string): { codecs: RTCRtpCodec[] } | null }
  navigator: {
    mediaDevices?: {
      getUserMedia?: unknown
      getDisplayMedia?: unknown
      enumerateDevices?(): Promise<{ kind: string }[]>
    }
  }
}

export async function checkBrowser(env: Environment = globalThis as unknown as Environment): Promise<Capabilities> {
  const devices = env.navigator.mediaDevices
  // Before a permission the list has an entry without a name for each kind that there is.
  const list = (await devices?.enumerateDevices?.().catch(() => null)) ?? null
  const count = (kind: string) => (list === null ? null : list.filter((d) => d.kind === kind).length)
  return {
    secure: env.isSecureContext,
    webrtc: env.RTCPeerConnection !== undefined,
    camera: devices?.getUserMedia !== undefined,
    screen: devices?.getDisplayMedia !== undefined,
    codecs: sendableCodecs(env.RTCRtpSender?.getCapabilities?.('video')?.codecs ?? []),
    cameras: count('videoinput'),
    microphones: count('audioinput'),
  }
}

/** Why this browser cannot publish at all; null if it can. */
export function obstacle(c: Capabilities): 'insecure' | 'unsupported' | null {
  // Pages that are not secure do not get to see what else there is.
  if (!c.secure) return 'insecure'
  return c.webrtc && (c.camera || c.screen) ? null : 'unsupported'
}
