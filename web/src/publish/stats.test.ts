import { expect, test } from 'vitest'
import { OutboundMeter } from './stats.ts'

interface Over {
  [key: string]: unknown
}

/** A browser's report s seconds after the start. */
function report(s: number, layers: Over[] = [{ rid: undefined }], over: Over = {}): Map<string, unknown> {
  const entries: Over[] = [
    ...layers.map((layer, i) => ({
      id: `V${i}`,
      type: 'outbound-rtp',
      kind: 'video',
      codecId: 'H',
      bytesSent: 155_000 * s,
      retransmittedBytesSent: 30_000 * s,
      packetsSent: 100 * s,
      framesSent: 30 * s,
      frameWidth: 1280,
      frameHeight: 720,
      keyFramesEncoded: 2,
      pliCount: 1,
      qualityLimitationReason: 'none',
      encoderImplementation: 'libvpx',
      powerEfficientEncoder: false,
      ...layer,
    })),
    { id: 'A', type: 'outbound-rtp', kind: 'audio', codecId: 'O', bytesSent: 12_500 * s, packetsSent: 50 * s },
    { id: 'R', type: 'remote-inbound-rtp', kind: 'video', packetsLost: 15 * s, roundTripTime: 0.05 },
    {
      id: 'P',
      type: 'candidate-pair',
      nominated: true,
      currentRoundTripTime: 0.02,
      availableOutgoingBitrate: 4e6,
      localCandidateId: 'L',
      ...over,
    },
    { id: 'L', type: 'local-candidate', protocol: 'tcp' },
    { id: 'H', type: 'codec', mimeType: 'video/H264' },
    { id: 'O', type: 'codec', mimeType: 'audio/opus' },
  ]
  return new Map(entries.map((e) => [String(e['id']), e]))
}

test('rates need two samples; the rest is there at once', () => {
  const meter = new OutboundMeter()
  expect(meter.read(report(1), 1000)).toMatchObject({
    videoBitrate: null,
    loss: null,
    videoCodec: 'H264',
    audioCodec: 'opus',
    roundTripMs: 20,
    availableBitrate: 4e6,
    transport: 'tcp',
    encoder: 'libvpx',
    hardware: false,
    limitation: 'none',
    keyframes: 2,
    keyframeRequests: 1,
  })
  const stats = meter.read(report(2), 2000)
  expect(stats).toMatchObject({ videoBitrate: 1e6, audioBitrate: 1e5, loss: 0.1, packetsSent: 300, packetsLost: 30 })
  expect(stats.layers).toEqual([{ rid: '', active: true, width: 1280, height: 720, fps: 30, bitrate: 1e6, limitation: 'none' }])
})

test('layers come largest first, and what holds one back holds all', () => {
  const layers = [
    { rid: 'l', frameWidth: 320, frameHeight: 180 },
    { rid: 'm', frameWidth: 640, frameHeight: 360, qualityLimitationReason: 'bandwidth' },
    { rid: 'h', frameWidth: undefined, frameHeight: undefined, active: false, qualityLimitationReason: 'cpu', framesSent: 0 },
  ]
  const stats = new OutboundMeter().read(report(1, layers), 1000)
  expect(stats.layers.map((l) => [l.rid, l.active, l.width])).toEqual([
    ['m', true, 640],
    ['l', true, 320],
    ['h', false, null],
  ])
  expect(stats.limitation).toBe('bandwidth')
})

test('what a browser does not say is not known', () => {
  expect(new OutboundMeter().read(new Map(), 0)).toMatchObject({
    layers: [],
    videoBitrate: null,
    roundTripMs: null,
    encoder: null,
    hardware: null,
    transport: null,
    limitation: 'none',
  })
})

test('a wrapped encoder is called by its own name', () => {
  const layers = [{ encoderImplementation: 'SimulcastEncoderAdapter (libaom, libaom, libaom)' }]
  expect(new OutboundMeter().read(report(1, layers), 1000).encoder).toBe('libaom')
})

test('probing is no picture', () => {
  const meter = new OutboundMeter()
  meter.read(report(1, [{ rid: 'l', targetBitrate: 250_000 }]), 1000)
  expect(meter.read(report(2, [{ rid: 'l', targetBitrate: 250_000 }]), 2000).videoBitrate).toBe(250_000)
})

test('counters that run backwards give no negative rates', () => {
  const meter = new OutboundMeter()
  meter.read(report(5), 5000)
  expect(meter.read(report(1), 6000)).toMatchObject({ videoBitrate: 0, loss: null })
})
