import { type Failure } from './failure.js';
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
/** Reads a WHEP session that did not open. */
export declare function failureOf(error: unknown): Failure<Reason>;
