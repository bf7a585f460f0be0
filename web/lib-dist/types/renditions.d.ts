import type { Link } from './link.js';
/** One of the forms in which a publisher sends its picture (a simulcast layer). */
export interface Rendition {
    rid: string;
    /** 0 where the server did not say. */
    width: number;
    height: number;
    /** Bits per second; 0 if it is not sent at the moment. */
    bitrate: number;
}
/** What the renditions need of a WHEP session. */
export interface Extended {
    readonly links: Link[];
    request(target: string, init: RequestInit): Promise<Response>;
    resolve(target: string): string;
}
export interface RenditionsEvents {
    /** What there is to choose from, whenever it changes, best first; empty where there is nothing to choose. */
    onChange: (renditions: Rendition[]) => void;
    /** The server asks for a new session, at another endpoint if it names one. */
    onReconnect: (url: string | null) => void;
}
/**
 * The rendition choice of one WHEP session, by the layer and server-sent-events extensions
 * (wish-wg/webrtc-http-egress-protocol, webrtc-http-egress-events). Without them it is silent.
 *
 * While the page is hidden no events are listened for: browsers open but six connections to a host that speaks
 * HTTP/1.1, and tabs in the background must not hold them.
 */
export declare class Renditions {
    #private;
    constructor(session: Extended, events: RenditionsEvents);
    /** Begins, once, when the session is open. chosen is the rid of an earlier session's choice. */
    start(chosen: string | null): Promise<void>;
    /** Chooses a rendition by its rid, or leaves the choice to the server. False if the server refuses. */
    choose(rid: string | null): Promise<boolean>;
    stop(): void;
}
/** Reads the data of a layers event: of the first m-line that has any, one rendition for each rid, best first; none if there is but one. */
export declare function readLayers(data: string): Rendition[];
