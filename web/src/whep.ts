import type { ResourceOptions } from './resource.ts'
import { Session } from './session.ts'

/** One WHEP session (draft-ietf-wish-whep): a picture and sound come from the server. */
export class WhepSession extends Session {
  /** Both tracks stand in here from the start, whether or not media ever comes for them. */
  readonly media = new MediaStream()

  constructor(options: ResourceOptions) {
    super(options)
  }

  protected override furnish(pc: RTCPeerConnection): void {
    for (const kind of ['video', 'audio']) {
      const { receiver } = pc.addTransceiver(kind, { direction: 'recvonly' })
      hurry(receiver)
      this.media.addTrack(receiver.track)
    }
  }

  protected override takes(direction: RTCRtpTransceiverDirection | null): boolean {
    return direction === 'recvonly' || direction === 'sendrecv'
  }
}

/** Asks the browser to play frames as soon as they are whole, where it can be asked. */
function hurry(receiver: RTCRtpReceiver & { jitterBufferTarget?: number | null; playoutDelayHint?: number }): void {
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0
  if ('playoutDelayHint' in receiver) receiver.playoutDelayHint = 0
}
