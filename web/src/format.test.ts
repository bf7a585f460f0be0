import { expect, test } from 'vitest'
import * as f from './format.ts'

test.each([
  [null, '–'],
  [undefined, '–'],
  [Number.NaN, '–'],
  [0, '0 b/s'],
  [950, '950 b/s'],
  [159_600, '160 kb/s'],
  [999_600, '1.0 Mb/s'],
  [2_660_000, '2.7 Mb/s'],
  [120_400_000, '120 Mb/s'],
])('bitrate %s', (bps, text) => expect(f.bitrate(bps)).toBe(text))

test.each([
  [null, '–'],
  [30, '30'],
  [29.97, '30'],
  [59.94, '60'],
  [30.4, '30'],
  [10.4, '10.4'],
  [0, '0'],
])('frame rate %s', (fps, text) => expect(f.frameRate(fps)).toBe(text))

test.each([
  [null, '–'],
  [37.6, '38 ms'],
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [1440, '1.4 s'],
])('milliseconds %s', (ms, text) => expect(f.milliseconds(ms)).toBe(text))

test.each([
  [null, '–'],
  [0, '0 %'],
  [0.0042, '0.4 %'],
  [0.0997, '10 %'],
  [0.66, '66 %'],
  [1, '100 %'],
])('percent %s', (share, text) => expect(f.percent(share)).toBe(text))

test.each([
  [-3, '0 s'],
  [59.9, '59 s'],
  [60, '1 min'],
  [3599, '59 min'],
  [8040, '2 h 14 min'],
  [266_400, '3 d 2 h'],
])('duration %s', (s, text) => expect(f.duration(s)).toBe(text))

test('resolution, counts, sound, codecs', () => {
  expect(f.resolution(1280, 720)).toBe('1280×720')
  expect(f.resolution(0, 720)).toBe('–')
  expect(f.count(1, 'viewer')).toBe('1 viewer')
  expect(f.count(1200, 'viewer')).toBe('1,200 viewers')
  expect([1, 2, 6, 8, 0].map(f.channels)).toEqual(['mono', 'stereo', '5.1', '8 channels', '–'])
  expect([48000, 44100, undefined].map(f.sampleRate)).toEqual(['48 kHz', '44.1 kHz', '–'])
  expect(['H264', 'opus', 'AAC', 'AV1', null].map(f.codec)).toEqual(['H.264', 'Opus', 'AAC', 'AV1', '–'])
})

test.each([
  [0, '0:00'],
  [7.9, '0:07'],
  [754, '12:34'],
  [3723, '1:02:03'],
  [-1, '0:00'],
])('%d s run as %s', (s, text) => expect(f.clock(s)).toBe(text))

test('gigabits', () => {
  expect([999e6, 999.6e6, 16_428e6].map(f.bitrate)).toEqual(['999 Mb/s', '1.0 Gb/s', '16.4 Gb/s'])
})

test('bytes', () => {
  const said = [Number.NaN, 0, 640, 1200, 38_400, 999_600, 184e6, 1.93e9].map(f.bytes)
  expect(said).toEqual(['–', '0 B', '640 B', '1.2 kB', '38 kB', '1.0 MB', '184 MB', '1.9 GB'])
})
