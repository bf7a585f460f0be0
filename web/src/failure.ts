import { SessionError } from './session-error.ts'

/** What WHIP and WHEP fail with alike. */
export type SharedReason = 'codec_refused' | 'refused' | 'server_unreachable' | 'server_error' | 'overloaded' | 'unsupported'

/** What follows from a failed try. */
export interface Failure<Reason> {
  reason: Reason
  /** Trying again by itself makes no sense. */
  final: boolean
  /** What the server asks to wait at least, milliseconds. */
  waitMs: number
  /** The server's own words, "" if it had none. */
  said: string
}

/** What a conflict and a missing right are to those who watch, or to those who publish. */
export interface OwnReasons<Own> {
  conflict: Own
  denied: Own
}

/** Reads a session that did not open. RFC 9725 ties no cause to a 4xx; the ones here are what servers mean by them. */
export function failureOfSession<Own>(error: unknown, own: OwnReasons<Own>): Failure<Own | SharedReason> {
  if (!(error instanceof SessionError)) return { reason: 'codec_refused', final: true, waitMs: 0, said: String(error) }
  const failure = { waitMs: error.retryAfterMs, said: error.problem?.detail || error.problem?.title || '' }
  if (error.failure === 'unreachable') return { ...failure, reason: 'server_unreachable', final: false }
  if (error.failure === 'unsupported') return { ...failure, reason: 'unsupported', final: true }
  if (error.failure !== 'refused') return { ...failure, reason: 'codec_refused', final: true }
  return { ...failure, ...reasonOfStatus(error.problem?.status ?? 0, own) }
}

function reasonOfStatus<Own>(status: number, own: OwnReasons<Own>): { reason: Own | SharedReason; final: boolean } {
  if (status === 409) return { reason: own.conflict, final: false }
  if (status === 401 || status === 403) return { reason: own.denied, final: true }
  if (status === 406 || status === 422) return { reason: 'codec_refused', final: true }
  if (status === 429 || status === 503) return { reason: 'overloaded', final: false }
  // Gateways in front answer 502 and 504 for a server that is down.
  if (status === 502 || status === 504) return { reason: 'server_unreachable', final: false }
  if (status >= 500) return { reason: 'server_error', final: false }
  return { reason: 'refused', final: true }
}
