import { Emitter } from '../emitter.js';
import { type Mendable } from '../lifeline.js';
import { type EncodingSettings } from './settings.js';
import { type PublishStats } from './stats.js';
import type { PublishStatus } from './status.js';
/** What the publisher needs of a WHIP session. */
export interface PublisherSession extends Mendable {
    open(): Promise<void>;
    close(keepalive?: boolean): Promise<void>;
    getStats(): Promise<Iterable<[string, unknown]>>;
    replaceTrack(kind: 'video' | 'audio', track: MediaStreamTrack | null): Promise<void>;
    configure(kind: 'video' | 'audio', change: (parameters: RTCRtpSendParameters) => void): Promise<void>;
}
/** What is published. Either may be missing, now or for a while. */
export interface Tracks {
    video: MediaStreamTrack | null;
    audio: MediaStreamTrack | null;
}
export interface PublisherOptions {
    /** The WHIP endpoint. */
    endpoint: string;
    token?: string;
    settings?: Partial<EncodingSettings>;
    /** For tests: sessions and chance of another make. */
    connect?: (tracks: Tracks, settings: EncodingSettings) => PublisherSession;
    random?: () => number;
}
export interface PublisherEvents {
    status: PublishStatus;
    /** Once a second while a session stands. */
    stats: PublishStats;
}
/**
 * Publishes tracks over WHIP and keeps publishing them: reconnects with growing delays, says why nothing goes out.
 * It captures nothing and knows no page.
 */
export declare class Publisher extends Emitter<PublisherEvents> {
    #private;
    constructor(options: PublisherOptions);
    get status(): PublishStatus;
    get settings(): EncodingSettings;
    /** performance.now() since when the present session has been live; null without one. */
    get liveSince(): number | null;
    /** For the next try: what the server wants to see; undefined sends none. */
    set token(token: string | undefined);
    /** Publishes, until stop(). Does nothing while running. A MediaStream gives its first track of each kind. */
    start(media: MediaStream | Tracks): void;
    /** Sends another track of that kind from now on, or none. */
    setTrack(kind: 'video' | 'audio', track: MediaStreamTrack | null): Promise<void>;
    /** Changes how it is sent. Another codec, or simulcast on or off, takes a new session: viewers see a short pause. */
    configure(settings: Partial<EncodingSettings>): Promise<void>;
    /** Tries at once what would be tried later, or never. For a button, and for news that it may work now. */
    retryNow(): void;
    /** For callers that know of it: another network is there now. */
    networkChanged(): void;
    /** Ends everything. keepalive lets the farewell outlive the page. start() works again afterwards. */
    stop(keepalive?: boolean): void;
    /** A fresh sample of the current session, or null without one. */
    stats(): Promise<PublishStats | null>;
}
