/** What goes out, in numbers. null is "not known", never zero. */
export interface PublishStats {
  /** performance.now() of the sample. */
  at: number
  /** The pictures being sent, largest first: one, or the layers of simulcast. */
  layers: LayerStats[]
  /** Bits per second of media as sent, all layers together. */
  videoBitrate: number | null
  audioBitrate: number | null
  videoCodec: string | null
  audioCodec: string | null
  /** What the line carries by the browser's estimate, bits per second. */
  availableBitrate: number | null
  roundTripMs: number | null
  /** Share of the packets that were lost since the last sample, 0..1. */
  loss: number | null
  packetsSent: number
  packetsLost: number
  /** Packets sent again. */
  retransmitted: number
  keyframes: number
  /** Requests for a keyframe that came from the server. */
  keyframeRequests: number
  /** What holds the picture back most. */
  limitation: Limitation
  /** "libvpx", "OpenH264", … as the browser calls it. */
  encoder: string | null
  /** Whether encoding is done by hardware made for it; null unknown. */
  hardware: boolean | null
  /** "udp" or "tcp". */
  transport: string | null
}

export type Limitation = 'none' | 'cpu' | 'bandwidth' | 'other'

export interface LayerStats {
  /** "" without simulcast. */
  rid: string
  active: boolean
  width: number | null
  height: number | null
  /** Frames sent a second. */
  fps: number | null
  bitrate: number | null
  limitation: Limitation
}

/** The members of W3C statistics that are read here; all may be missing in some browser. */
interface Raw {
  id: string
  type: string
  kind?: string
  rid?: string
  ssrc?: number
  active?: boolean
  codecId?: string
  localId?: string
  bytesSent?: number
  packetsSent?: number
  retransmittedPacketsSent?: number
  retransmittedBytesSent?: number
  framesSent?: number
  frameWidth?: number
  frameHeight?: number
  keyFramesEncoded?: number
  pliCount?: number
  firCount?: number
  targetBitrate?: number
  qualityLimitationReason?: string
  encoderImplementation?: string
  powerEfficientEncoder?: boolean
  // remote-inbound-rtp
  packetsLost?: number
  roundTripTime?: number
  // candidate-pair
  nominated?: boolean
  currentRoundTripTime?: number
  availableOutgoingBitrate?: number
  localCandidateId?: string
  // local-candidate
  protocol?: string
  // codec
  mimeType?: string
}

/** Two samples closer than this give no rates worth showing; the last ones stand. */
const MIN_INTERVAL_MS = 250

interface Rates {
  /** Bits and frames a second by the id of the outbound stream. */
  bitrate: Map<string, number>
  fps: Map<string, number>
  loss: number | null
}

/** Turns the browser's statistics of one session into PublishStats; keeps the previous sample for the rates. */
export class OutboundMeter {
  #previous: Map<string, Raw> | null = null
  #previousAt = 0
  #rates: Rates = { bitrate: new Map(), fps: new Map(), loss: null }

  /** at is performance.now() of the report. */
  read(report: Iterable<[string, unknown]>, at: number): PublishStats {
    const all = new Map([...report].map(([, value]) => [(value as Raw).id, value as Raw]))
    const of = (type: string, kind?: string) => [...all.values()].filter((r) => r.type === type && (kind === undefined || r.kind === kind))
    this.#advance(all, at)
    const video = of('outbound-rtp', 'video').sort((a, b) => size(b) - size(a) || rank(b) - rank(a))
    const audio = of('outbound-rtp', 'audio')
    const remote = of('remote-inbound-rtp')
    const pair = of('candidate-pair').find((p) => p.nominated === true && p.currentRoundTripTime !== undefined)
    const roundTrip = pair?.currentRoundTripTime ?? remote.find((r) => r.roundTripTime !== undefined)?.roundTripTime
    const largest = video.find((v) => (v.framesSent ?? 0) > 0) ?? video[0]
    return {
      at,
      layers: video.map((v) => this.#layer(v)),
      videoBitrate: sumKnown(video.map((v) => this.#rates.bitrate.get(v.id))),
      audioBitrate: sumKnown(audio.map((a) => this.#rates.bitrate.get(a.id))),
      videoCodec: codecName(all.get(largest?.codecId ?? '')),
      audioCodec: codecName(all.get(audio[0]?.codecId ?? '')),
      availableBitrate: pair?.availableOutgoingBitrate ?? null,
      roundTripMs: roundTrip === undefined ? null : roundTrip * 1000,
      loss: this.#rates.loss,
      packetsSent: sum([...video, ...audio], 'packetsSent'),
      packetsLost: sum(remote, 'packetsLost'),
      retransmitted: sum([...video, ...audio], 'retransmittedPacketsSent'),
      keyframes: sum(video, 'keyFramesEncoded'),
      keyframeRequests: sum(video, 'pliCount') + sum(video, 'firCount'),
      limitation: worst(video.filter(isActive).map(limitationOf)),
      encoder: encoderName(largest?.encoderImplementation),
      hardware: largest?.powerEfficientEncoder ?? null,
      transport: all.get(pair?.localCandidateId ?? '')?.protocol ?? null,
    }
  }

  #layer(raw: Raw): LayerStats {
    const active = isActive(raw)
    return {
      rid: raw.rid ?? '',
      active,
      width: raw.frameWidth ?? null,
      height: raw.frameHeight ?? null,
      fps: this.#rates.fps.get(raw.id) ?? null,
      bitrate: this.#rates.bitrate.get(raw.id) ?? null,
      limitation: active ? limitationOf(raw) : 'none',
    }
  }

  #advance(now: Map<string, Raw>, at: number): void {
    const before = this.#previous
    if (before !== null && at - this.#previousAt < MIN_INTERVAL_MS) return
    if (before !== null) this.#rates = rates(before, now, (at - this.#previousAt) / 1000)
    this.#previous = now
    this.#previousAt = at
  }
}

function rates(before: Map<string, Raw>, now: Map<string, Raw>, seconds: number): Rates {
  const out: Rates = { bitrate: new Map(), fps: new Map(), loss: null }
  let sent = 0
  let lost = 0
  for (const [id, raw] of now) {
    const old = before.get(id)
    if (old === undefined) continue
    // Counters that run backwards belong to another stream.
    const grown = (field: 'bytesSent' | 'retransmittedBytesSent' | 'framesSent' | 'packetsSent' | 'packetsLost') =>
      Math.max(0, (raw[field] ?? 0) - (old[field] ?? 0))
    if (raw.type === 'outbound-rtp') {
      const sentBits = (Math.max(0, grown('bytesSent') - grown('retransmittedBytesSent')) * 8) / seconds
      // Browsers probe the line by sending old packets again, and Chromium counts them; encoders keep to their target.
      out.bitrate.set(id, Math.min(sentBits, raw.targetBitrate || Infinity))
      if (raw.kind === 'video') out.fps.set(id, grown('framesSent') / seconds)
      sent += grown('packetsSent')
    } else if (raw.type === 'remote-inbound-rtp') {
      lost += grown('packetsLost')
    }
  }
  out.loss = sent === 0 ? null : Math.min(1, lost / sent)
  return out
}

/** Browsers that do not say so send all that they have. */
function isActive(raw: Raw): boolean {
  return raw.active !== false
}

function limitationOf(raw: Raw): Limitation {
  const reason = raw.qualityLimitationReason
  return reason === 'cpu' || reason === 'bandwidth' || reason === 'other' ? reason : 'none'
}

function worst(limitations: Limitation[]): Limitation {
  return (['cpu', 'bandwidth', 'other'] as const).find((l) => limitations.includes(l)) ?? 'none'
}

function size(raw: Raw): number {
  return (raw.frameWidth ?? 0) * (raw.frameHeight ?? 0)
}

/** Layers that send nothing have no size, but a name. */
function rank(raw: Raw): number {
  return 'lmh'.indexOf(raw.rid ?? 'h')
}

function sum(list: Raw[], field: 'packetsSent' | 'packetsLost' | 'retransmittedPacketsSent' | 'keyFramesEncoded' | 'pliCount' | 'firCount'): number {
  return list.reduce((total, raw) => total + (raw[field] ?? 0), 0)
}

function sumKnown(list: (number | undefined)[]): number | null {
  const known = list.filter((n) => n !== undefined)
  return known.length === 0 ? null : known.reduce((a, b) => a + b, 0)
}

/** Chromium wraps what it really encodes with: "SimulcastEncoderAdapter (libaom, libaom)". */
function encoderName(name: string | undefined): string | null {
  return /\(([^,)]+)/.exec(name ?? '')?.[1]?.trim() ?? name ?? null
}

/** "video/H264" -> "H264". */
function codecName(codec: Raw | undefined): string | null {
  return codec?.mimeType?.split('/')[1] ?? null
}
