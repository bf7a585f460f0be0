import type { Stream, Track } from '../api.ts'
import * as f from '../format.ts'
import type { Check } from './check.ts'

/** What is looked at; the members of window that may be missing. */
export interface Environment {
  isSecureContext: boolean
  RTCPeerConnection?: unknown
  RTCRtpReceiver?: { getCapabilities?(kind: string): { codecs: { mimeType: string }[] } | null }
  navigator: { mediaDevices?: { getUserMedia?: unknown } }
}

/** What the gateway makes for browsers of what they cannot play. */
const MADE = { video: 'H264', audio: 'OPUS' } as const

/** The browser's own half, as far as it tells without asking anybody. */
export function browserChecks(stream: Stream | null, env: Environment = globalThis as unknown as Environment): Check[] {
  return [webrtc(env), ...(env.RTCPeerConnection === undefined ? [] : codecs(stream, env)), secure(env)]
}

function webrtc(env: Environment): Check {
  const there = env.RTCPeerConnection !== undefined
  return {
    id: 'webrtc',
    area: 'browser',
    verdict: there ? 'ok' : 'bad',
    ...(there ? {} : { code: 'no_webrtc' }),
    title: there ? 'This browser has WebRTC' : 'This browser has no WebRTC',
    seen: there ? 'RTCPeerConnection is there.' : 'RTCPeerConnection is missing.',
    ...(there
      ? {}
      : {
          why: 'The picture comes over WebRTC; without it there is none.',
          remedy:
            'Switch off extensions that block WebRTC, or open the page in a current Chrome, Edge, Firefox or Safari. Firefox: about:config → media.peerconnection.enabled. In an app’s built-in browser: open it in the system’s own.',
        }),
  }
}

/** The browser's codecs against the stream's tracks. */
function codecs(stream: Stream | null, env: Environment): Check[] {
  return (['video', 'audio'] as const).flatMap((kind): Check[] => {
    const has = takes(env, kind)
    const tracks = (stream?.tracks ?? []).filter((t) => t.kind === kind)
    if (tracks.length === 0 || has.length === 0) return []
    const wanted = [...new Set(tracks.flatMap(sent))]
    const fits = wanted.filter((c) => has.includes(c))
    const what = kind === 'video' ? 'picture' : 'sound'
    const seen = `The browser receives ${has.map(f.codec).join(', ')}; the gateway can send this stream’s ${what} as ${wanted.map(f.codec).join(' or ') || 'nothing that browsers play'}.`
    if (wanted.length === 0 || fits.length > 0) {
      return [{ id: `browser_${kind}`, area: 'browser', verdict: 'ok', title: `This browser can decode the ${what}`, seen }]
    }
    return [
      {
        id: `browser_${kind}`,
        code: `browser_${kind}`,
        area: 'browser',
        verdict: 'bad',
        title: `This browser cannot decode the ${what}`,
        seen,
        why: 'Browser and stream have no format in common.',
        remedy: wanted.includes('H264')
          ? 'Firefox: wait until it has fetched its H.264 decoder (about:addons → Plugins → OpenH264). Chromium of a Linux distribution: install its codecs package, or use Chrome. Or set the encoder to VP8 or VP9, where it has them.'
          : 'Set the encoder to H.264 and AAC, which the gateway brings to every browser; or open the page in another browser.',
      },
    ]
  })
}

/** The codecs that a track can reach a browser in. */
function sent(track: Track): string[] {
  if (track.playable === 'no') return []
  if (track.playable === 'derive') return [MADE[track.kind]]
  return [track.codec.toUpperCase()]
}

function takes(env: Environment, kind: 'video' | 'audio'): string[] {
  const list = env.RTCRtpReceiver?.getCapabilities?.(kind)?.codecs ?? []
  const names = list.map((c) => (c.mimeType.split('/')[1] ?? '').toUpperCase())
  return [...new Set(names)].filter((n) => n !== '' && !/^(RTX|RED|ULPFEC|FLEXFEC-03|CN|TELEPHONE-EVENT)$/.test(n))
}

/** Only the browser knows whether it takes the page for secure: it goes over what the gateway says. */
function secure(env: Environment): Check {
  const check = { id: 'secure', area: 'browser' as const, why: 'Browsers give camera, microphone and screen to secure pages only: HTTPS, or http://localhost. Watching works without.' }
  if (env.isSecureContext) return { ...check, verdict: 'ok', title: 'The page is secure', seen: 'The browser takes this page for secure: it could publish, too.' }
  return {
    ...check,
    verdict: 'ok',
    title: 'Watching works on this page, publishing does not',
    seen: 'The browser does not take this page for secure, since it came over plain HTTP.',
    remedy: 'To publish from this browser: open the page by https://, see docs/https.md, or as http://localhost on the gateway’s machine.',
  }
}
