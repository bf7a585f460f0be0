/** What WHIP and WHEP fail with alike. */
export type SharedReason = 'codec_refused' | 'refused' | 'server_unreachable' | 'server_error' | 'overloaded' | 'unsupported';
/** What follows from a failed try. */
export interface Failure<Reason> {
    reason: Reason;
    /** Trying again by itself makes no sense. */
    final: boolean;
    /** What the server asks to wait at least, milliseconds. */
    waitMs: number;
    /** The server's own words, "" if it had none. */
    said: string;
}
/** What a conflict and a missing right are to those who watch, or to those who publish. */
export interface OwnReasons<Own> {
    conflict: Own;
    denied: Own;
}
/** Reads a session that did not open. RFC 9725 ties no cause to a 4xx; the ones here are what servers mean by them. */
export declare function failureOfSession<Own>(error: unknown, own: OwnReasons<Own>): Failure<Own | SharedReason>;
