import { namePath } from './name.ts'
import { type Problem, readProblem } from './problem.ts'
import { pageToken } from './token.ts'

/** The gateway's JSON interface, as far as the pages read it. Members that may be missing are optional. */
export interface Stream {
  name: string
  /** False while a publisher that left is still being waited for. */
  live: boolean
  /** Counts the publishers that this stream has had. */
  generation: number
  /** Since when this publisher has been here, RFC 3339. */
  since?: string
  publisher?: { protocol: string; remote?: string; encoder?: string }
  tracks?: Track[]
  viewers: number
  /** Bits per second over all tracks. */
  bitrate: number
  warnings?: Warning[]
  /** Where the gateway has it from, if it fetches it itself; put in by withSources. */
  source?: Source
}

/** A stream that the configuration has the gateway fetch. */
export interface Source {
  name: string
  on_demand: boolean
  state: 'idle' | 'connecting' | 'live' | 'waiting'
  last_error: string
  viewers: number
}

export interface Track {
  id: number
  kind: 'video' | 'audio'
  codec: string
  profile?: string
  width?: number
  height?: number
  frame_rate?: number
  /** Bits per second. */
  bitrate?: number
  /** Seconds between keyframes; 0 unknown. */
  keyframe_interval?: number
  /** Share of B-frames, 0..1. */
  b_frame_share?: number
  sample_rate?: number
  channels?: number
  /** The track that this one was made of by the gateway; 0 if it is the publisher's own. */
  derived_from?: number
  /** How browsers get it: as it is, turned into another codec, or not at all. */
  playable?: 'pass' | 'derive' | 'no'
  note?: string
  /** Its name among several of a kind. */
  rendition?: string
  /** How each kind of player gets it, as playable has it, and why. */
  players?: { what: string; how: 'pass' | 'derive' | 'no'; why: string }[]
}

export interface Warning {
  code: string
  title: string
  detail: string
  remedy: string
}

/** Ports are 0 where the listener is off. */
export interface Server {
  version: string
  rtmp_port: number
  rtsp_port: number
  http_port: number
  webrtc_port: number
  /** The actions that need a credential: publish, play, read, admin. */
  needs_credential?: string[]
}

export class ApiError extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(`${problem.status} ${problem.title}`)
    this.name = 'ApiError'
    this.problem = problem
  }

  /** The server is there, and wants to see a (better) token. */
  get denied(): boolean {
    return this.problem.status === 401 || this.problem.status === 403
  }
}

/** A request that takes longer has failed. */
const TIMEOUT_MS = 8000

/** More streams than these pages have nobody looks through. */
const MAX_PAGES = 5

/** All of them: the list comes in pages, of which the first is enough for most gateways. */
export async function fetchStreams(signal?: AbortSignal): Promise<Stream[]> {
  const all: Stream[] = []
  let path = '/api/v1/streams'
  for (let page = 0; page < MAX_PAGES; page++) {
    const body = await get<{ streams?: Stream[] | null; next?: string }>(path, signal)
    all.push(...(body.streams ?? []))
    if (!body.next) break
    path = `/api/v1/streams?limit=1000&after=${encodeURIComponent(body.next)}`
  }
  return all
}

/** None where it does not tell of sources: the streams are what matters, and whether these can be had says whether it is there. */
export async function fetchSources(signal?: AbortSignal): Promise<Source[]> {
  try {
    const body = await get<{ sources?: Source[] | null }>('/api/v1/sources', signal)
    return body.sources ?? []
  } catch {
    return []
  }
}

/** The streams, and those that are there as soon as somebody watches, by name. */
export function withSources(streams: Stream[], sources: Source[]): Stream[] {
  const live = new Map(streams.map((s) => [s.name, s]))
  for (const source of sources) {
    const stream = live.get(source.name) ?? { name: source.name, live: false, generation: 0, viewers: source.viewers, bitrate: 0 }
    live.set(source.name, { ...stream, source })
  }
  return [...live.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** Null when there is no such stream. */
export async function fetchStream(name: string, signal?: AbortSignal): Promise<Stream | null> {
  try {
    return await get<Stream>(`/api/v1/streams/${namePath(name)}`, signal)
  } catch (error) {
    if (error instanceof ApiError && error.problem.status === 404) return null
    throw error
  }
}

export function fetchServer(signal?: AbortSignal): Promise<Server> {
  return get<Server>('/api/v1/server', signal)
}

/** A GET of JSON. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const token = pageToken()
  const response = await fetch(path, {
    headers: { Accept: 'application/json', ...(token === '' ? {} : { Authorization: `Bearer ${token}` }) },
    signal: signal === undefined ? timeout : anySignal(signal, timeout),
  })
  if (!response.ok) throw new ApiError(await readProblem(response))
  return (await response.json()) as T
}

/** AbortSignal.any is missing in browsers of 2023. */
function anySignal(...signals: AbortSignal[]): AbortSignal {
  const controller = new AbortController()
  for (const signal of signals) {
    if (signal.aborted) controller.abort(signal.reason)
    signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true })
  }
  return controller.signal
}

/** The publisher's own tracks of a kind, the largest picture first: simulcast has several of one picture. */
export function sourceTracks(stream: Stream, kind: Track['kind']): Track[] {
  const size = (t: Track) => (t.width ?? 0) * (t.height ?? 0)
  return (stream.tracks ?? []).filter((t) => t.kind === kind && !t.derived_from).sort((a, b) => size(b) - size(a))
}

/** The publisher's own track of a kind. */
export function sourceTrack(stream: Stream, kind: Track['kind']): Track | undefined {
  return sourceTracks(stream, kind)[0]
}
