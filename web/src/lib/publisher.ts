/**
 * The publisher for other sites: the module millrace-publisher.js. The class Publisher sends what the site has captured.
 */
export { type Capabilities, checkBrowser } from '../publish/capabilities.ts'
export { type CaptureFailure, failureOf as captureFailureOf } from '../publish/capture.ts'
export { Publisher, type PublisherEvents, type PublisherOptions, type Tracks } from '../publish/publisher.ts'
export { type Codec, CODECS, DEFAULT_SETTINGS, type EncodingSettings } from '../publish/settings.ts'
export type { LayerStats, Limitation, PublishStats } from '../publish/stats.ts'
export type { PublishReason, PublishState, PublishStatus } from '../publish/status.ts'
export { captureWords, publishWords } from '../publish/words.ts'
export type { Words } from '../words.ts'
