import { Emitter } from './emitter.ts'
import { iceServers, type Link } from './link.ts'
import { Resource, type ResourceOptions } from './resource.ts'
import { preferStereo, restartFragment, withRestart } from './sdp.ts'
import { SessionError } from './session-error.ts'

/** Where the way of the media stands; "closed" is the server's farewell (DTLS close_notify). */
export type Way = 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed'

/**
 * One session between this browser and a server, of either direction: the protocol and nothing else. It is opened
 * once and closed once; trying again is others' business.
 *
 * The offer goes out before ICE has gathered anything: the server is a full ICE agent and learns our address from
 * our first check (peer-reflexive), so there is nothing to wait for. STUN and TURN servers that the 201 names are
 * for a restart, when the direct way turned out not to be one.
 */
export abstract class Session extends Emitter<{ way: Way }> {
  readonly #resource: Resource
  #pc: RTCPeerConnection | null = null
  #answer = ''
  #closed = false
  #way: Way = 'connecting'

  constructor(options: ResourceOptions) {
    super()
    this.#resource = new Resource(options)
  }

  /** Gives a new peer its transceivers. */
  protected abstract furnish(pc: RTCPeerConnection): void
  /** Whether the answer takes anything of what was offered. */
  protected abstract takes(direction: RTCRtpTransceiverDirection | null): boolean

  /** What is to be read differently of a server's answer. */
  protected adapt(answer: string): string {
    return answer
  }

  /** performance.now() when the POST left; 0 before. */
  get postedAt(): number {
    return this.#resource.postedAt
  }

  /** What the server says there is besides the session; empty before it is open. */
  get links(): Link[] {
    return this.#resource.links
  }

  /** Whether the server knows ways around a blocked direct one. */
  get hasDetours(): boolean {
    return iceServers(this.links).length > 0
  }

  /** True while ICE says that packets come through: tells "UDP blocked" from later troubles. */
  get iceConnected(): boolean {
    const state = this.#pc?.iceConnectionState
    return state === 'connected' || state === 'completed'
  }

  /** Offers, posts and takes the answer. Rejects with a SessionError. */
  async open(): Promise<void> {
    if (typeof RTCPeerConnection === 'undefined') throw new SessionError('unsupported', 'no RTCPeerConnection')
    try {
      await this.#exchange(this.#newPeer())
    } catch (cause) {
      if (this.#closed) throw new SessionError('closed', 'closed while opening')
      throw cause instanceof SessionError ? cause : new SessionError('answer', `the answer cannot be used: ${String(cause)}`)
    }
  }

  /**
   * Begins ICE anew, for a network that has changed; media goes on by the old way until there is a new one. Rejects
   * with a SessionError, and everything is as it was.
   */
  async restart(): Promise<void> {
    const pc = this.#pc
    if (pc === null || this.#answer === '') throw new SessionError('closed', 'there is no session')
    const { sdp = '' } = await pc.createOffer({ iceRestart: true })
    const offer = preferStereo(sdp)
    await pc.setLocalDescription({ type: 'offer', sdp: offer })
    try {
      const answer = withRestart(this.#answer, await this.#resource.restart(restartFragment(offer)))
      if (this.#pc !== pc) throw new SessionError('closed', 'closed while restarting')
      await pc.setRemoteDescription({ type: 'answer', sdp: answer })
      this.#answer = answer
    } catch (cause) {
      if (this.#pc === pc && pc.signalingState === 'have-local-offer') await pc.setLocalDescription({ type: 'rollback' })
      throw cause instanceof SessionError ? cause : new SessionError('answer', `the answer cannot be used: ${String(cause)}`)
    }
  }

  async getStats(): Promise<RTCStatsReport> {
    return (await this.#pc?.getStats()) ?? (new Map() as unknown as RTCStatsReport)
  }

  /** Asks an extension of the session for something. Rejects with a SessionError. */
  request(target: string, init: RequestInit): Promise<Response> {
    return this.#resource.request(target, init)
  }

  /** An address of the server's, absolute. */
  resolve(target: string): string {
    return this.#resource.resolve(target)
  }

  /**
   * Ends the session here and, by DELETE, at the server; the promise is kept when the server has heard it. keepalive
   * lets the request outlive the page. Idempotent.
   */
  async close(keepalive = false): Promise<void> {
    this.#closed = true
    const pc = this.#pc
    this.#pc = null
    // Where the server has said farewell itself there is nothing left to delete.
    if (this.#way === 'closed') return pc?.close()
    // Closing the peer says farewell over DTLS, faster than HTTP: the DELETE would find no session any more (404).
    const deleted = this.#resource.delete(keepalive)
    if (keepalive) pc?.close()
    await deleted
    pc?.close()
  }

  async #exchange(pc: RTCPeerConnection): Promise<void> {
    const { sdp = '' } = await pc.createOffer()
    const offer = preferStereo(sdp)
    await pc.setLocalDescription({ type: 'offer', sdp: offer })
    const answer = this.adapt(await this.#resource.post(offer))
    if (this.#closed) {
      void this.#resource.delete(false) // the session came into being after its end: take it back
      throw new SessionError('closed', 'closed while opening')
    }
    await pc.setRemoteDescription({ type: 'answer', sdp: answer })
    this.#answer = answer
    if (pc.getTransceivers().every((t) => !this.takes(t.currentDirection))) {
      throw new SessionError('answer', 'the answer takes neither picture nor sound')
    }
    if (this.hasDetours) pc.setConfiguration({ ...pc.getConfiguration(), iceServers: iceServers(this.links) })
    this.#listenForFarewell(pc)
  }

  /** A farewell of the server closes DTLS; not every browser moves connectionState with it. */
  #listenForFarewell(pc: RTCPeerConnection): void {
    const transports = new Set(pc.getTransceivers().map(({ sender, receiver }) => sender.transport ?? receiver.transport))
    for (const transport of transports) {
      transport?.addEventListener('statechange', () => transport.state === 'closed' && this.#setWay('closed'))
    }
  }

  #newPeer(): RTCPeerConnection {
    const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
    this.#pc = pc
    this.furnish(pc)
    pc.addEventListener('connectionstatechange', () => pc.connectionState !== 'new' && this.#setWay(pc.connectionState))
    return pc
  }

  #setWay(way: Way): void {
    if (this.#closed || way === this.#way) return
    this.#way = way
    this.emit('way', way)
  }
}
