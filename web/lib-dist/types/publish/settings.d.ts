/** How picture and sound are sent. */
export interface EncodingSettings {
    /** 'auto' takes the first of CODECS that browser and server have in common. */
    codec: Codec | 'auto';
    /** Lines of the picture (its shorter side); larger ones are scaled down to it. */
    height: number;
    frameRate: number;
    /** Bits per second of the (largest) picture; 0 chooses by size, frame rate and codec. */
    bitrate: number;
    /** What to keep when line or processor cannot carry both. */
    prefer: 'motion' | 'detail' | 'balanced';
    /** Three sizes at once, for viewers to choose from. */
    simulcast: boolean;
    /** Bits per second of the sound. */
    audioBitrate: number;
}
/** In the order in which 'auto' prefers them: H.264 is played by everything and encoded by most hardware. */
export declare const CODECS: readonly ['H264', 'VP8', 'VP9', 'AV1'];
export type Codec = (typeof CODECS)[number];
export declare const DEFAULT_SETTINGS: EncodingSettings;
/** Bits per second of the largest picture: what was chosen, or what suits the rest. */
export declare function bitrateOf({ bitrate, height, frameRate, codec }: EncodingSettings): number;
