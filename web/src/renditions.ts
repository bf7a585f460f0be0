import type { Link } from './link.ts'

/** One of the forms in which a publisher sends its picture (a simulcast layer). */
export interface Rendition {
  rid: string
  /** 0 where the server did not say. */
  width: number
  height: number
  /** Bits per second; 0 if it is not sent at the moment. */
  bitrate: number
}

/** What the renditions need of a WHEP session. */
export interface Extended {
  readonly links: Link[]
  request(target: string, init: RequestInit): Promise<Response>
  resolve(target: string): string
}

export interface RenditionsEvents {
  /** What there is to choose from, whenever it changes, best first; empty where there is nothing to choose. */
  onChange: (renditions: Rendition[]) => void
  /** The server asks for a new session, at another endpoint if it names one. */
  onReconnect: (url: string | null) => void
}

const EXTENSION = 'urn:ietf:params:whep:ext:core:'
const WANTED = ['layers', 'reconnect']

/**
 * The rendition choice of one WHEP session, by the layer and server-sent-events extensions
 * (wish-wg/webrtc-http-egress-protocol, webrtc-http-egress-events). Without them it is silent.
 *
 * While the page is hidden no events are listened for: browsers open but six connections to a host that speaks
 * HTTP/1.1, and tabs in the background must not hold them.
 */
export class Renditions {
  readonly #session: Extended
  readonly #events: RenditionsEvents
  #layerTarget = ''
  #stream = ''
  #source: EventSource | null = null
  #chosen: string | null = null
  #shown = '[]'
  #started = false
  #over = false

  constructor(session: Extended, events: RenditionsEvents) {
    this.#session = session
    this.#events = events
  }

  /** Begins, once, when the session is open. chosen is the rid of an earlier session's choice. */
  async start(chosen: string | null): Promise<void> {
    if (this.#started) return
    this.#started = true
    this.#chosen = chosen
    const find = (name: string) => this.#session.links.find((l) => l.rel === EXTENSION + name)
    const sse = find('server-sent-events')
    if (sse === undefined) return
    this.#layerTarget = find('layer')?.target ?? ''
    const offered = sse.parameters['events']?.split(',').map((e) => e.trim())
    const events = WANTED.filter((e) => offered?.includes(e) ?? true)
    if (events.length === 0) return
    const location = await this.#post(sse.target, events).then(
      (response) => response.headers.get('Location'),
      () => null, // an extension that does not work is one that is not there
    )
    if (location === null || this.#over) return
    // Relative to the request, which has an address of its own.
    this.#stream = new URL(location, this.#session.resolve(sse.target)).href
    document.addEventListener('visibilitychange', this.#onVisibility)
    this.#onVisibility()
  }

  /** Chooses a rendition by its rid, or leaves the choice to the server. False if the server refuses. */
  async choose(rid: string | null): Promise<boolean> {
    this.#chosen = rid
    if (this.#layerTarget === '') return true
    return this.#post(this.#layerTarget, rid === null ? {} : { rid }).then(
      () => true,
      () => false,
    )
  }

  stop(): void {
    this.#over = true
    this.#source?.close()
    if (this.#stream !== '') document.removeEventListener('visibilitychange', this.#onVisibility)
    this.#show([])
  }

  #post(target: string, body: unknown): Promise<Response> {
    return this.#session.request(target, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
  }

  #onVisibility = (): void => {
    this.#source?.close()
    this.#source = null
    if (document.visibilityState === 'hidden') return
    this.#source = new EventSource(this.#stream)
    this.#source.addEventListener('layers', (event) => this.#onLayers(String(event.data)))
    this.#source.addEventListener('reconnect', (event) => this.#onReconnect(String(event.data)))
  }

  #onLayers(data: string): void {
    if (this.#over || this.#layerTarget === '') return
    const renditions = readLayers(data)
    const known = this.#shown === '[]'
    this.#show(renditions)
    // An earlier session's choice is told to the server as soon as it can be.
    if (known && this.#chosen !== null && renditions.some((r) => r.rid === this.#chosen)) void this.choose(this.#chosen)
  }

  #show(renditions: Rendition[]): void {
    const shown = JSON.stringify(renditions)
    if (shown === this.#shown) return
    this.#shown = shown
    this.#events.onChange(renditions)
  }

  #onReconnect(data: string): void {
    if (this.#over) return
    const url = field(parse(data), 'url')
    this.#events.onReconnect(typeof url === 'string' && url !== '' ? this.#session.resolve(url) : null)
  }
}

/** More than any publisher sends. */
const MAX_RENDITIONS = 16

/** Reads the data of a layers event: of the first m-line that has any, one rendition for each rid, best first; none if there is but one. */
export function readLayers(data: string): Rendition[] {
  const media = parse(data)
  if (media === null || typeof media !== 'object') return []
  for (const layers of Object.values(media)) {
    // The draft has a plain list; its older form, which servers still speak, has "active" and "layers" inside.
    const list = [layers, field(layers, 'layers'), field(layers, 'active')].find(Array.isArray) as unknown[] | undefined
    const found = new Map<string, Rendition>()
    for (const layer of list ?? []) {
      const rendition = readLayer(layer)
      if (rendition === null || found.size === MAX_RENDITIONS) continue
      // Temporal layers of one rid are one picture.
      const known = found.get(rendition.rid)
      if (known === undefined || rendition.bitrate > known.bitrate) found.set(rendition.rid, rendition)
    }
    if (found.size > 1) return [...found.values()].sort((a, b) => b.height - a.height || b.bitrate - a.bitrate)
  }
  return []
}

function readLayer(layer: unknown): Rendition | null {
  const rid = field(layer, 'rid') ?? field(layer, 'encodingId')
  if (typeof rid !== 'string' || rid === '') return null
  const number = (name: string) => {
    const value = field(layer, name)
    return typeof value === 'number' && Number.isFinite(value) ? value : 0
  }
  // "heigth" is how the draft's list of members spells it.
  return { rid, width: number('width'), height: number('height') || number('heigth'), bitrate: number('bitrate') }
}

function field(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[name] : undefined
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return null
  }
}
