import { type Loss, type Mendable } from './lifeline.js';
import { type Stats } from './stats.js';
import { type Surface } from './surface.js';
import { type Verdict } from './watchdog.js';
/** What a playback needs of a WHEP session. */
export interface Watchable extends Mendable {
    readonly media: MediaStream;
    readonly postedAt: number;
    open(): Promise<void>;
    close(keepalive?: boolean): Promise<void>;
    getStats(): Promise<Iterable<[string, unknown]>>;
}
/** Nothing is called any more after end() or onLost. */
export interface PlaybackEvents {
    /** Milliseconds from the POST to the first frame on the screen. */
    onFirstFrame: (ms: number) => void;
    /** What comes through, at performance.now() of `at`. */
    onVerdict: (verdict: Verdict, at: number) => void;
    onStats: (stats: Stats) => void;
    /** Whether the browser wants a click before it plays. */
    onBlocked: (blocked: boolean) => void;
    onLost: (loss: Loss) => void;
}
/** One session being watched: its media shown, measured, and judged as to whether it comes through. */
export declare class Playback {
    #private;
    constructor(session: Watchable, video: Surface, events: PlaybackEvents);
    /** Opens the session and shows it. Rejects with a SessionError. */
    open(): Promise<void>;
    /** Opens the session, and shows it only when it has a picture: until then the video may show another one. */
    openUnseen(): Promise<void>;
    stats(): Promise<Stats>;
    /** Packets came through, and at the moment none can: what stands still is not the publisher's doing. */
    get interrupted(): boolean;
    networkChanged(): void;
    play(): Promise<void>;
    /** keepalive lets the farewell outlive the page. */
    end(keepalive: boolean): void;
}
