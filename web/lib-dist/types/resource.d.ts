import { type Link } from './link.js';
export interface ResourceOptions {
    /** The WHIP or WHEP endpoint, absolute or relative to the page. */
    endpoint: string;
    /** Sent as a bearer token, if given. */
    token?: string;
}
/**
 * The HTTP side of a session, the same for WHIP (RFC 9725) and WHEP: made by a POST, restarted by PATCH, ended by
 * DELETE. It knows no WebRTC. Its methods reject with a SessionError.
 */
export declare class Resource {
    #private;
    /** performance.now() when the POST left; 0 before. */
    postedAt: number;
    /** What the server says there is besides the session; empty before the POST is answered. */
    links: Link[];
    constructor(options: ResourceOptions);
    /** Makes the session of an offer and gives the server's answer. */
    post(offer: string): Promise<string>;
    /** Begins ICE anew: takes our fragment and gives the server's (RFC 9725 4.3.3). */
    restart(fragment: string): Promise<string>;
    /** Ends the session, once. Never rejects: a server that does not hear it notices by itself that nobody is there. */
    delete(keepalive: boolean): Promise<void>;
    /** Asks an extension of the session for something, with the session's credential. */
    request(target: string, init: RequestInit): Promise<Response>;
    /** An address of the server's, absolute. */
    resolve(target: string): string;
}
