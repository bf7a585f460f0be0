import { Emitter } from '../emitter.js';
/** What the studio captures with; "" leaves the choice of a device to the browser. */
export interface StudioSettings {
    camera: string;
    microphone: string;
    height: number;
    frameRate: number;
    speech: boolean;
}
/** Something happened by itself that people should know. */
export type StudioNotice = 'camera_lost' | 'microphone_lost' | 'no_camera' | 'no_microphone';
export interface StudioEvents {
    /** Something is captured, or not any more, or muted; the getters have what. */
    change: undefined;
    notice: StudioNotice;
}
/**
 * Camera, microphone and screen: opens and closes them, and makes of them one picture and one sound to send. The screen
 * goes before the camera; its sound and the microphone are mixed. It sends nothing itself.
 */
export declare class Studio extends Emitter<StudioEvents> {
    #private;
    constructor(settings: StudioSettings);
    /** What is to be sent. */
    get video(): MediaStreamTrack | null;
    get audio(): MediaStreamTrack | null;
    get cameraOn(): boolean;
    get sharing(): boolean;
    get hasMicrophone(): boolean;
    get muted(): boolean;
    /** deviceIds of what is open, "" if nothing is. */
    get devices(): {
        camera: string;
        microphone: string;
    };
    /** How loud the microphone (or else what is sent) is, 0..1. */
    level(): number;
    /** Opens camera and microphone, or the microphone alone. Where one is missing, the other has to do. Rejects with a CaptureError. */
    open(what: {
        camera: boolean;
    }): Promise<void>;
    /** Rejects with a CaptureError; false if the user changed their mind. */
    share(): Promise<boolean>;
    unshare(): void;
    mute(muted: boolean): void;
    /** Rejects with a CaptureError. */
    setCamera(on: boolean): Promise<void>;
    /** Opens the microphone, if none is. Rejects with a CaptureError. */
    openMicrophone(): Promise<void>;
    /** Goes over to other devices and another quality, where they are open. Rejects with a CaptureError. */
    configure(settings: StudioSettings): Promise<void>;
    /** Lets go of everything. */
    close(): void;
}
