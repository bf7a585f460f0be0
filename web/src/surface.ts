/** What a browser tells of a frame on the screen, in terms of performance.now(). */
export interface Frame {
  presentationTime: number
  /** When its last packet came in. */
  receiveTime?: number
}

/** What the player needs of a video element. */
export interface Surface {
  srcObject: MediaProvider | null
  muted: boolean
  play(): Promise<void>
  pause(): void
  requestVideoFrameCallback?(fn: (now: number, frame: Frame) => void): number
}

/** Starts playing; where the browser refuses sound without a click, without sound. Says whether it wants a click even for that. */
export async function startPlaying(video: Surface): Promise<'playing' | 'blocked' | 'superseded'> {
  try {
    await video.play()
  } catch (error) {
    // AbortError only means that another session took the element over.
    if (!(error instanceof Error) || error.name !== 'NotAllowedError') return 'superseded'
    if (video.muted) return 'blocked'
    video.muted = true
    return startPlaying(video)
  }
  return 'playing'
}

/** Calls fn with the next frame that is on the screen, where the browser can tell. */
export function onNextFrame(video: Surface, fn: (frame: Frame, now: number) => void): void {
  video.requestVideoFrameCallback?.((now, frame) => fn(frame, now))
}
