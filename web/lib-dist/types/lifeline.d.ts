import type { Way } from './session.js';
/** What the lifeline needs of a session. */
export interface Mendable {
    readonly iceConnected: boolean;
    readonly hasDetours: boolean;
    restart(): Promise<void>;
    on(name: 'way', fn: (way: Way) => void): () => void;
}
export type Loss = 
/** The HTTP part went through and no packet did. */
'udp_blocked'
/** Packets came through, and do no longer. */
 | 'connection_lost'
/** The server has ended the session. */
 | 'ended';
export interface LifelineEvents {
    onConnected: () => void;
    /** Packets came through, and at the moment none can; being mended. */
    onInterrupted?: () => void;
    /** The session cannot be saved. Called once, and nothing is called after it. */
    onLost: (loss: Loss) => void;
}
/** Looks after the way of one session's media: waits for it, mends it by an ICE restart, says when it is lost. */
export declare class Lifeline {
    #private;
    constructor(session: Mendable, events: LifelineEvents);
    /** Packets came through, and at the moment none can. */
    get interrupted(): boolean;
    /** The server has answered: packets must come soon. */
    answered(): void;
    /** The caller knows that the network has changed: begins anew without waiting for silence. */
    networkChanged(): void;
    stop(): void;
}
