import type { Status } from './status.js';
import type { Reason } from './reason.js';
/** What a person is told. */
export interface Words {
    title: string;
    detail: string;
    /** What the viewer (or the publisher) can do, "" if nothing. */
    remedy: string;
}
/** What each reason is called. */
export declare const REASONS: Record<Reason, Words>;
/** Puts a status into words; the server's own words, when it has some, go before ours where it refused us. */
export declare function wordsFor(status: Status): Words;
