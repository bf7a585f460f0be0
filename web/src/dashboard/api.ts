import { ApiError, fetchServer, get, type Stream } from '../api.ts'
import { namePath } from '../name.ts'
import { readProblem } from '../problem.ts'
import { pageToken } from '../token.ts'

/** The part of the gateway's JSON interface that only operators read. Seconds, bits a second, bytes. */
export interface Overview {
  node: string
  version: string
  uptime: number
  streams: number
  publishers: number
  viewers: number
  bitrate_in: number
  bitrate_out: number
  /** Processors kept busy. */
  cpu: number
  memory: number
  goroutines: number
  /** From a frame's last byte in to its last packet out; 0 while nobody watches. */
  latency: { p50: number; p99: number }
  warnings: number
  draining: boolean
}

/** A publisher or a viewer. What its protocol does not know is 0 or "". */
export interface Session {
  id: string
  role: 'publisher' | 'viewer'
  stream: string
  protocol: string
  remote: string
  agent: string
  /** Names the credential without telling it. */
  holder: string
  since: string
  duration: number
  transport: string
  video: string
  audio: string
  rendition: string
  bytes: number
  bitrate: number
  packets: number
  lost: number
  /** 0..1 */
  loss: number
  resent: number
  keyframe_requests: number
  skipped: number
  round_trip: number
  jitter: number
  behind: number
  /** No media yet. */
  connecting: boolean
}

/** Something that happened. What does not belong to its kind is missing. */
export interface Happening {
  id: string
  seq: number
  at: string
  node: string
  kind: string
  stream?: string
  session?: string
  protocol?: string
  remote?: string
  agent?: string
  cause?: string
  detail?: string
}

/** A picture in the ring. */
export interface GopFrame {
  /** RFC 3339. */
  at: string
  kind: 'key' | 'delta' | 'b'
  bytes: number
  track: number
}

/** Some of a list, and how many there are altogether. */
export interface Part<T> {
  items: T[]
  total: number
}

/** As many as the gateway gives at once. */
const MOST = 1000
/** A request that changes something and takes longer has failed. */
const TIMEOUT_MS = 8000

export function fetchOverview(signal?: AbortSignal): Promise<Overview> {
  return get<Overview>('/api/v1/overview', signal)
}

/** The overview's figures as they were. */
export type PastSample = Pick<Overview, 'publishers' | 'viewers' | 'bitrate_in' | 'bitrate_out' | 'cpu' | 'memory' | 'latency'> & { at: string }

export interface Past {
  /** On the gateway's clock, like the samples' times. */
  now: string
  /** Oldest first. */
  samples: PastSample[]
}

export function fetchPast(signal?: AbortSignal): Promise<Past> {
  return get<Past>('/api/v1/overview/history', signal)
}

/** The first thousand streams whose names begin with prefix. */
export async function fetchStreamPart(prefix: string, signal?: AbortSignal): Promise<Part<Stream>> {
  const query = new URLSearchParams({ limit: String(MOST), ...(prefix === '' ? {} : { prefix }) })
  const { streams, total } = await get<{ streams?: Stream[] | null; total?: number }>(`/api/v1/streams?${query}`, signal)
  return { items: streams ?? [], total: total ?? streams?.length ?? 0 }
}

/** The first thousand sessions of a stream, the oldest first. */
export async function fetchSessions(stream: string, signal?: AbortSignal): Promise<Part<Session>> {
  const query = new URLSearchParams({ limit: String(MOST), stream })
  const { sessions, total } = await get<{ sessions?: Session[] | null; total?: number }>(`/api/v1/sessions?${query}`, signal)
  return { items: sessions ?? [], total: total ?? sessions?.length ?? 0 }
}

/** The pictures of a stream that are kept now, the newest last; none where there is no such stream. */
export async function fetchGop(stream: string, signal?: AbortSignal): Promise<GopFrame[]> {
  try {
    return (await get<{ frames?: GopFrame[] | null }>(`/api/v1/streams/${namePath(stream)}/gop`, signal)).frames ?? []
  } catch (error) {
    if (error instanceof ApiError && error.problem.status === 404) return []
    throw error
  }
}

/** The newest events, the newest last. */
export async function fetchHappenings(limit: number, signal?: AbortSignal): Promise<Happening[]> {
  return (await get<{ events?: Happening[] | null }>(`/api/v1/events?limit=${limit}`, signal)).events ?? []
}

/** Ends a session. False: it had ended before. */
export async function endSession(id: string): Promise<boolean> {
  const token = pageToken()
  const response = await fetch(`/api/v1/sessions/${encodeURIComponent(id)}`, {
    method: 'DELETE',
    headers: token === '' ? {} : { Authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  if (response.ok) return true
  if (response.status === 404) return false
  throw new ApiError(await readProblem(response))
}

/** Whether whoever looks at this may also change things. The configuration is shown to those alone, so it is asked for. */
export async function fetchMayAdmin(signal?: AbortSignal): Promise<boolean> {
  const { needs_credential: needs = [] } = await fetchServer(signal)
  if (!needs.includes('admin')) return true
  if (pageToken() === '') return false
  try {
    await get<unknown>('/api/v1/config', signal)
    return true
  } catch (error) {
    if (error instanceof ApiError && error.denied) return false
    throw error
  }
}
