import { SOURCE_PROBLEM } from './problem.ts'
import { SessionError } from './session-error.ts'

/** Why there is no picture. */
export type Reason =
  /** Nobody publishes this stream (yet). */
  | 'not_live'
  /** The gateway cannot fetch it from where it comes from. */
  | 'source_down'
  /** The session stands, but nothing comes any more. */
  | 'publisher_gone'
  /** Sound comes, the picture has stopped. */
  | 'picture_paused'
  | 'server_unreachable'
  | 'server_error'
  | 'overloaded'
  | 'forbidden'
  /** The server does not accept the request, for a reason of its own. */
  | 'refused'
  /** Browser and stream have no codec in common. */
  | 'codec_refused'
  /** The HTTP part went through and no packet did. */
  | 'udp_blocked'
  | 'connection_lost'
  /** Packets come and no picture can be made of them. */
  | 'decode_stalled'
  /** The browser has no WebRTC. */
  | 'unsupported'

/** What follows from a failed try. */
export interface Failure {
  reason: Reason
  /** Trying again by itself makes no sense. */
  final: boolean
  /** What the server asks to wait at least, milliseconds. */
  waitMs: number
  /** The server's own words, "" if it had none. */
  said: string
}

/** Reads a failed WHEP session that did not open. RFC 9725 ties no cause to a 4xx; the ones here are what servers mean by them. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof SessionError)) return { reason: 'codec_refused', final: true, waitMs: 0, said: String(error) }
  const failure = { waitMs: error.retryAfterMs, said: error.problem?.detail || error.problem?.title || '' }
  if (error.failure === 'unreachable') return { ...failure, reason: 'server_unreachable', final: false }
  if (error.failure === 'unsupported') return { ...failure, reason: 'unsupported', final: true }
  if (error.failure !== 'refused') return { ...failure, reason: 'codec_refused', final: true }
  if (error.problem?.type === SOURCE_PROBLEM) return { ...failure, reason: 'source_down', final: false }
  return { ...failure, ...reasonOfStatus(error.problem?.status ?? 0) }
}

function reasonOfStatus(status: number): { reason: Reason; final: boolean } {
  if (status === 409) return { reason: 'not_live', final: false }
  if (status === 401 || status === 403) return { reason: 'forbidden', final: true }
  if (status === 406 || status === 422) return { reason: 'codec_refused', final: true }
  if (status === 429 || status === 503) return { reason: 'overloaded', final: false }
  // Gateways in front answer 502 and 504 for a server that is down.
  if (status === 502 || status === 504) return { reason: 'server_unreachable', final: false }
  if (status >= 500) return { reason: 'server_error', final: false }
  return { reason: 'refused', final: true }
}
