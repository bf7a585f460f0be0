import type { Reason } from './reason.js';
export type State = 
/** Not started. */
'idle'
/** A session is being opened, or is open and its first frame has not been shown; the reason is that of the last failure. */
 | 'connecting'
/** The stream is not live; asking again until it is. */
 | 'waiting' | 'playing'
/** The session stands and the picture does not move; see the reason. */
 | 'stalled'
/** Without a session; trying again at retryAt. */
 | 'retrying'
/** Trying again by itself makes no sense; see the reason. */
 | 'failed'
/** Stopped by the user. */
 | 'paused';
/** What a player is doing, and why. */
export interface Status {
    state: State;
    reason: Reason | null;
    /** The server's own words about the reason, "" if there are none. */
    said: string;
    /** performance.now() of the next try, or null. */
    retryAt: number | null;
    audioOnly: boolean;
    /** The browser wants a click before it plays. */
    blocked: boolean;
}
export declare const IDLE: Status;
