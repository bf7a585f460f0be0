import { ApiError, fetchStream, type Stream } from '../api.ts'
import { namePath } from '../name.ts'
import type { ResourceOptions } from '../resource.ts'
import { browserChecks } from './browser.ts'
import { type Check, type Diagnosis, fetchDiagnosis } from './check.ts'
import { receptionChecks, wayChecks } from './findings.ts'
import { Probe, type Try } from './probe.ts'

export interface RunEvents {
  /** All that is known so far, and what is being looked at; "" when that was all. */
  onProgress: (checks: Check[], doing: string) => void
  /** What is to be shown while it is measured; null for nothing. */
  onMedia: (media: MediaStream | null) => void
}

/** One look at everything: the gateway's half, the browser's, and a real session over UDP and over TCP. */
export class Run {
  readonly #name: string
  readonly #options: ResourceOptions
  readonly #events: RunEvents
  readonly #probes: Probe[] = []
  #checks: Check[] = []
  #stopped = false

  constructor(name: string, token: string, events: RunEvents) {
    this.#name = name
    this.#options = { endpoint: `/whep/${namePath(name)}`, ...(token === '' ? {} : { token }) }
    this.#events = events
  }

  /** Never rejects. */
  async start(): Promise<void> {
    this.#tell('Asking the gateway…')
    const [diagnosis, stream] = await Promise.all([settled(fetchDiagnosis(this.#name)), settled(fetchStream(this.#name))])
    if (this.#stopped) return
    const known = stream instanceof Error ? null : stream
    this.#take(diagnosis instanceof Error ? [silence(diagnosis)] : diagnosis.checks)
    this.#take(browserChecks(known))
    const hopeless = this.#hopeless(diagnosis)
    if (hopeless !== '') this.#take([untried(hopeless)])
    else await this.#try(known, diagnosis instanceof Error ? '' : diagnosis.caller.address)
    if (!this.#stopped) this.#tell('')
  }

  /** Ends what is under way; nothing is told any more. keepalive lets the farewells outlive the page. */
  stop(keepalive = false): void {
    this.#stopped = true
    this.#events.onMedia(null)
    for (const probe of this.#probes) void probe.close(keepalive)
  }

  /** Why there is nothing to try, "" if there is. */
  #hopeless(diagnosis: Diagnosis | Error): string {
    if (this.#checks.some((c) => c.code === 'no_webrtc')) return 'this browser has no WebRTC'
    if (diagnosis instanceof Error) return ''
    const gone = diagnosis.checks.some((c) => c.id === 'publisher' && (c.code === 'not_live' || c.code === 'wrong_name'))
    return gone ? 'nobody publishes the stream' : ''
  }

  async #try(stream: Stream | null, seenAs: string): Promise<void> {
    this.#tell('Trying UDP and TCP…')
    const [udp, tcp] = [new Probe(this.#options, 'udp'), new Probe(this.#options, 'tcp')]
    this.#probes.push(udp, tcp)
    const [overUDP, overTCP] = await Promise.all([udp.try(), tcp.try()])
    if (this.#stopped) return
    const place = { host: location.hostname.replace(/^\[|\]$/g, ''), seenAs }
    this.#take(wayChecks(overUDP, overTCP, place))
    const [best, other] = overUDP.outcome === 'connected' ? [udp, tcp] : [tcp, udp]
    void other.close()
    if (connected(overUDP, overTCP)) await this.#receive(best, stream, overUDP.outcome === 'connected' ? 'UDP' : 'TCP')
    else if (overUDP.hasDetours) await this.#detour(stream, (relayed) => wayChecks(overUDP, overTCP, place, relayed))
    await best.close()
  }

  /** The last resort of the player, too. */
  async #detour(stream: Stream | null, checks: (relayed: boolean) => Check[]): Promise<void> {
    this.#tell('Trying the relay…')
    const probe = new Probe(this.#options, 'udp')
    this.#probes.push(probe)
    const relayed = await probe.detour()
    if (this.#stopped) return
    this.#take(checks(relayed))
    if (relayed) await this.#receive(probe, stream, 'the relay')
    await probe.close()
  }

  async #receive(probe: Probe, stream: Stream | null, over: string): Promise<void> {
    this.#tell(`Watching for some seconds over ${over}…`)
    this.#events.onMedia(probe.media)
    const hasPicture = stream === null || (stream.tracks ?? []).some((t) => t.kind === 'video' && t.playable !== 'no')
    const reception = await probe.receive(hasPicture, () => this.#stopped)
    if (this.#stopped) return
    this.#events.onMedia(null)
    this.#take(receptionChecks(reception, hasPicture, over))
  }

  /** What is found later goes over what was found before under the same id by another. */
  #take(checks: Check[]): void {
    const ids = new Set(checks.map((c) => c.id))
    this.#checks = [...this.#checks.filter((c) => !ids.has(c.id)), ...checks]
  }

  #tell(doing: string): void {
    this.#events.onProgress(this.#checks, doing)
  }
}

function connected(...tries: Try[]): boolean {
  return tries.some((t) => t.outcome === 'connected')
}

async function settled<T>(promise: Promise<T>): Promise<T | Error> {
  return promise.catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))))
}

function untried(why: string): Check {
  return { id: 'udp', area: 'way', verdict: 'unknown', title: 'Whether packets get through', seen: `Not tried: ${why}.` }
}

/** The gateway's half is missing. */
function silence(error: Error): Check {
  const check = { id: 'api', area: 'gateway' as const, verdict: 'bad' as const }
  if (!(error instanceof ApiError)) {
    return {
      ...check,
      code: 'api_unreachable',
      title: 'The gateway does not answer',
      seen: `No HTTP answer came: ${error.message}.`,
      why: 'Without it nothing can be played.',
      remedy: 'See that the process runs (millrace doctor on its machine), and that this network is up.',
    }
  }
  const { status, title, detail } = error.problem
  const seen = `It said: ${status}, ${detail || title}`
  if (!error.denied) return { ...check, code: 'api_refused', title: 'The gateway could not look', seen, remedy: 'Its log says more.' }
  return {
    ...check,
    code: 'api_forbidden',
    title: 'This page may not see the stream',
    seen,
    why: 'Who may not watch it is not told of it either.',
    remedy: 'Open it by a link that has a token in it (…#token=…), which the stream’s owner gives you.',
  }
}
