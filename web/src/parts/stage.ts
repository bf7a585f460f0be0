import { h, setAttribute, setText } from '../dom.ts'
import { clock } from '../format.ts'
import { icon, setIcon } from '../icons.ts'
import type { PublishState } from '../publish/status.ts'
import type { Studio } from '../publish/studio.ts'
import { IconButton } from './icon-button.ts'
import { StageCurtain, type StageCurtainEvents, type StageCurtainView } from './stage-curtain.ts'

export interface StageEvents extends StageCurtainEvents {
  onMicrophone: () => void
  onCamera: () => void
  onScreen: () => void
  onLive: () => void
}

const BADGES: Record<PublishState, string> = {
  idle: 'Preview',
  connecting: 'Connecting',
  live: 'Live',
  stalled: 'Interrupted',
  retrying: 'Reconnecting',
  failed: 'Not live',
}

/** How often the level of the sound is drawn. */
const LEVEL_MS = 66

/** The preview with all that lies over it. It only shows and asks; the page decides. */
export class Stage {
  readonly #element: HTMLElement
  readonly #video: HTMLVideoElement
  readonly #curtain: StageCurtain
  readonly #microphone: IconButton
  readonly #camera: IconButton
  readonly #screen: IconButton
  readonly #liveIcon = icon('live')
  readonly #liveText = h('span')
  readonly #live: HTMLButtonElement
  readonly #badge = h('span', { class: 'badge' })
  readonly #since = h('span', { class: 'latency' })
  readonly #level = h('i', { class: 'level-bar' })
  readonly #bar: HTMLElement
  #liveSince: number | null = null

  constructor(element: HTMLElement, video: HTMLVideoElement, studio: Studio, canShare: boolean, events: StageEvents) {
    this.#element = element
    this.#video = video
    this.#curtain = new StageCurtain(events)
    this.#microphone = new IconButton('mic', 'Mute', 'm', events.onMicrophone)
    this.#camera = new IconButton('camera', 'Camera off', 'c', events.onCamera)
    this.#screen = new IconButton('screen', 'Share screen', 's', events.onScreen)
    this.#screen.element.hidden = !canShare
    this.#live = h('button', { class: 'go-live', type: 'button', onclick: events.onLive }, this.#liveIcon, this.#liveText)
    this.#bar = h(
      'div',
      { class: 'controls', role: 'group', 'aria-label': 'Camera, microphone and screen', hidden: true },
      this.#microphone.element,
      h('span', { class: 'level', 'aria-hidden': 'true' }, this.#level),
      this.#camera.element,
      this.#screen.element,
      this.#badge,
      this.#since,
      h('span', { class: 'controls-gap' }),
      this.#live,
    )
    element.append(this.#curtain.element, this.#bar)
    video.addEventListener('resize', () => setAttribute(element, 'data-portrait', video.videoHeight > video.videoWidth))
    setInterval(() => this.#tick(studio), LEVEL_MS)
  }

  curtain(view: StageCurtainView): void {
    setAttribute(this.#element, 'data-curtain', view.mode)
    this.#curtain.show(view)
  }

  showStudio(studio: Studio): void {
    const { video, audio, muted, hasMicrophone } = studio
    const began = this.#bar.hidden && (video !== null || audio !== null)
    this.#bar.hidden = video === null && audio === null
    // The button that was pressed is gone; whoever goes on by keyboard goes on here.
    if (began && (document.activeElement === document.body || this.#curtain.element.contains(document.activeElement))) this.#live.focus()
    const shown = this.#video.srcObject as MediaStream | null
    if (shown?.getVideoTracks()[0] !== (video ?? undefined)) this.#video.srcObject = video === null ? null : new MediaStream([video])
    const silent = muted || !hasMicrophone
    this.#microphone.show(silent ? 'micOff' : 'mic', hasMicrophone ? (muted ? 'Unmute' : 'Mute') : 'Add a microphone')
    setAttribute(this.#microphone.element, 'data-off', silent)
    this.#camera.show(studio.cameraOn ? 'camera' : 'cameraOff', studio.cameraOn ? 'Camera off' : 'Camera on')
    setAttribute(this.#camera.element, 'data-off', !studio.cameraOn)
    this.#screen.show(studio.sharing ? 'screenOff' : 'screen', studio.sharing ? 'Stop sharing' : 'Share screen')
    this.#screen.press(studio.sharing)
  }

  showState(state: PublishState, reason: string | null, liveSince: number | null): void {
    setAttribute(this.#element, 'data-state', state)
    setAttribute(this.#element, 'data-reason', reason ?? undefined)
    this.#liveSince = liveSince
    setText(this.#badge, BADGES[state])
    setAttribute(this.#badge, 'data-live', String(state === 'live'))
    const running = state !== 'idle' && state !== 'failed'
    setText(this.#liveText, running ? 'Stop' : state === 'failed' ? 'Try again' : 'Go live')
    setIcon(this.#liveIcon, running ? 'stop' : 'live')
    setAttribute(this.#live, 'data-running', running)
    setAttribute(this.#live, 'aria-keyshortcuts', 'g')
    this.#showTime()
  }

  #tick(studio: Studio): void {
    if (document.visibilityState === 'hidden' || this.#bar.hidden) return
    const level = studio.level()
    if (this.#level.style.getPropertyValue('--level') !== level.toFixed(2)) this.#level.style.setProperty('--level', level.toFixed(2))
    this.#showTime()
  }

  #showTime(): void {
    setText(this.#since, this.#liveSince === null ? '' : clock((performance.now() - this.#liveSince) / 1000))
  }
}
