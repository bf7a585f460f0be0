import { expect, test } from 'vitest'
import type { Stream, Track } from '../api.ts'
import { browserChecks, type Environment } from './browser.ts'

function env(video: string[], over: Partial<Environment> = {}): Environment {
  const codecs = (names: string[]) => ({ codecs: names.map((n) => ({ mimeType: n })) })
  return {
    isSecureContext: true,
    RTCPeerConnection: class {},
    RTCRtpReceiver: { getCapabilities: (kind) => codecs(kind === 'video' ? video : ['audio/opus', 'audio/CN', 'audio/PCMU']) },
    navigator: {},
    ...over,
  }
}

function stream(...tracks: Partial<Track>[]): Stream {
  return { name: 'x', live: true, generation: 1, viewers: 0, bitrate: 0, tracks: tracks.map((t, i) => ({ id: i, kind: 'video', codec: 'H264', playable: 'pass', ...t })) as Track[] }
}

const codes = (s: Stream | null, e: Environment) => browserChecks(s, e).flatMap((c) => (c.code === undefined ? [] : [c.code]))

test('a browser that has all', () => {
  const checks = browserChecks(stream({}, { kind: 'audio', codec: 'AAC', playable: 'derive' }), env(['video/H264', 'video/rtx', 'video/VP8']))
  expect(checks.map((c) => [c.id, c.verdict])).toEqual([['webrtc', 'ok'], ['browser_video', 'ok'], ['browser_audio', 'ok'], ['secure', 'ok']])
  expect(checks[1]?.seen).toContain('receives H.264, VP8;')
  expect(checks[2]?.seen).toContain('as Opus')
})

test('a browser without H.264', () => {
  expect(codes(stream({}), env(['video/VP8']))).toEqual(['browser_video'])
  expect(codes(stream({ codec: 'VP8' }), env(['video/VP8']))).toEqual([])
  expect(codes(stream({ codec: 'H265', playable: 'derive' }), env(['video/H264']))).toEqual([])
})

test('what nobody can play is the stream’s fault, and nothing is known of none', () => {
  expect(codes(stream({ codec: 'H265', playable: 'no' }), env(['video/H264']))).toEqual([])
  expect(browserChecks(null, env(['video/H264'])).map((c) => c.id)).toEqual(['webrtc', 'secure'])
})

test('no WebRTC, and a page over plain HTTP', () => {
  expect(codes(stream({}), env([], { RTCPeerConnection: undefined }))).toEqual(['no_webrtc'])
  const secure = browserChecks(null, env([], { isSecureContext: false })).at(-1)
  expect(secure).toMatchObject({ id: 'secure', verdict: 'ok' })
  expect(secure?.remedy).toContain('https://')
})
