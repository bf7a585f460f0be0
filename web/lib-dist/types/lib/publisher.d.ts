/**
 * The publisher for other sites: the module millrace-publisher.js. The class Publisher sends what the site has captured.
 */
export { type Capabilities, checkBrowser } from '../publish/capabilities.js';
export { type CaptureFailure, failureOf as captureFailureOf } from '../publish/capture.js';
export { Publisher, type PublisherEvents, type PublisherOptions, type Tracks } from '../publish/publisher.js';
export { type Codec, CODECS, DEFAULT_SETTINGS, type EncodingSettings } from '../publish/settings.js';
export type { LayerStats, Limitation, PublishStats } from '../publish/stats.js';
export type { PublishReason, PublishState, PublishStatus } from '../publish/status.js';
export { captureWords, publishWords } from '../publish/words.js';
export type { Words } from '../words.js';
