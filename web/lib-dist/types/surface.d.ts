/** What a browser tells of a frame on the screen, in terms of performance.now(). */
export interface Frame {
    presentationTime: number;
    /** When its last packet came in. */
    receiveTime?: number;
}
/** What the player needs of a video element. */
export interface Surface {
    srcObject: MediaProvider | null;
    muted: boolean;
    play(): Promise<void>;
    pause(): void;
    requestVideoFrameCallback?(fn: (now: number, frame: Frame) => void): number;
}
/** Starts playing; where the browser refuses sound without a click, without sound. Says whether it wants a click even for that. */
export declare function startPlaying(video: Surface): Promise<'playing' | 'blocked' | 'superseded'>;
/** Calls fn with the next frame that is on the screen, where the browser can tell. */
export declare function onNextFrame(video: Surface, fn: (frame: Frame, now: number) => void): void;
