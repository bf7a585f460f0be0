/** How picture and sound are sent. */
export interface EncodingSettings {
  /** 'auto' takes the first of CODECS that browser and server have in common. */
  codec: Codec | 'auto'
  /** Lines of the picture (its shorter side); larger ones are scaled down to it. */
  height: number
  frameRate: number
  /** Bits per second of the (largest) picture; 0 chooses by size, frame rate and codec. */
  bitrate: number
  /** What to keep when line or processor cannot carry both. */
  prefer: 'motion' | 'detail' | 'balanced'
  /** Three sizes at once, for viewers to choose from. */
  simulcast: boolean
  /** Bits per second of the sound. */
  audioBitrate: number
}

/** In the order in which 'auto' prefers them: H.264 is played by everything and encoded by most hardware. */
export const CODECS = ['H264', 'VP8', 'VP9', 'AV1'] as const
export type Codec = (typeof CODECS)[number]

export const DEFAULT_SETTINGS: EncodingSettings = {
  codec: 'auto',
  height: 720,
  frameRate: 30,
  bitrate: 0,
  prefer: 'motion',
  simulcast: false,
  audioBitrate: 128_000,
}

/** Bits per second that look good at 30 frames a second in H.264, by lines. */
const GOOD: [height: number, bitrate: number][] = [
  [2160, 14_000_000],
  [1440, 8_000_000],
  [1080, 4_500_000],
  [720, 2_500_000],
  [480, 1_200_000],
  [360, 800_000],
  [0, 500_000],
]

/** Newer codecs need less for the same picture. */
const THRIFT: Record<Codec, number> = { H264: 1, VP8: 1, VP9: 0.8, AV1: 0.7 }

/** Bits per second of the largest picture: what was chosen, or what suits the rest. */
export function bitrateOf({ bitrate, height, frameRate, codec }: EncodingSettings): number {
  if (bitrate > 0) return bitrate
  const good = GOOD.find(([lines]) => height >= lines)?.[1] ?? 500_000
  const speed = frameRate > 40 ? 1.5 : frameRate < 20 ? 0.7 : 1
  return Math.round((good * speed * THRIFT[codec === 'auto' ? 'H264' : codec]) / 50_000) * 50_000
}
