import { diagnosePath } from '../name.ts'
import { REASONS } from '../words.ts'
import { carry } from '../token.ts'

/** The page that says why a stream does not play, with what the player has found out. */
export function diagnoseLink(name: string, reason: string | null, token: string): string {
  return carry(diagnosePath(name) + (reason === null ? '' : `?reason=${encodeURIComponent(reason)}`), token)
}

/** The reason that an address was given by diagnoseLink, in words; "" for none that we know. */
export function reasonOf(search: string): string {
  const reason = new URLSearchParams(search).get('reason') ?? ''
  return Object.hasOwn(REASONS, reason) ? REASONS[reason as keyof typeof REASONS].title : ''
}
