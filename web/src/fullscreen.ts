/** Full screen of the player, with Safari's older ways. */

interface OldDocument {
  webkitFullscreenElement?: Element | null
  webkitExitFullscreen?: () => void
}
interface OldElement {
  webkitRequestFullscreen?: () => void
}
interface OldVideo {
  /** iPhones show nothing but a video in full screen. */
  webkitEnterFullscreen?: () => void
}

export function canFullscreen(element: HTMLElement, video: HTMLVideoElement): boolean {
  return (
    document.fullscreenEnabled ||
    (element as OldElement).webkitRequestFullscreen !== undefined ||
    (video as OldVideo).webkitEnterFullscreen !== undefined
  )
}

export function isFullscreen(): boolean {
  return (document.fullscreenElement ?? (document as OldDocument).webkitFullscreenElement ?? null) !== null
}

export function toggleFullscreen(element: HTMLElement, video: HTMLVideoElement): void {
  const old = document as OldDocument
  if (isFullscreen()) {
    if (old.webkitExitFullscreen && !document.fullscreenEnabled) old.webkitExitFullscreen()
    else void document.exitFullscreen().catch(() => {})
  } else if (document.fullscreenEnabled) {
    // Refused without a user's gesture; there is nothing to add to that.
    void element.requestFullscreen().catch(() => {})
  } else if ((element as OldElement).webkitRequestFullscreen) {
    ;(element as OldElement).webkitRequestFullscreen?.()
  } else {
    ;(video as OldVideo).webkitEnterFullscreen?.()
  }
}

/** Calls fn at every change until the returned function is called. */
export function onFullscreenChange(fn: () => void): () => void {
  const names = ['fullscreenchange', 'webkitfullscreenchange']
  for (const name of names) document.addEventListener(name, fn)
  return () => {
    for (const name of names) document.removeEventListener(name, fn)
  }
}
