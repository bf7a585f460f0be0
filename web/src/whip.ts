import type { ResourceOptions } from './resource.ts'
import { withStartBitrate } from './sdp.ts'
import { Session } from './session.ts'

export interface WhipOptions extends ResourceOptions {
  video: MediaStreamTrack | null
  audio: MediaStreamTrack | null
  /** One for each simulcast layer, or a single one without a rid. */
  encodings: RTCRtpEncodingParameters[]
  /** What may be sent, the preferred first; null leaves it to the browser. */
  codecs: RTCRtpCodec[] | null
}

/** Enough to begin with a whole picture, little enough for a line that turns out to be narrow, bits per second. */
const MAX_START_BITRATE = 1_500_000

/**
 * One WHIP session (RFC 9725): picture and sound go to the server. Both are offered always, so that either may come
 * later or be exchanged without another session.
 */
export class WhipSession extends Session {
  readonly #options: WhipOptions
  #video: RTCRtpTransceiver | null = null
  #audio: RTCRtpTransceiver | null = null

  constructor(options: WhipOptions) {
    super(options)
    this.#options = options
  }

  /** Sends another track from now on, or none; nothing is negotiated. */
  async replaceTrack(kind: 'video' | 'audio', track: MediaStreamTrack | null): Promise<void> {
    await (kind === 'video' ? this.#video : this.#audio)?.sender.replaceTrack(track)
  }

  /** Changes how the picture or the sound is encoded, from the next frame on. */
  async configure(kind: 'video' | 'audio', change: (parameters: RTCRtpSendParameters) => void): Promise<void> {
    const sender = (kind === 'video' ? this.#video : this.#audio)?.sender
    if (sender === undefined) return
    const parameters = sender.getParameters()
    change(parameters)
    await sender.setParameters(parameters)
  }

  protected override furnish(pc: RTCPeerConnection): void {
    const { video, audio, encodings, codecs } = this.#options
    // One MediaStream, so that servers know that the two belong together.
    const init: RTCRtpTransceiverInit = { direction: 'sendonly', streams: [new MediaStream()] }
    this.#audio = pc.addTransceiver(audio ?? 'audio', init)
    this.#video = pc.addTransceiver(video ?? 'video', { ...init, sendEncodings: encodings })
    if (codecs !== null && codecs.length > 0) this.#video.setCodecPreferences?.(codecs)
  }

  protected override adapt(answer: string): string {
    const wanted = this.#options.encodings.reduce((sum, e) => sum + (e.maxBitrate ?? 0), 0)
    return wanted === 0 ? answer : withStartBitrate(answer, Math.min(wanted, MAX_START_BITRATE) / 1000)
  }

  protected override takes(direction: RTCRtpTransceiverDirection | null): boolean {
    return direction === 'sendonly' || direction === 'sendrecv'
  }
}
