import { expect, test } from 'vitest'
import { codecPreferences, contentHint, encodingsOf, sendableCodecs, tuneVideo } from './encoding.ts'
import { bitrateOf, DEFAULT_SETTINGS, type EncodingSettings } from './settings.ts'

const settings = (over: Partial<EncodingSettings> = {}): EncodingSettings => ({ ...DEFAULT_SETTINGS, ...over })
const HD = { width: 1280, height: 720 }

/** As Chromium lists them, shortened. */
const CHROMIUM = [
  { mimeType: 'video/VP8', clockRate: 90_000 },
  { mimeType: 'video/rtx', clockRate: 90_000 },
  { mimeType: 'video/VP9', clockRate: 90_000, sdpFmtpLine: 'profile-id=0' },
  { mimeType: 'video/VP9', clockRate: 90_000, sdpFmtpLine: 'profile-id=2' },
  { mimeType: 'video/H264', clockRate: 90_000, sdpFmtpLine: 'packetization-mode=0;profile-level-id=42001f' },
  { mimeType: 'video/H264', clockRate: 90_000, sdpFmtpLine: 'packetization-mode=1;profile-level-id=42e01f' },
  { mimeType: 'video/red', clockRate: 90_000 },
  { mimeType: 'video/ulpfec', clockRate: 90_000 },
]
const brief = (codecs: RTCRtpCodec[]) => codecs.map((c) => c.mimeType.slice(6) + (c.sdpFmtpLine ? `/${/(\w+)$/.exec(c.sdpFmtpLine)?.[1]}` : ''))

test('one encoding without a name, or three of falling size', () => {
  expect(encodingsOf(settings(), HD)).toEqual([{ active: true, maxBitrate: 2_500_000, maxFramerate: 30, scaleResolutionDownBy: 1 }])
  const three = encodingsOf(settings({ simulcast: true }), HD)
  expect(three.map((e) => [e.rid, e.scaleResolutionDownBy, e.maxBitrate])).toEqual([
    ['h', 1, 2_500_000],
    ['m', 2, 850_000],
    ['l', 4, 275_000],
  ])
  expect(three.map((e) => (e as { scalabilityMode?: string }).scalabilityMode)).toEqual(['L1T1', 'L1T1', 'L1T1'])
})

test('a larger source is scaled down, a smaller one and one of unknown size are not', () => {
  const scale = (source: MediaTrackSettings) => encodingsOf(settings(), source)[0]?.scaleResolutionDownBy
  expect(scale({ width: 3840, height: 2160 })).toBe(3)
  expect(scale({ width: 1080, height: 1920 })).toBe(1.5) // a phone held upright
  expect(scale({ width: 640, height: 360 })).toBe(1)
  expect(scale({})).toBe(1)
})

test('a running sender keeps its layers and takes the rest', () => {
  const parameters = { encodings: encodingsOf(settings({ simulcast: true }), HD) } as unknown as RTCRtpSendParameters
  tuneVideo(parameters, settings({ bitrate: 1_000_000, frameRate: 15, prefer: 'balanced' }), HD)
  expect(parameters.encodings.map((e) => [e.rid, e.maxBitrate, e.maxFramerate])).toEqual([
    ['h', 1_000_000, 15],
    ['m', 340_000, 15],
    ['l', 110_000, 15],
  ])
  expect(parameters).toMatchObject({ degradationPreference: 'balanced' })
  expect(contentHint(settings({ prefer: 'balanced' }))).toBe('')
  expect(contentHint(settings({ prefer: 'detail' }))).toBe('detail')
})

test('the bitrate follows size, speed and codec unless it is chosen', () => {
  expect(bitrateOf(settings())).toBe(2_500_000)
  expect(bitrateOf(settings({ height: 1080, frameRate: 60 }))).toBe(6_750_000)
  expect(bitrateOf(settings({ codec: 'AV1' }))).toBe(1_750_000)
  expect(bitrateOf(settings({ height: 144, frameRate: 15 }))).toBe(350_000)
  expect(bitrateOf(settings({ codec: 'AV1', bitrate: 123 }))).toBe(123)
})

test('codecs are offered in our order, or one alone, with their helpers', () => {
  expect(sendableCodecs(CHROMIUM)).toEqual(['H264', 'VP8', 'VP9'])
  expect(brief(codecPreferences(CHROMIUM, 'auto'))).toEqual([
    'H264/42e01f',
    'H264/42001f',
    'VP8',
    'VP9/0',
    'VP9/2',
    'rtx',
    'red',
    'ulpfec',
  ])
  expect(brief(codecPreferences(CHROMIUM, 'VP9'))).toEqual(['VP9/0', 'VP9/2', 'rtx', 'red', 'ulpfec'])
  // Nothing to prefer: the browser's own order is better than an empty offer.
  expect(codecPreferences(CHROMIUM, 'AV1')).toEqual([])
})
