/** Link header fields (RFC 8288): what a server says there is besides a session. */
export interface Link {
    /** As it stands in the header: absolute or relative to the request's address. */
    target: string;
    rel: string;
    /** All other parameters, names in small letters. */
    parameters: Record<string, string>;
}
/** Reads the value of a Link header, in which the browser has joined all fields by commas. What cannot be read is left out. */
export declare function parseLinks(header: string | null): Link[];
/** The STUN and TURN servers among the links (RFC 9725 4.6). */
export declare function iceServers(links: Link[]): RTCIceServer[];
