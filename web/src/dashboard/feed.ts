import { ApiError } from '../api.ts'
import { Backoff } from '../backoff.ts'
import { Emitter } from '../emitter.ts'
import type { Visibility } from '../poller.ts'
import { readProblem } from '../problem.ts'
import { pageToken } from '../token.ts'
import { fetchHappenings, type Happening } from './api.ts'
import { EventParser, type ServerEvent } from './sse.ts'

interface Events {
  happening: Happening
  /** So many were forgotten by the gateway before they could be told. */
  missed: number
  open: boolean
}

const PATH = '/api/v1/events'
/** What is told of the past at the first look. */
const PAST = 100
/** The gateway says something every 15 s at least. */
const SILENCE_MS = 40_000

/**
 * Events as they happen: asked for by fetch, since EventSource cannot send a token, and taken up after the last known one
 * when the connection breaks. While the page is hidden nothing is asked: browsers open six connections to a host at most.
 */
export class Feed extends Emitter<Events> {
  readonly #page: Visibility
  readonly #backoff = new Backoff({ baseMs: 1000, maxMs: 30_000, factor: 2, jitter: 0.3 })
  readonly #seen = new Set<string>()
  #last = ''
  #open = false
  #running = false
  #request: AbortController | null = null
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(page: Visibility = document) {
    super()
    this.#page = page
  }

  /** Whether what happens is heard of now. */
  get open(): boolean {
    return this.#open
  }

  #opened(open: boolean): void {
    this.#open = open
    this.emit('open', open)
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#page.addEventListener('visibilitychange', this.#again)
    this.#again()
  }

  stop(): void {
    this.#running = false
    this.#page.removeEventListener('visibilitychange', this.#again)
    this.#cancel()
  }

  #cancel(): void {
    clearTimeout(this.#timer)
    this.#request?.abort()
    this.#request = null
  }

  #again = (): void => {
    this.#cancel()
    if (this.#running && this.#page.visibilityState !== 'hidden') void this.#follow()
  }

  async #follow(): Promise<void> {
    const request = new AbortController()
    this.#request = request
    try {
      if (this.#last === '') for (const one of await fetchHappenings(PAST, request.signal)) this.#tell(one)
      await this.#read(request)
    } catch {
      // Whatever it was, it is tried again; whether the gateway is there at all, the page says elsewhere.
    }
    if (this.#request !== request) return
    this.#opened(false)
    this.#timer = setTimeout(this.#again, this.#backoff.next())
  }

  async #read(request: AbortController): Promise<void> {
    const token = pageToken()
    const silence = () => setTimeout(() => request.abort(), SILENCE_MS)
    let watch = silence()
    try {
      const response = await fetch(PATH, {
        headers: {
          Accept: 'text/event-stream',
          ...(token === '' ? {} : { Authorization: `Bearer ${token}` }),
          ...(this.#last === '' ? {} : { 'Last-Event-ID': this.#last }),
        },
        signal: request.signal,
      })
      if (!response.ok || response.body === null) throw new ApiError(await readProblem(response))
      this.#opened(true)
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
      const parser = new EventParser()
      for (;;) {
        const { done, value } = await reader.read()
        if (done || request.signal.aborted) return
        clearTimeout(watch)
        watch = silence()
        this.#backoff.reset()
        for (const event of parser.push(value)) this.#take(event)
      }
    } finally {
      clearTimeout(watch)
    }
  }

  #take({ event, data }: ServerEvent): void {
    const body: unknown = JSON.parse(data)
    if (event === 'missed') this.emit('missed', (body as { missed: number }).missed)
    else this.#tell(body as Happening)
  }

  /** Each once, whoever tells it. */
  #tell(happening: Happening): void {
    if (this.#seen.has(happening.id)) return
    this.#seen.add(happening.id)
    // Twice what is told of the past is enough to know all that can come again.
    if (this.#seen.size > 2 * PAST) this.#seen.delete(this.#seen.values().next().value ?? '')
    this.#last = happening.id
    this.emit('happening', happening)
  }
}
