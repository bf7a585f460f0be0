/** Why there is no picture. */
export type Reason = 
/** Nobody publishes this stream (yet). */
'not_live'
/** The gateway cannot fetch it from where it comes from. */
 | 'source_down'
/** The session stands, but nothing comes any more. */
 | 'publisher_gone'
/** Sound comes, the picture has stopped. */
 | 'picture_paused' | 'server_unreachable' | 'server_error' | 'overloaded' | 'forbidden'
/** The server does not accept the request, for a reason of its own. */
 | 'refused'
/** Browser and stream have no codec in common. */
 | 'codec_refused'
/** The HTTP part went through and no packet did. */
 | 'udp_blocked' | 'connection_lost'
/** Packets come and no picture can be made of them. */
 | 'decode_stalled'
/** The browser has no WebRTC. */
 | 'unsupported';
/** What follows from a failed try. */
export interface Failure {
    reason: Reason;
    /** Trying again by itself makes no sense. */
    final: boolean;
    /** What the server asks to wait at least, milliseconds. */
    waitMs: number;
    /** The server's own words, "" if it had none. */
    said: string;
}
/** Reads a failed WHEP session that did not open. RFC 9725 ties no cause to a 4xx; the ones here are what servers mean by them. */
export declare function failureOf(error: unknown): Failure;
