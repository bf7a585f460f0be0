import { type Failure, failureOfSession } from '../failure.ts'
import type { PublishReason } from './status.ts'

/** Reads a WHIP session that did not open. */
export function publishFailureOf(error: unknown): Failure<PublishReason> {
  return failureOfSession<PublishReason>(error, { conflict: 'name_taken', denied: 'unauthorized' })
}
