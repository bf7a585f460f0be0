import { Emitter } from './emitter.js';
import { type Watchable } from './playback.js';
import { type Extended, type Rendition } from './renditions.js';
import type { Stats } from './stats.js';
import { type Status } from './status.js';
import type { Surface } from './surface.js';
/** What the player needs of a WHEP session. */
export interface PlayerSession extends Watchable, Extended {
}
export interface PlayerOptions {
    /** Where to show the stream. Mute it for a start without a click. */
    video: Surface;
    /** The WHEP endpoint. */
    endpoint: string;
    token?: string;
    /** For tests: sessions and chance of another make. */
    connect?: (endpoint: string) => PlayerSession;
    random?: () => number;
}
export interface PlayerEvents {
    status: Status;
    /** Once a second while a session stands, oftener before the first frame. */
    stats: Stats;
    /** Milliseconds from the POST to the first frame on the screen, once per session. */
    firstframe: number;
    /** What there is to choose from, whenever it changes; empty where there is nothing to choose. */
    renditions: Rendition[];
}
/**
 * Plays one stream over WHEP into a video element and keeps it playing: waits for a stream that is not there,
 * reconnects with growing delays, says why nothing is seen. It knows no page.
 */
export declare class Player extends Emitter<PlayerEvents> {
    #private;
    constructor(options: PlayerOptions);
    get status(): Status;
    /** From the POST to the first frame on the screen in the current (or last) session, milliseconds; null before. */
    get firstFrameMs(): number | null;
    /** What there is to choose from, best first; empty where there is nothing to choose. */
    get renditions(): Rendition[];
    /** The rid of the rendition that was chosen; null leaves it to the server. */
    get chosen(): string | null;
    /** Chooses a rendition, for this session and those that follow; null leaves it to the server. False if the server refuses. */
    choose(rid: string | null): Promise<boolean>;
    /** Starts, or starts again after pause(). Does nothing while running. */
    start(): void;
    /** Ends the session and keeps the last picture; start() goes on at the live edge. */
    pause(): void;
    /** Tries at once what would be tried later, or never. For a button, and for news that it may work now. */
    retryNow(): void;
    /** For callers that know of it: another network is there now. */
    networkChanged(): void;
    /** The caller knows that the server does not answer: a session that stands still is given up, one that is being mended waits for it. */
    serverGone(): void;
    /** Ends everything. keepalive lets the farewell outlive the page. start() works again afterwards. */
    close(keepalive?: boolean): void;
    /** Lets the video play after a click when the browser wanted one. */
    unblock(): void;
    /** A fresh sample of the current session, or null without one. */
    stats(): Promise<Stats | null>;
}
