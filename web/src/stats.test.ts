import { expect, test } from 'vitest'
import { StatsMeter } from './stats.ts'

const NTP = 2_208_988_800_000
const T0 = 1_700_000_000_000

interface Overrides {
  video?: Record<string, unknown>
  audio?: Record<string, unknown>
  report?: Record<string, unknown> | null
}

/** A report as Chromium gives it, `seconds` after the session's begin. */
function report(seconds: number, { video = {}, audio = {}, report = {} }: Overrides = {}): Map<string, unknown> {
  const timestamp = T0 + seconds * 1000
  const all: { id: string; [field: string]: unknown }[] = [
    { id: 'C1', type: 'codec', mimeType: 'video/H264' },
    { id: 'C2', type: 'codec', mimeType: 'audio/opus' },
    { id: 'P0', type: 'candidate-pair', nominated: false, currentRoundTripTime: 9 },
    { id: 'P1', type: 'candidate-pair', nominated: true, currentRoundTripTime: 0.02 },
    {
      id: 'V', type: 'inbound-rtp', kind: 'video', timestamp, codecId: 'C1',
      packetsReceived: 300 * seconds, packetsLost: 0, bytesReceived: 312_500 * seconds,
      frameWidth: 1280, frameHeight: 720, framesDecoded: 30 * seconds, framesDropped: 1, keyFramesDecoded: 1,
      freezeCount: 2, totalFreezesDuration: 0.5, pliCount: 1, firCount: 1,
      jitterBufferDelay: 0.3 * seconds, jitterBufferEmittedCount: 30 * seconds, ...video,
    },
    {
      id: 'A', type: 'inbound-rtp', kind: 'audio', timestamp, codecId: 'C2',
      packetsReceived: 50 * seconds, packetsLost: 0, bytesReceived: 16_000 * seconds, totalAudioEnergy: 0.25,
      jitterBufferDelay: 960 * seconds, jitterBufferEmittedCount: 48_000 * seconds, ...audio,
    },
  ]
  if (report) all.push({ id: 'R', type: 'remote-outbound-rtp', timestamp, remoteTimestamp: timestamp, ...report })
  return new Map(all.map((r) => [r.id, r]))
}

test('an empty report knows nothing', () => {
  const stats = new StatsMeter().read(new Map(), 0)
  expect(stats).toMatchObject({ latencyMs: null, width: null, fps: null, videoBitrate: null, loss: null, roundTripMs: null })
  expect(stats).toMatchObject({ packetsReceived: 0, framesDecoded: 0, videoCodec: null })
})

test('rates are differences of two samples', () => {
  const meter = new StatsMeter()
  expect(meter.read(report(1), 1000).fps).toBe(null)
  const stats = meter.read(report(3), 3000)
  expect(stats).toMatchObject({
    width: 1280, height: 720, fps: 30, videoBitrate: 2_500_000, audioBitrate: 128_000, loss: 0, roundTripMs: 20,
    videoCodec: 'H264', audioCodec: 'opus', framesDropped: 1, freezeCount: 2, freezeMs: 500, keyframeRequests: 2,
    audioEnergy: 0.25,
  })
  expect(stats.jitterBufferMs).toBeCloseTo(10)
  expect(stats.audioJitterBufferMs).toBeCloseTo(20)
})

test('a sample too close to the last one keeps its rates and does not disturb the next', () => {
  const meter = new StatsMeter()
  meter.read(report(1), 1000)
  meter.read(report(2), 2000)
  expect(meter.read(report(2.1, { video: { framesDecoded: 90 } }), 2100).fps).toBe(30)
  expect(meter.read(report(3), 3000).fps).toBe(30)
})

test('loss is the lost share of both kinds since the last sample', () => {
  const meter = new StatsMeter()
  meter.read(report(1, { video: { packetsLost: 100 } }), 1000)
  const stats = meter.read(report(2, { video: { packetsLost: 130 }, audio: { packetsLost: 5 } }), 2000)
  expect(stats.loss).toBeCloseTo(35 / 385)
  expect(stats.packetsLost).toBe(135)
})

test('counters that run backwards give no rates', () => {
  const meter = new StatsMeter()
  meter.read(report(5), 5000)
  expect(meter.read(report(1), 6000)).toMatchObject({ fps: null, videoBitrate: null, loss: null })
})

test.each([
  ['from 1900', NTP],
  ['from 1970', 0],
])('latency is the server clock less the playout time, counted %s', (_, epoch) => {
  // The server's clock is 5 s ahead; its report took 10 ms to us.
  const at = (s: number, playedOut: number) =>
    report(s, {
      video: { estimatedPlayoutTimestamp: T0 + s * 1000 + 5000 - playedOut + epoch },
      report: { remoteTimestamp: T0 + s * 1000 + 5000 - 10 },
    })
  const meter = new StatsMeter()
  expect(meter.read(at(1, 80), 1000).latencyMs).toBeCloseTo(80)
  expect(meter.read(at(2, 45), 2000).latencyMs).toBeCloseTo(45)
})

test('latency of sound stands in for that of a picture; without reports, or with a mad clock, it is not known', () => {
  const audio = { estimatedPlayoutTimestamp: T0 + 1000 - 60 }
  expect(new StatsMeter().read(report(1, { audio }), 1).latencyMs).toBeCloseTo(70) // 10 ms: half the round trip
  expect(new StatsMeter().read(report(1, { audio, report: null }), 1).latencyMs).toBe(null)
  expect(new StatsMeter().read(report(1, { audio: { estimatedPlayoutTimestamp: 5 } }), 1).latencyMs).toBe(null)
})

test('until the browser knows, latency is what was seen here and half the round trip', () => {
  const meter = new StatsMeter()
  meter.noteDelay(22)
  expect(meter.knowsPlayout).toBe(false)
  expect(meter.read(report(1, { audio: {} }), 1).latencyMs).toBeCloseTo(32)
  expect(meter.read(report(1, { audio: { estimatedPlayoutTimestamp: T0 + 1000 - 60 } }), 1000).latencyMs).toBeCloseTo(70)
  expect(meter.knowsPlayout).toBe(true)
  expect(meter.read(report(2, { audio: {} }), 2000).latencyMs).toBe(null)
})
