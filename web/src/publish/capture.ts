/** Getting at cameras, microphones and screens, and reading what went wrong. */

export type CaptureFailure =
  /** The user, or an earlier decision, said no. */
  | 'denied'
  /** The operating system says no to this browser. */
  | 'denied_by_system'
  /** The question was closed without an answer. */
  | 'dismissed'
  | 'no_camera'
  | 'no_microphone'
  /** Neither camera nor microphone. */
  | 'no_device'
  /** Another program holds it, or its driver fails. */
  | 'in_use'
  /** The page may not even ask: not a secure one, or embedded without the right to. */
  | 'not_allowed_here'
  | 'failed'

export class CaptureError extends Error {
  readonly failure: CaptureFailure
  constructor(failure: CaptureFailure, cause: unknown) {
    super(String(cause))
    this.name = 'CaptureError'
    this.failure = failure
  }
}

/** What is asked for. A device that is not there any more is replaced by another; null does without. */
export interface DeviceChoice {
  /** deviceId; "" takes what the browser proposes. */
  camera: string | null
  microphone: string | null
  /** Lines of the picture. */
  height: number
  frameRate: number
  /** Sound made for speech (no echo, no noise, even level), or as it is. */
  speech: boolean
}

export async function openDevices(choice: DeviceChoice): Promise<MediaStream> {
  const constraints = {
    video: choice.camera === null ? false : { ...byId(choice.camera), ...pictureConstraints(choice) },
    audio: choice.microphone === null ? false : { ...byId(choice.microphone), ...soundConstraints(choice.speech) },
  }
  try {
    return await navigator.mediaDevices.getUserMedia(constraints)
  } catch (cause) {
    const chosen = (choice.camera ?? '') !== '' || (choice.microphone ?? '') !== ''
    // A device of last time that is not there today is no reason to fail.
    if (chosen && cause instanceof Error && cause.name === 'OverconstrainedError') {
      return openDevices({ ...choice, camera: choice.camera && '', microphone: choice.microphone && '' })
    }
    throw new CaptureError(await failureOfDevices(cause, choice), cause)
  }
}

/** Null when the user changed their mind. */
export async function openScreen({ height, frameRate }: { height: number; frameRate: number }): Promise<MediaStream | null> {
  // Not everything is in TypeScript's library yet; browsers leave out what they do not know.
  const options = {
    video: { frameRate: { ideal: frameRate }, width: { max: Math.round((height * 16) / 9) }, height: { max: height } },
    audio: { ...soundConstraints(false), suppressLocalAudioPlayback: false },
    systemAudio: 'include',
    surfaceSwitching: 'include',
    selfBrowserSurface: 'exclude',
  }
  try {
    return await navigator.mediaDevices.getDisplayMedia(options as DisplayMediaStreamOptions)
  } catch (cause) {
    const failure = failureOf(cause)
    // Pressing "cancel" gives the same error as a refusal.
    if (failure === 'denied' || failure === 'dismissed') return null
    throw new CaptureError(failure, cause)
  }
}

/** What is wanted of a camera: as near as it can, never a reason to fail. */
export function pictureConstraints({ height, frameRate }: { height: number; frameRate: number }): MediaTrackConstraints {
  return { width: { ideal: Math.round((height * 16) / 9) }, height: { ideal: height }, frameRate: { ideal: frameRate } }
}

/** Music and the sound of a screen must not be treated as if they were disturbed speech. */
export function soundConstraints(speech: boolean): MediaTrackConstraints {
  return { echoCancellation: speech, noiseSuppression: speech, autoGainControl: speech, channelCount: { ideal: speech ? 1 : 2 } }
}

function byId(deviceId: string): MediaTrackConstraints {
  return deviceId === '' ? {} : { deviceId: { exact: deviceId } }
}

/** Which of the two is missing is not in the error. */
async function failureOfDevices(cause: unknown, choice: DeviceChoice): Promise<CaptureFailure> {
  const failure = failureOf(cause)
  if (failure !== 'no_device') return failure
  if (choice.camera === null) return 'no_microphone'
  if (choice.microphone === null) return 'no_camera'
  const devices = await navigator.mediaDevices.enumerateDevices().catch(() => [])
  if (devices.some((d) => d.kind === 'videoinput')) return 'no_microphone'
  return devices.some((d) => d.kind === 'audioinput') ? 'no_camera' : 'no_device'
}

/** Reads an error of getUserMedia or getDisplayMedia (W3C Media Capture 10.3.2; the texts are Chromium's). */
export function failureOf(cause: unknown): CaptureFailure {
  const { name, message } = cause instanceof Error ? cause : { name: '', message: '' }
  switch (name) {
    case 'NotAllowedError':
      if (/system/i.test(message)) return 'denied_by_system'
      if (/dismissed/i.test(message)) return 'dismissed'
      return /policy|not allowed in this document/i.test(message) ? 'not_allowed_here' : 'denied'
    case 'SecurityError':
      return 'not_allowed_here'
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'no_device'
    case 'NotReadableError':
    case 'AbortError':
      return 'in_use'
    default:
      return 'failed'
  }
}
