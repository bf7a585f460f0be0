import { bitrateOf, type Codec, CODECS, type EncodingSettings } from './settings.ts'

/** Settings in the terms of WebRTC. Pure. */

/** Simulcast layers; each takes its share of the bitrate of the largest. A server that wants but one gets the first. */
const LAYERS = [
  { rid: 'h', scale: 1, share: 1 },
  { rid: 'm', scale: 2, share: 0.34 },
  { rid: 'l', scale: 4, share: 0.11 },
]

/** Names of the layers for people. */
export const LAYER_NAMES: Record<string, string> = { h: 'High', m: 'Medium', l: 'Low' }

/** RTCRtpSendParameters as browsers have them; TypeScript's lacks what is not in every one. */
type Encoding = RTCRtpEncodingParameters & { scalabilityMode?: string }
type Parameters = RTCRtpSendParameters & { degradationPreference?: string }

/** The encodings to begin with. source is the track's own size, if it is known. */
export function encodingsOf(settings: EncodingSettings, source: MediaTrackSettings): RTCRtpEncodingParameters[] {
  if (!settings.simulcast) return [encoding(settings, source, 1, 1)]
  return LAYERS.map(({ rid, scale, share }) => ({
    rid,
    ...encoding(settings, source, scale, share),
    // Without it VP9 and AV1 send one stream of layers instead of a stream for each.
    scalabilityMode: 'L1T1',
  }))
}

function encoding({ ...settings }: EncodingSettings, source: MediaTrackSettings, scale: number, share: number): Encoding {
  return {
    active: true,
    maxBitrate: Math.round(bitrateOf(settings) * share),
    maxFramerate: settings.frameRate,
    scaleResolutionDownBy: scale * shrink(settings, source),
  }
}

/** By how much the source is larger than what was chosen. */
function shrink({ height }: EncodingSettings, source: MediaTrackSettings): number {
  const lines = Math.min(source.width ?? 0, source.height ?? 0)
  return height > 0 && lines > height ? lines / height : 1
}

/** Brings the parameters of a running sender up to date. Codec and number of layers stay as they are. */
export function tuneVideo(parameters: RTCRtpSendParameters, settings: EncodingSettings, source: MediaTrackSettings): void {
  for (const running of parameters.encodings) {
    const layer = LAYERS.find((l) => l.rid === running.rid) ?? { scale: 1, share: 1 }
    Object.assign(running, encoding(settings, source, layer.scale, layer.share))
  }
  ;(parameters as Parameters).degradationPreference =
    settings.prefer === 'motion' ? 'maintain-framerate' : settings.prefer === 'detail' ? 'maintain-resolution' : 'balanced'
}

export function tuneAudio(parameters: RTCRtpSendParameters, settings: EncodingSettings): void {
  for (const encoding of parameters.encodings) encoding.maxBitrate = settings.audioBitrate
}

/** What the track is told about its content. */
export function contentHint({ prefer }: EncodingSettings): string {
  return prefer === 'balanced' ? '' : prefer
}

/** Formats that are no codecs, but help others. */
const HELPERS = ['video/rtx', 'video/red', 'video/ulpfec', 'video/flexfec-03']

/** The codecs among what a browser can send, in the order of CODECS. */
export function sendableCodecs(capabilities: RTCRtpCodec[]): Codec[] {
  return CODECS.filter((codec) => capabilities.some((c) => named(c, codec)))
}

/** What to prefer of a browser's capabilities: the chosen codec and nothing else, or all that we know in our order. */
export function codecPreferences(capabilities: RTCRtpCodec[], codec: Codec | 'auto'): RTCRtpCodec[] {
  const wanted = codec === 'auto' ? CODECS : [codec]
  const picked = wanted.flatMap((name) => capabilities.filter((c) => named(c, name)).sort(plainestLast))
  return picked.length === 0 ? [] : [...picked, ...capabilities.filter((c) => HELPERS.includes(c.mimeType.toLowerCase()))]
}

function named(capability: RTCRtpCodec, codec: Codec): boolean {
  return capability.mimeType.toLowerCase() === `video/${codec.toLowerCase()}`
}

/** H.264 of a single packet a picture (packetization-mode 0) is for gateways to old telephones; further VP9 profiles are for more than eight bits. */
function plainestLast(a: RTCRtpCodec, b: RTCRtpCodec): number {
  const plain = ({ sdpFmtpLine = '' }: RTCRtpCodec) => Number(/packetization-mode=0|profile-id=[1-9]/.test(sdpFmtpLine))
  return plain(a) - plain(b)
}
