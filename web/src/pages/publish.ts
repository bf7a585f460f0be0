import { fetchStreams, type Stream } from '../api.ts'
import { need } from '../dom.ts'
import { nameFromPath, namePath } from '../name.ts'
import { checksList } from '../parts/checks.ts'
import { NameForm } from '../parts/name-form.ts'
import { PublishAbout } from '../parts/publish-about.ts'
import { SettingsPanel } from '../parts/settings-panel.ts'
import { Stage } from '../parts/stage.ts'
import type { Source } from '../parts/stage-curtain.ts'
import { stageView } from '../parts/stage-view.ts'
import { Poller } from '../poller.ts'
import { type Capabilities, checkBrowser, obstacle } from '../publish/capabilities.ts'
import { CaptureError, type CaptureFailure } from '../publish/capture.ts'
import { type Choices, rememberChoices, rememberedChoices } from '../publish/choices.ts'
import { Devices } from '../publish/devices.ts'
import { Publisher } from '../publish/publisher.ts'
import type { PublishStats } from '../publish/stats.ts'
import type { PublishStatus } from '../publish/status.ts'
import { Studio } from '../publish/studio.ts'
import { NOTICES } from '../publish/words.ts'
import { pageToken } from '../token.ts'
import { WakeLock } from '../wake.ts'

/** The publish page: binds studio, publisher, preview, settings and keys together. */

const STREAM_EVERY_MS = 2000
/** More events than this are forgotten, oldest first. */
const MAX_EVENTS = 500

/** One line of what the publisher went through, for tests and for those who look for a fault. */
interface Event extends Pick<PublishStatus, 'state' | 'reason'> {
  /** performance.now() */
  at: number
}

/** What the page shows to tests and to curious people; see README.md. */
interface Exposed {
  publisher: Publisher
  stats: () => Promise<PublishStats | null>
  events: Event[]
}

class PublishPage {
  readonly #name: string
  readonly #capabilities: Capabilities
  readonly #studio: Studio
  readonly #devices = new Devices()
  readonly #publisher: Publisher
  readonly #stage: Stage
  readonly #about: PublishAbout
  readonly #settings: SettingsPanel
  readonly #wake = new WakeLock()
  readonly #events: Event[] = []
  /** What is asked for, and what was asked for last. */
  #asking: Source | null = null
  #asked: Source = 'camera'
  #failure: CaptureFailure | null = null

  constructor(name: string, capabilities: Capabilities) {
    const choices = rememberedChoices()
    const token = pageToken()
    this.#name = name
    this.#capabilities = capabilities
    this.#studio = new Studio(choices)
    this.#publisher = new Publisher({ endpoint: `/whip/${namePath(name)}`, settings: choices, ...(token === '' ? {} : { token }) })
    this.#about = new PublishAbout(need('#about'), name, location.origin)
    this.#settings = new SettingsPanel(need('#settings'), choices, capabilities.codecs, (c) => void this.#configure(c))
    this.#stage = new Stage(need('#stage'), need<HTMLVideoElement>('#stage video'), this.#studio, capabilities.screen, {
      onSource: (source) => void this.#open(source),
      onAgain: () => this.#again(),
      onToken: (value) => this.#useToken(value),
      onMicrophone: () => void this.#toggleMicrophone(),
      onCamera: () => void this.#attempt('camera', () => this.#studio.setCamera(!this.#studio.cameraOn)),
      onScreen: () => void this.#toggleScreen(),
      onLive: () => this.#toggleLive(),
    })
    this.#about.showChecks(capabilities)
    // Where nothing can be published there is nothing to choose either.
    need('#settings').hidden = obstacle(capabilities) !== null
    this.#listen()
    this.#show()
    this.#onStatus(this.#publisher.status)
    const exposed: Exposed = { publisher: this.#publisher, stats: () => this.#publisher.stats(), events: this.#events }
    Object.assign(window, { millrace: exposed })
  }

  #listen(): void {
    this.#studio.on('change', () => this.#onCapture())
    this.#studio.on('notice', (notice) => (this.#about.notice = NOTICES[notice]))
    this.#publisher.on('status', (status) => this.#onStatus(status))
    this.#publisher.on('stats', (stats) => this.#about.showStats(stats))
    this.#devices.on('change', (lists) => {
      this.#settings.devices = lists
      this.#settings.showOpen(this.#studio.devices)
    })
    if (this.#capabilities.camera) void this.#devices.look()
    new Poller({
      // Of the list: asking for a stream that is not there yet would be an error each time.
      fetch: async (signal) => (await fetchStreams(signal)).find((s) => s.name === this.#name) ?? null,
      everyMs: STREAM_EVERY_MS,
      onValue: (stream) => this.#onStream(stream),
    }).start()
    document.addEventListener('keydown', (event) => this.#onKey(event))
    window.addEventListener('online', () => this.#publisher.networkChanged())
    window.addEventListener('pagehide', () => this.#publisher.stop(true))
    window.addEventListener('beforeunload', (event) => {
      if (this.#publisher.status.state !== 'idle') event.preventDefault()
    })
  }

  #onCapture(): void {
    void this.#publisher.setTrack('video', this.#studio.video)
    void this.#publisher.setTrack('audio', this.#studio.audio)
    this.#stage.showStudio(this.#studio)
    this.#settings.showOpen(this.#studio.devices)
    this.#show()
  }

  #onStatus(status: PublishStatus): void {
    this.#events.push({ at: performance.now(), state: status.state, reason: status.reason })
    if (this.#events.length > MAX_EVENTS) this.#events.shift()
    this.#stage.showState(status.state, status.reason, this.#publisher.liveSince)
    this.#about.showState(status.state)
    this.#wake.on = status.state !== 'idle' && status.state !== 'failed'
    document.title = `${status.state === 'live' ? '● ' : ''}${this.#name} – Millrace`
    this.#show()
  }

  #onStream(stream: Stream | null): void {
    this.#about.showStream(stream)
    if (this.#publisher.status.state !== 'idle') return
    // Known before anything is refused.
    this.#about.notice = stream?.live ? `${this.#name} is being published by somebody at the moment (${stream.publisher?.protocol ?? ''}).` : ''
  }

  #show(): void {
    const { video, audio } = this.#studio
    const sources: Source[] = [
      ...(this.#capabilities.camera ? (['camera'] as const) : []),
      ...(this.#capabilities.screen ? (['screen'] as const) : []),
      ...(this.#capabilities.camera ? (['microphone'] as const) : []),
    ]
    this.#about.checking = video === null && audio === null
    this.#stage.curtain(
      stageView({
        obstacle: obstacle(this.#capabilities),
        origin: location.origin,
        path: location.pathname,
        sources,
        asking: this.#asking,
        failure: this.#failure,
        captured: video !== null || audio !== null,
        hasPicture: video !== null,
        status: this.#publisher.status,
      }),
    )
  }

  #open(source: Source): Promise<void> {
    return this.#attempt(source, async () => {
      if (source === 'screen') await this.#studio.share()
      else await this.#studio.open({ camera: source === 'camera' })
    })
  }

  /** Does something that the browser may ask about, and that may fail. */
  async #attempt(source: Source, work: () => Promise<unknown>): Promise<void> {
    if (this.#asking !== null) return
    this.#asking = this.#asked = source
    this.#failure = null
    this.#about.notice = ''
    this.#show()
    try {
      await work()
    } catch (error) {
      this.#failure = error instanceof CaptureError ? error.failure : 'failed'
    }
    this.#asking = null
    this.#show()
    // Names of devices are told only now.
    void this.#devices.look()
  }

  #again(): void {
    if (this.#failure !== null) void this.#open(this.#asked)
    else this.#publisher.retryNow()
  }

  #useToken(token: string): void {
    this.#publisher.token = token
    this.#publisher.retryNow()
  }

  async #toggleMicrophone(): Promise<void> {
    if (this.#studio.hasMicrophone) this.#studio.mute(!this.#studio.muted)
    else await this.#attempt('microphone', () => this.#studio.openMicrophone())
  }

  async #toggleScreen(): Promise<void> {
    if (this.#studio.sharing) this.#studio.unshare()
    else await this.#open('screen')
  }

  #toggleLive(): void {
    const { state } = this.#publisher.status
    if (state === 'failed') this.#publisher.retryNow()
    else if (state !== 'idle') this.#publisher.stop()
    else this.#publisher.start({ video: this.#studio.video, audio: this.#studio.audio })
  }

  async #configure(choices: Choices): Promise<void> {
    rememberChoices(choices)
    const busy = this.#publisher.configure(choices)
    try {
      await this.#studio.configure(choices)
    } catch (error) {
      this.#failure = error instanceof CaptureError ? error.failure : 'failed'
      this.#show()
    }
    await busy
    // The track has another size now.
    await this.#publisher.configure(choices)
  }

  #onKey(event: KeyboardEvent): void {
    const target = event.target instanceof Element ? event.target.tagName : ''
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || ['INPUT', 'SELECT', 'TEXTAREA'].includes(target)) return
    if (this.#studio.video === null && this.#studio.audio === null) return
    const key = event.key.toLowerCase()
    if (!['m', 'c', 's', 'g'].includes(key)) return
    event.preventDefault()
    need<HTMLButtonElement>(`#stage [aria-keyshortcuts="${key}"]`).click()
  }
}

function askForName(capabilities: Capabilities): void {
  const form = new NameForm()
  need('#studio').replaceChildren(form.element, checksList(capabilities))
  need('#studio').classList.add('studio-name')
  form.focus()
  new Poller({
    fetch: fetchStreams,
    everyMs: STREAM_EVERY_MS,
    onValue: (streams) => (form.taken = streams.filter((s) => s.live).map((s) => s.name)),
  }).start()
}

const name = nameFromPath(location.pathname)
document.title = name === '' ? 'Publish – Millrace' : `${name} – Millrace`
void checkBrowser().then((capabilities) => {
  if (name === '') askForName(capabilities)
  else new PublishPage(name, capabilities)
})
