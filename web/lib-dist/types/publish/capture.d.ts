/** Getting at cameras, microphones and screens, and reading what went wrong. */
export type CaptureFailure = 
/** The user, or an earlier decision, said no. */
'denied'
/** The operating system says no to this browser. */
 | 'denied_by_system'
/** The question was closed without an answer. */
 | 'dismissed' | 'no_camera' | 'no_microphone'
/** Neither camera nor microphone. */
 | 'no_device'
/** Another program holds it, or its driver fails. */
 | 'in_use'
/** The page may not even ask: not a secure one, or embedded without the right to. */
 | 'not_allowed_here' | 'failed';
export declare class CaptureError extends Error {
    readonly failure: CaptureFailure;
    constructor(failure: CaptureFailure, cause: unknown);
}
/** What is asked for. A device that is not there any more is replaced by another; null does without. */
export interface DeviceChoice {
    /** deviceId; "" takes what the browser proposes. */
    camera: string | null;
    microphone: string | null;
    /** Lines of the picture. */
    height: number;
    frameRate: number;
    /** Sound made for speech (no echo, no noise, even level), or as it is. */
    speech: boolean;
}
export declare function openDevices(choice: DeviceChoice): Promise<MediaStream>;
/** Null when the user changed their mind. */
export declare function openScreen({ height, frameRate }: {
    height: number;
    frameRate: number;
}): Promise<MediaStream | null>;
/** What is wanted of a camera: as near as it can, never a reason to fail. */
export declare function pictureConstraints({ height, frameRate }: {
    height: number;
    frameRate: number;
}): MediaTrackConstraints;
/** Music and the sound of a screen must not be treated as if they were disturbed speech. */
export declare function soundConstraints(speech: boolean): MediaTrackConstraints;
/** Reads an error of getUserMedia or getDisplayMedia (W3C Media Capture 10.3.2; the texts are Chromium's). */
export declare function failureOf(cause: unknown): CaptureFailure;
