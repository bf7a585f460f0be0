import { Emitter } from './emitter.ts'
import { type Problem, readProblem, retryAfterMs } from './problem.ts'

/** Where the way of the media stands; "closed" is the server's farewell (DTLS close_notify). */
export type Link = 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed'

export type WhepFailure =
  /** No HTTP answer came. */
  | 'unreachable'
  /** The server answered with something other than 201. */
  | 'refused'
  /** The server's answer cannot be used by this browser, or takes neither picture nor sound. */
  | 'answer'
  /** This browser has no WebRTC. */
  | 'unsupported'
  /** close() was called meanwhile. */
  | 'closed'

export class WhepError extends Error {
  readonly failure: WhepFailure
  readonly problem: Problem | null
  /** What the server asks to wait before the next try, milliseconds; 0 if it did not say. */
  readonly retryAfterMs: number

  constructor(failure: WhepFailure, message: string, problem: Problem | null = null, retryAfter = 0) {
    super(message)
    this.name = 'WhepError'
    this.failure = failure
    this.problem = problem
    this.retryAfterMs = retryAfter
  }
}

export interface WhepOptions {
  /** The WHEP endpoint, absolute or relative to the page. */
  endpoint: string
  /** Sent as a bearer token, if given. */
  token?: string
}

/** A server that has not answered a POST within this is not going to. */
const POST_TIMEOUT_MS = 10_000

/** The peer is closed after this even if its DELETE is not answered. */
const DELETE_TIMEOUT_MS = 2000

/**
 * One WHEP session (draft-ietf-wish-whep): the protocol and nothing else. It is opened once and closed once;
 * trying again is the player's business.
 *
 * The offer goes out before ICE has gathered anything: the server is a full ICE agent and learns our address from
 * our first check (peer-reflexive), so there is nothing to wait for.
 */
export class WhepSession extends Emitter<{ link: Link }> {
  /** Both tracks stand in here from the start, whether or not media ever comes for them. */
  readonly media = new MediaStream()
  /** performance.now() when the POST left; 0 before. */
  postedAt = 0

  readonly #options: WhepOptions
  #pc: RTCPeerConnection | null = null
  #resource: string | null = null
  #closed = false
  #link: Link = 'connecting'

  constructor(options: WhepOptions) {
    super()
    this.#options = options
  }

  /** Offers, posts and takes the answer. Rejects with a WhepError. */
  async open(): Promise<void> {
    if (typeof RTCPeerConnection === 'undefined') throw new WhepError('unsupported', 'no RTCPeerConnection')
    try {
      await this.#exchange(this.#newPeer())
    } catch (cause) {
      if (this.#closed) throw new WhepError('closed', 'closed while opening')
      throw cause instanceof WhepError ? cause : new WhepError('answer', `the answer cannot be used: ${String(cause)}`)
    }
  }

  async #exchange(pc: RTCPeerConnection): Promise<void> {
    const offer = await pc.createOffer()
    const sdp = preferStereo(offer.sdp ?? '')
    await pc.setLocalDescription({ type: 'offer', sdp })
    await pc.setRemoteDescription({ type: 'answer', sdp: await this.#post(sdp) })
    if (pc.getTransceivers().every((t) => t.currentDirection !== 'recvonly' && t.currentDirection !== 'sendrecv')) {
      throw new WhepError('answer', 'the answer takes neither picture nor sound')
    }
    for (const { receiver } of pc.getTransceivers()) {
      // A farewell of the server closes DTLS; not every browser moves connectionState with it.
      receiver.transport?.addEventListener('statechange', () => {
        if (receiver.transport?.state === 'closed') this.#setLink('closed')
      })
    }
  }

  async getStats(): Promise<RTCStatsReport> {
    return (await this.#pc?.getStats()) ?? (new Map() as unknown as RTCStatsReport)
  }

  /** True while DTLS or ICE says that packets have come through: tells "UDP blocked" from later troubles. */
  get iceConnected(): boolean {
    const state = this.#pc?.iceConnectionState
    return state === 'connected' || state === 'completed'
  }

  /** Ends the session here and, by DELETE, at the server. keepalive lets the request outlive the page. Idempotent. */
  close(keepalive = false): void {
    this.#closed = true
    const pc = this.#pc
    const resource = this.#resource
    this.#pc = this.#resource = null
    // Where the server has said farewell itself there is nothing left to delete.
    if (resource === null || this.#link === 'closed') return pc?.close()
    const request = { method: 'DELETE', keepalive, headers: this.#headers(), signal: AbortSignal.timeout(DELETE_TIMEOUT_MS) }
    // Nothing can be done about a DELETE that fails: the server notices by itself that nobody is there.
    const deleted = fetch(resource, request).catch(() => {})
    // Closing the peer says farewell over DTLS, faster than HTTP: the DELETE would find no session any more (404).
    if (keepalive) pc?.close()
    else void deleted.then(() => pc?.close())
  }

  #newPeer(): RTCPeerConnection {
    const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' })
    this.#pc = pc
    for (const kind of ['video', 'audio']) {
      const { receiver } = pc.addTransceiver(kind, { direction: 'recvonly' })
      hurry(receiver)
      this.media.addTrack(receiver.track)
    }
    pc.addEventListener('connectionstatechange', () => {
      const state = pc.connectionState
      if (state !== 'new') this.#setLink(state)
    })
    return pc
  }

  async #post(sdp: string): Promise<string> {
    this.postedAt = performance.now()
    let response: Response
    try {
      response = await fetch(this.#options.endpoint, {
        method: 'POST',
        body: sdp,
        headers: { 'Content-Type': 'application/sdp', ...this.#headers() },
        signal: AbortSignal.timeout(POST_TIMEOUT_MS),
      })
    } catch (cause) {
      throw new WhepError('unreachable', `no answer: ${String(cause)}`)
    }
    if (response.status !== 201) {
      const problem = await readProblem(response)
      const wait = retryAfterMs(response.headers.get('Retry-After'), Date.now())
      throw new WhepError('refused', `${problem.status} ${problem.title}`, problem, wait)
    }
    const location = response.headers.get('Location')
    if (location !== null) this.#resource = resolve(location, response.url || this.#options.endpoint)
    const answer = await response.text().catch((cause: unknown) => {
      throw new WhepError('unreachable', `the answer broke off: ${String(cause)}`)
    })
    if (this.#closed) {
      this.close() // the session came into being after its end: take it back
      throw new WhepError('closed', 'closed while opening')
    }
    return answer
  }

  #headers(): Record<string, string> {
    return this.#options.token === undefined ? {} : { Authorization: `Bearer ${this.#options.token}` }
  }

  #setLink(link: Link): void {
    if (this.#closed || link === this.#link) return
    this.#link = link
    this.emit('link', link)
  }
}

/** A Location may be relative to where the POST ended up after redirects. */
function resolve(location: string, base: string): string {
  return new URL(location, new URL(base, document.baseURI)).href
}

/** Asks the browser to play frames as soon as they are whole, where it can be asked. */
function hurry(receiver: RTCRtpReceiver & { jitterBufferTarget?: number | null; playoutDelayHint?: number }): void {
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0
  if ('playoutDelayHint' in receiver) receiver.playoutDelayHint = 0
}

/** Without stereo=1 in the receiver's own description browsers decode Opus in mono (RFC 7587 6.1). */
export function preferStereo(sdp: string): string {
  const pt = /^a=rtpmap:(\d+) opus\/48000\/2/im.exec(sdp)?.[1]
  if (pt === undefined) return sdp
  return sdp.replace(new RegExp(`^(a=fmtp:${pt} )(?!.*\\bstereo=)(.*)$`, 'm'), '$1$2;stereo=1')
}
