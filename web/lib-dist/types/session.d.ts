import { Emitter } from './emitter.js';
import { type Link } from './link.js';
import { type ResourceOptions } from './resource.js';
/** Where the way of the media stands; "closed" is the server's farewell (DTLS close_notify). */
export type Way = 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed';
/**
 * One session between this browser and a server, of either direction: the protocol and nothing else. It is opened
 * once and closed once; trying again is others' business.
 *
 * The offer goes out before ICE has gathered anything: the server is a full ICE agent and learns our address from
 * our first check (peer-reflexive), so there is nothing to wait for. STUN and TURN servers that the 201 names are
 * for a restart, when the direct way turned out not to be one.
 */
export declare abstract class Session extends Emitter<{
    way: Way;
}> {
    #private;
    constructor(options: ResourceOptions);
    /** Gives a new peer its transceivers. */
    protected abstract furnish(pc: RTCPeerConnection): void;
    /** Whether the answer takes anything of what was offered. */
    protected abstract takes(direction: RTCRtpTransceiverDirection | null): boolean;
    /** What is to be read differently of a server's answer. */
    protected adapt(answer: string): string;
    /** performance.now() when the POST left; 0 before. */
    get postedAt(): number;
    /** What the server says there is besides the session; empty before it is open. */
    get links(): Link[];
    /** Whether the server knows ways around a blocked direct one. */
    get hasDetours(): boolean;
    /** True while ICE says that packets come through: tells "UDP blocked" from later troubles. */
    get iceConnected(): boolean;
    /** Offers, posts and takes the answer. Rejects with a SessionError. */
    open(): Promise<void>;
    /**
     * Begins ICE anew, for a network that has changed; media goes on by the old way until there is a new one. Rejects
     * with a SessionError, and everything is as it was.
     */
    restart(): Promise<void>;
    getStats(): Promise<RTCStatsReport>;
    /** Asks an extension of the session for something. Rejects with a SessionError. */
    request(target: string, init: RequestInit): Promise<Response>;
    /** An address of the server's, absolute. */
    resolve(target: string): string;
    /**
     * Ends the session here and, by DELETE, at the server; the promise is kept when the server has heard it. keepalive
     * lets the request outlive the page. Idempotent.
     */
    close(keepalive?: boolean): Promise<void>;
}
