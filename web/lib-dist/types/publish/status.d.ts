export type PublishState = 
/** Not started, or stopped. */
'idle'
/** A session is being opened; the reason is that of the last failure. */
 | 'connecting'
/** Picture and sound go out. */
 | 'live'
/** The session stands and its packets do not get through; being mended. */
 | 'stalled'
/** Without a session; trying again at retryAt. */
 | 'retrying'
/** Trying again by itself makes no sense; see the reason. */
 | 'failed';
/** Why nothing goes out. */
export type PublishReason = 
/** Somebody else publishes under this name. */
'name_taken'
/** The server wants a (better) token. */
 | 'unauthorized'
/** Browser and server have no codec in common, or not the one that was chosen. */
 | 'codec_refused'
/** The server does not accept the request, for a reason of its own. */
 | 'refused' | 'server_unreachable' | 'server_error' | 'overloaded'
/** The HTTP part went through and no packet did. */
 | 'udp_blocked' | 'connection_lost'
/** The server has ended the session. */
 | 'ended'
/** The browser has no WebRTC. */
 | 'unsupported';
/** What a publisher is doing, and why. */
export interface PublishStatus {
    state: PublishState;
    reason: PublishReason | null;
    /** The server's own words about the reason, "" if there are none. */
    said: string;
    /** performance.now() of the next try, or null. */
    retryAt: number | null;
}
