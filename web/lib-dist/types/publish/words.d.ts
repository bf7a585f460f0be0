import type { Words } from '../words.js';
import type { CaptureFailure } from './capture.js';
import type { Limitation } from './stats.js';
import type { PublishStatus } from './status.js';
import type { StudioNotice } from './studio.js';
/** Puts what stands between a publisher and its viewers into words; the server's own go before ours where it refused us. */
export declare function publishWords({ reason, said }: PublishStatus): Words;
export declare function captureWords(failure: CaptureFailure): Words;
export declare const INSECURE: Words;
export declare const UNSUPPORTED: Words;
export declare const NOTICES: Record<StudioNotice, string>;
/** What keeps the picture from being as good as was chosen, "" if nothing does. */
export declare const LIMITATIONS: Record<Limitation, string>;
