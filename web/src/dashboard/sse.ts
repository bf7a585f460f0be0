/** One event of a text/event-stream. */
export interface ServerEvent {
  /** "" without one. */
  id: string
  /** "message" without a name. */
  event: string
  data: string
}

/** More than this without an end is no event of ours. */
const MAX_PENDING = 1 << 20

/** Takes a text/event-stream apart as it comes (HTML Living Standard 9.2.6), for streams that EventSource cannot ask for: it sends no token. */
export class EventParser {
  #pending = ''
  #event = ''
  #id = ''
  #data: string[] = []

  /** The events that end in this piece. Throws when one grows beyond all bounds. */
  push(piece: string): ServerEvent[] {
    const lines = (this.#pending + piece).split(/\r\n|\n|\r(?!$)/)
    this.#pending = lines.pop() ?? ''
    const events = lines.flatMap((line) => this.#line(line))
    const kept = this.#data.reduce((sum, line) => sum + line.length, this.#pending.length)
    if (kept > MAX_PENDING) throw new Error('an event without an end')
    return events
  }

  #line(line: string): ServerEvent[] {
    if (line === '') return this.#dispatch()
    const colon = line.indexOf(':')
    if (colon === 0) return []
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') this.#event = value
    else if (field === 'data') this.#data.push(value)
    else if (field === 'id' && !value.includes('\0')) this.#id = value
    return []
  }

  #dispatch(): ServerEvent[] {
    const event = { id: this.#id, event: this.#event || 'message', data: this.#data.join('\n') }
    const whole = this.#data.length > 0
    this.#event = ''
    this.#data = []
    return whole ? [event] : []
  }
}
