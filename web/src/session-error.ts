import type { Problem } from './problem.ts'

export type SessionFailure =
  /** No HTTP answer came. */
  | 'unreachable'
  /** The server answered with something other than what was asked for. */
  | 'refused'
  /** The server's answer cannot be used by this browser, or takes neither picture nor sound. */
  | 'answer'
  /** This browser has no WebRTC. */
  | 'unsupported'
  /** close() was called meanwhile. */
  | 'closed'

/** Why a WHIP or WHEP session did not come to be, or could not be changed. */
export class SessionError extends Error {
  readonly failure: SessionFailure
  readonly problem: Problem | null
  /** What the server asks to wait before the next try, milliseconds; 0 if it did not say. */
  readonly retryAfterMs: number

  constructor(failure: SessionFailure, message: string, problem: Problem | null = null, retryAfter = 0) {
    super(message)
    this.name = 'SessionError'
    this.failure = failure
    this.problem = problem
    this.retryAfterMs = retryAfter
  }
}
