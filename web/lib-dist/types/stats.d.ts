/** What the viewer gets, in numbers. null is "not known", never zero. */
export interface Stats {
    /** performance.now() of the sample. */
    at: number;
    /** From the frame's arrival at the gateway to its playout here, milliseconds. In the first seconds, until the browser knows, an estimate. */
    latencyMs: number | null;
    width: number | null;
    height: number | null;
    /** Frames decoded a second. */
    fps: number | null;
    /** Bits per second of media as received. */
    videoBitrate: number | null;
    audioBitrate: number | null;
    videoCodec: string | null;
    audioCodec: string | null;
    packetsReceived: number;
    packetsLost: number;
    /** Lost share of what was sent since the last sample, 0..1. */
    loss: number | null;
    /** Mean time a frame spent in the jitter buffer since the last sample, milliseconds. */
    jitterBufferMs: number | null;
    audioJitterBufferMs: number | null;
    roundTripMs: number | null;
    framesDecoded: number;
    framesDropped: number;
    keyframesDecoded: number;
    freezeCount: number;
    freezeMs: number;
    /** Keyframe requests that this browser has sent. */
    keyframeRequests: number;
    /** Payload without padding. */
    videoBytes: number;
    videoPackets: number;
    audioPackets: number;
    /** Sum of sound energy so far (W3C totalAudioEnergy); it grows only while something can be heard. */
    audioEnergy: number;
}
/** Turns the browser's statistics of one session into Stats; keeps the previous sample for the rates. */
export declare class StatsMeter {
    #private;
    /** Whether the browser says when frames are played out. */
    get knowsPlayout(): boolean;
    /** Takes how long after its last packet a frame was on the screen, for the time in which nothing better is known. */
    noteDelay(ms: number): void;
    /** at is performance.now() of the report. */
    read(report: Iterable<[string, unknown]>, at: number): Stats;
}
