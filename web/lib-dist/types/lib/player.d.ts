export { MillracePlayer, type MillracePlayerEventMap } from '../element.js';
export { Player, type PlayerEvents, type PlayerOptions } from '../player.js';
export type { Reason } from '../reason.js';
export type { Rendition } from '../renditions.js';
export type { Stats } from '../stats.js';
export type { State, Status } from '../status.js';
export { type Words, wordsFor } from '../words.js';
