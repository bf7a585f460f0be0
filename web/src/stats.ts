import { ServerClock } from './clock.ts'

/** What the viewer gets, in numbers. null is "not known", never zero. */
export interface Stats {
  /** performance.now() of the sample. */
  at: number
  /** From the frame's arrival at the gateway to its playout here, milliseconds. In the first seconds, until the browser knows, an estimate. */
  latencyMs: number | null
  width: number | null
  height: number | null
  /** Frames decoded a second. */
  fps: number | null
  /** Bits per second of media as received. */
  videoBitrate: number | null
  audioBitrate: number | null
  videoCodec: string | null
  audioCodec: string | null
  packetsReceived: number
  packetsLost: number
  /** Lost share of what was sent since the last sample, 0..1. */
  loss: number | null
  /** Mean time a frame spent in the jitter buffer since the last sample, milliseconds. */
  jitterBufferMs: number | null
  audioJitterBufferMs: number | null
  roundTripMs: number | null
  framesDecoded: number
  framesDropped: number
  keyframesDecoded: number
  freezeCount: number
  freezeMs: number
  /** Keyframe requests that this browser has sent. */
  keyframeRequests: number
  /** Payload without padding. */
  videoBytes: number
  videoPackets: number
  audioPackets: number
  /** Sum of sound energy so far (W3C totalAudioEnergy); it grows only while something can be heard. */
  audioEnergy: number
}

/** The members of W3C statistics that are read here; all may be missing in some browser. */
interface RawInbound {
  type: string
  kind?: string
  timestamp: number
  codecId?: string
  packetsReceived?: number
  packetsLost?: number
  bytesReceived?: number
  frameWidth?: number
  frameHeight?: number
  framesDecoded?: number
  framesDropped?: number
  keyFramesDecoded?: number
  freezeCount?: number
  totalFreezesDuration?: number
  pliCount?: number
  firCount?: number
  jitterBufferDelay?: number
  jitterBufferEmittedCount?: number
  estimatedPlayoutTimestamp?: number
  totalAudioEnergy?: number
  // remote-outbound-rtp
  remoteTimestamp?: number
  // candidate-pair
  nominated?: boolean
  currentRoundTripTime?: number
  // codec
  id: string
  mimeType?: string
}

/** Two samples closer than this give no rates worth showing; the last ones stand. */
const MIN_INTERVAL_MS = 250

/** Some browsers count estimatedPlayoutTimestamp from 1900 (NTP), some from 1970. */
const NTP_EPOCH_MS = 2_208_988_800_000

/** More than this is a wrong clock, not latency. */
const MAX_LATENCY_MS = 120_000

interface Sample {
  video: RawInbound | undefined
  audio: RawInbound | undefined
}

interface Rates {
  fps: number | null
  videoBitrate: number | null
  audioBitrate: number | null
  loss: number | null
  jitterBufferMs: number | null
  audioJitterBufferMs: number | null
}

const NO_RATES: Rates = {
  fps: null,
  videoBitrate: null,
  audioBitrate: null,
  loss: null,
  jitterBufferMs: null,
  audioJitterBufferMs: null,
}

/** Turns the browser's statistics of one session into Stats; keeps the previous sample for the rates. */
export class StatsMeter {
  #previous: Sample | null = null
  #previousAt = 0
  #rates = NO_RATES
  readonly #clock = new ServerClock()
  #delayMs: number | null = null
  #knowsPlayout = false

  /** Whether the browser says when frames are played out. */
  get knowsPlayout(): boolean {
    return this.#knowsPlayout
  }

  /** Takes how long after its last packet a frame was on the screen, for the time in which nothing better is known. */
  noteDelay(ms: number): void {
    this.#delayMs = ms
  }

  /** at is performance.now() of the report. */
  read(report: Iterable<[string, unknown]>, at: number): Stats {
    const raw = sort(report)
    const { video, audio } = raw
    if (raw.roundTripMs !== null) {
      for (const r of raw.reports) {
        if (r.remoteTimestamp !== undefined) this.#clock.observe(r.remoteTimestamp, r.timestamp, raw.roundTripMs)
      }
    }
    this.#advance({ video, audio }, at)
    return {
      at,
      latencyMs: this.#latency(video) ?? this.#latency(audio) ?? this.#guess(raw.roundTripMs),
      width: video?.frameWidth ?? null,
      height: video?.frameHeight ?? null,
      ...this.#rates,
      videoCodec: codecName(raw.codecs.get(video?.codecId ?? '')),
      audioCodec: codecName(raw.codecs.get(audio?.codecId ?? '')),
      packetsReceived: sum(video?.packetsReceived, audio?.packetsReceived),
      packetsLost: sum(video?.packetsLost, audio?.packetsLost),
      roundTripMs: raw.roundTripMs,
      framesDecoded: video?.framesDecoded ?? 0,
      framesDropped: video?.framesDropped ?? 0,
      keyframesDecoded: video?.keyFramesDecoded ?? 0,
      freezeCount: video?.freezeCount ?? 0,
      freezeMs: (video?.totalFreezesDuration ?? 0) * 1000,
      keyframeRequests: sum(video?.pliCount, video?.firCount),
      videoBytes: video?.bytesReceived ?? 0,
      videoPackets: video?.packetsReceived ?? 0,
      audioPackets: audio?.packetsReceived ?? 0,
      audioEnergy: audio?.totalAudioEnergy ?? 0,
    }
  }

  #advance(now: Sample, at: number): void {
    const before = this.#previous
    if (before !== null && at - this.#previousAt < MIN_INTERVAL_MS) return
    if (before !== null) this.#rates = rates(before, now, (at - this.#previousAt) / 1000)
    this.#previous = now
    this.#previousAt = at
  }

  #latency(inbound: RawInbound | undefined): number | null {
    const playout = inbound?.estimatedPlayoutTimestamp
    if (inbound === undefined || playout === undefined || playout <= 0) return null
    const serverNow = this.#clock.at(inbound.timestamp)
    if (serverNow === null) return null
    const latency = serverNow - (playout > NTP_EPOCH_MS ? playout - NTP_EPOCH_MS : playout)
    if (Math.abs(latency) > MAX_LATENCY_MS) return null
    this.#knowsPlayout = true
    return Math.max(0, latency)
  }

  /** Half a round trip from there to here, and what was seen here; a queue on the way is not in it. */
  #guess(roundTripMs: number | null): number | null {
    if (this.#knowsPlayout || this.#delayMs === null || roundTripMs === null) return null
    return Math.max(0, roundTripMs / 2 + this.#delayMs)
  }
}

function sort(report: Iterable<[string, unknown]>) {
  const out = {
    video: undefined as RawInbound | undefined,
    audio: undefined as RawInbound | undefined,
    reports: [] as RawInbound[],
    codecs: new Map<string, string>(),
    roundTripMs: null as number | null,
  }
  for (const [, value] of report) {
    const r = value as RawInbound
    if (r.type === 'inbound-rtp' && r.kind === 'video') out.video = r
    else if (r.type === 'inbound-rtp' && r.kind === 'audio') out.audio = r
    else if (r.type === 'remote-outbound-rtp') out.reports.push(r)
    else if (r.type === 'codec') out.codecs.set(r.id, r.mimeType ?? '')
    else if (r.type === 'candidate-pair' && r.nominated === true && r.currentRoundTripTime !== undefined) {
      out.roundTripMs = r.currentRoundTripTime * 1000
    }
  }
  return out
}

function rates(before: Sample, now: Sample, seconds: number): Rates {
  const of = (kind: 'video' | 'audio', field: keyof RawInbound): number | null => {
    const a = before[kind]?.[field]
    const b = now[kind]?.[field]
    // Counters run backwards when a session is replaced: nothing is known then.
    return typeof a === 'number' && typeof b === 'number' && b >= a ? b - a : null
  }
  const perSecond = (n: number | null) => (n === null ? null : n / seconds)
  const mean = (total: number | null, count: number | null) =>
    total === null || count === null || count === 0 ? null : (total / count) * 1000
  const lost = sum(of('video', 'packetsLost'), of('audio', 'packetsLost'))
  const received = sum(of('video', 'packetsReceived'), of('audio', 'packetsReceived'))
  return {
    fps: perSecond(of('video', 'framesDecoded')),
    videoBitrate: perSecond(bits(of('video', 'bytesReceived'))),
    audioBitrate: perSecond(bits(of('audio', 'bytesReceived'))),
    loss: lost + received === 0 ? null : lost / (lost + received),
    jitterBufferMs: mean(of('video', 'jitterBufferDelay'), of('video', 'jitterBufferEmittedCount')),
    audioJitterBufferMs: mean(of('audio', 'jitterBufferDelay'), of('audio', 'jitterBufferEmittedCount')),
  }
}

function bits(bytes: number | null): number | null {
  return bytes === null ? null : bytes * 8
}

function sum(a: number | null | undefined, b: number | null | undefined): number {
  return (a ?? 0) + (b ?? 0)
}

/** "video/H264" -> "H264". */
function codecName(mimeType: string | undefined): string | null {
  return mimeType?.split('/')[1] ?? null
}
