import { expect, test } from 'vitest'
import { sourceTrack, type Stream, type Track } from './api.ts'
import { age, codecsPhrase, encoderName, publisherPhrase, trackPhrase } from './describe.ts'

const video: Track = { id: 1, kind: 'video', codec: 'H264', profile: 'High 4.0' }
const audio: Track = { id: 2, kind: 'audio', codec: 'AAC', profile: 'AAC-LC', sample_rate: 48000, channels: 2 }
const stream: Stream = { name: 'a', live: true, generation: 1, viewers: 0, bitrate: 0 }

test('tracks', () => {
  expect(trackPhrase(video)).toBe('H.264 High 4.0')
  expect(trackPhrase(audio)).toBe('AAC-LC 48 kHz stereo')
  expect(trackPhrase({ ...audio, profile: 'HE-AAC v2', sample_rate: 44100 })).toBe('HE-AAC v2 44.1 kHz stereo')
  expect(trackPhrase({ id: 3, kind: 'audio', codec: 'Opus' })).toBe('Opus')
})

test('codecs of a stream: picture first, without what the gateway made', () => {
  const made: Track = { id: 3, kind: 'audio', codec: 'Opus', derived_from: 2 }
  expect(codecsPhrase({ ...stream, tracks: [audio, made, video] })).toBe('H.264 High 4.0 · AAC-LC 48 kHz stereo')
  expect(codecsPhrase(stream)).toBe('')
})

test('publishers and their encoders', () => {
  expect(encoderName('obs-output module (libobs version 31.0.2)')).toBe('OBS 31.0.2')
  expect(encoderName('Lavf61.7.100')).toBe('ffmpeg (Lavf 61.7.100)')
  expect(encoderName('<b>mine</b>')).toBe('<b>mine</b>')
  expect(publisherPhrase({ ...stream, publisher: { protocol: 'rtmp' } })).toBe('RTMP')
  expect(publisherPhrase(stream)).toBe('')
})

test('age', () => {
  expect(age({ ...stream, since: '2026-01-01T00:00:00Z' }, Date.parse('2026-01-01T00:01:30Z'))).toBe(90)
  expect(age(stream, 0)).toBe(null)
})

test('simulcast is one picture, told by its largest', () => {
  const video = (height: number) => ({ id: height, kind: 'video' as const, codec: 'VP8', width: (height * 16) / 9, height })
  const tracks = [video(180), video(720), video(360), { id: 1, kind: 'audio' as const, codec: 'opus', sample_rate: 48_000, channels: 2 }]
  const stream = { name: 'x', live: true, generation: 1, viewers: 0, bitrate: 0, tracks }
  expect(codecsPhrase(stream)).toBe('VP8 · Opus 48 kHz stereo')
  expect(sourceTrack(stream, 'video')?.height).toBe(720)
})
