/**
 * The player for other sites: the module millrace-player.js. Loading it defines the element <millrace-player>; the class
 * Player plays into a video element of the site's own.
 */
import { MillracePlayer } from '../element.ts'

export { MillracePlayer, type MillracePlayerEventMap } from '../element.ts'
export { Player, type PlayerEvents, type PlayerOptions } from '../player.ts'
export type { Reason } from '../reason.ts'
export type { Rendition } from '../renditions.ts'
export type { Stats } from '../stats.ts'
export type { State, Status } from '../status.ts'
export { type Words, wordsFor } from '../words.ts'

if (globalThis.customElements !== undefined && customElements.get('millrace-player') === undefined) {
  customElements.define('millrace-player', MillracePlayer)
}
