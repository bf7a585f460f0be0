/** What comes through, as counters that only grow. */
export interface Flow {
    /** performance.now() of the count. */
    at: number;
    /** Payload only: senders probe the line with packets that contain nothing but padding. */
    videoBytes: number;
    framesDecoded: number;
    audioPackets: number;
}
export type Verdict = 
/** Too early to say. */
'unknown'
/** Frames are decoded. */
 | 'flowing'
/** Sound comes and no picture ever did. */
 | 'audio_only'
/** Sound comes, the picture has stopped. */
 | 'picture_paused'
/** Nothing comes. */
 | 'quiet'
/** Video comes and no frame is decoded. */
 | 'undecodable';
/** Longer than any pause of a healthy stream (two frames a second are one), short enough to tell people why it stands still. */
export declare const QUIET_MS = 3000;
/** A stream with a picture shows it at once (it starts with a keyframe); sound alone for this long is a stream without one. */
export declare const AUDIO_ONLY_MS = 1500;
/** Judges from counters whether media comes through. One per session. */
export declare class Watchdog {
    #private;
    observe(flow: Flow): Verdict;
}
