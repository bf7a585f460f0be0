import { type Link, parseLinks } from './link.ts'
import { readProblem, retryAfterMs } from './problem.ts'
import { SessionError } from './session-error.ts'

export interface ResourceOptions {
  /** The WHIP or WHEP endpoint, absolute or relative to the page. */
  endpoint: string
  /** Sent as a bearer token, if given. */
  token?: string
}

/** A server that has not answered within this is not going to. */
const TIMEOUT_MS = 10_000
/** A restart serves a picture that stands still already. */
const PATCH_TIMEOUT_MS = 4000
/** The peer is closed after this even if its DELETE is not answered. */
const DELETE_TIMEOUT_MS = 2000

/**
 * The HTTP side of a session, the same for WHIP (RFC 9725) and WHEP: made by a POST, restarted by PATCH, ended by
 * DELETE. It knows no WebRTC. Its methods reject with a SessionError.
 */
export class Resource {
  /** performance.now() when the POST left; 0 before. */
  postedAt = 0
  /** What the server says there is besides the session; empty before the POST is answered. */
  links: Link[] = []

  readonly #options: ResourceOptions
  /** Where the POST ended up, after redirects: what addresses are relative to. */
  #base = ''
  #url: string | null = null
  #etag: string | null = null

  constructor(options: ResourceOptions) {
    this.#options = options
  }

  /** Makes the session of an offer and gives the server's answer. */
  async post(offer: string): Promise<string> {
    this.postedAt = performance.now()
    const headers = { 'Content-Type': 'application/sdp' }
    const response = await this.#fetch(this.#options.endpoint, { method: 'POST', body: offer, headers }, TIMEOUT_MS)
    if (response.status !== 201) throw await refusal(response)
    this.#base = new URL(response.url || this.#options.endpoint, document.baseURI).href
    const location = response.headers.get('Location')
    if (location !== null) this.#url = this.resolve(location)
    this.#etag = response.headers.get('ETag')
    this.links = parseLinks(response.headers.get('Link'))
    return text(response)
  }

  /** Begins ICE anew: takes our fragment and gives the server's (RFC 9725 4.3.3). */
  async restart(fragment: string): Promise<string> {
    // A server that can do this says so by an ETag.
    if (this.#url === null || this.#etag === null) throw new SessionError('refused', 'the server cannot restart ICE')
    const headers = { 'Content-Type': 'application/trickle-ice-sdpfrag', 'If-Match': '*' }
    const response = await this.#fetch(this.#url, { method: 'PATCH', body: fragment, headers }, PATCH_TIMEOUT_MS)
    if (response.status !== 200) throw await refusal(response)
    this.#etag = response.headers.get('ETag') ?? this.#etag
    return text(response)
  }

  /** Ends the session, once. Never rejects: a server that does not hear it notices by itself that nobody is there. */
  async delete(keepalive: boolean): Promise<void> {
    const url = this.#url
    this.#url = null
    if (url === null) return
    await this.#fetch(url, { method: 'DELETE', keepalive }, DELETE_TIMEOUT_MS).catch(() => {})
  }

  /** Asks an extension of the session for something, with the session's credential. */
  async request(target: string, init: RequestInit): Promise<Response> {
    const response = await this.#fetch(this.resolve(target), init, TIMEOUT_MS)
    if (!response.ok) throw await refusal(response)
    return response
  }

  /** An address of the server's, absolute. */
  resolve(target: string): string {
    return new URL(target, this.#base).href
  }

  async #fetch(url: string, init: RequestInit, timeoutMs: number): Promise<Response> {
    const { token } = this.#options
    const headers = { ...(init.headers as Record<string, string>), ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) }
    try {
      return await fetch(url, { ...init, headers, signal: AbortSignal.timeout(timeoutMs) })
    } catch (cause) {
      throw new SessionError('unreachable', `no answer: ${String(cause)}`)
    }
  }
}

async function text(response: Response): Promise<string> {
  try {
    return await response.text()
  } catch (cause) {
    throw new SessionError('unreachable', `the answer broke off: ${String(cause)}`)
  }
}

async function refusal(response: Response): Promise<SessionError> {
  const problem = await readProblem(response)
  const wait = retryAfterMs(response.headers.get('Retry-After'), Date.now())
  return new SessionError('refused', `${problem.status} ${problem.title}`, problem, wait)
}
