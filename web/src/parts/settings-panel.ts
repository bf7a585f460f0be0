import { h } from '../dom.ts'
import * as f from '../format.ts'
import { BITRATES, type Choices, FRAME_RATES, HEIGHTS } from '../publish/choices.ts'
import type { DeviceLists } from '../publish/devices.ts'
import { bitrateOf, CODECS, type Codec } from '../publish/settings.ts'
import { SelectField } from './select-field.ts'

const HEIGHT_NAMES: Record<number, string> = { 2160: '4K (2160p)', 1440: '1440p', 1080: 'Full HD (1080p)', 720: 'HD (720p)', 480: '480p', 360: '360p' }

/** How publishers know the codecs. */
const CODEC_NOTES: Record<Codec, string> = { H264: 'plays everywhere', VP8: 'light', VP9: 'better, heavier', AV1: 'best, heaviest' }

/** What can be chosen about picture and sound. It holds the choices and tells every change. */
export class SettingsPanel {
  readonly #onChange: (choices: Choices) => void
  #choices: Choices
  readonly #devices = h('div', { class: 'settings-group' })
  readonly #camera = new SelectField('Camera', (camera) => this.#set({ camera }))
  readonly #microphone = new SelectField('Microphone', (microphone) => this.#set({ microphone }))
  readonly #speech: Switch
  readonly #height = new SelectField('Picture', (v) => this.#set({ height: Number(v) }))
  readonly #frameRate = new SelectField('Frames a second', (v) => this.#set({ frameRate: Number(v) }))
  readonly #bitrate = new SelectField('Bitrate', (v) => this.#set({ bitrate: Number(v) }))
  readonly #codec = new SelectField('Codec', (v) => this.#set({ codec: v as Choices['codec'] }))
  readonly #prefer = new SelectField('When it gets tight', (v) => this.#set({ prefer: v as Choices['prefer'] }))
  readonly #simulcast: Switch

  constructor(element: HTMLElement, choices: Choices, codecs: Codec[], onChange: (choices: Choices) => void) {
    this.#onChange = onChange
    this.#choices = choices
    this.#speech = new Switch('Clean up speech', 'Removes noise and echo. Off for music.', (speech) => this.#set({ speech }))
    this.#simulcast = new Switch('Three qualities', 'Viewers can choose; takes half as much again of line and processor.', (simulcast) =>
      this.#set({ simulcast }),
    )
    this.#devices.append(this.#camera.element, this.#microphone.element, this.#speech.element)
    this.#height.options = HEIGHTS.map((v) => [String(v), HEIGHT_NAMES[v] ?? `${v}p`])
    this.#frameRate.options = FRAME_RATES.map((v) => [String(v), String(v)])
    this.#codec.options = [['auto', 'Automatic'], ...CODECS.filter((c) => codecs.includes(c)).map((c): [string, string] => [c, `${f.codec(c)}, ${CODEC_NOTES[c]}`])]
    this.#prefer.options = [
      ['motion', 'Keep it fluent'],
      ['detail', 'Keep it sharp'],
      ['balanced', 'A little of both'],
    ]
    element.replaceChildren(
      h('h2', { id: 'settings-title' }, 'Settings'),
      this.#devices,
      h(
        'div',
        { class: 'settings-group' },
        h('div', { class: 'settings-pair' }, this.#height.element, this.#frameRate.element),
        h('div', { class: 'settings-pair' }, this.#codec.element, this.#bitrate.element),
        this.#prefer.element,
        this.#simulcast.element,
      ),
    )
    this.#show()
    this.devices = { cameras: [], microphones: [] }
  }

  get choices(): Choices {
    return this.#choices
  }

  /** What is plugged in; lists without names (before a permission) are no choice yet. */
  set devices({ cameras, microphones }: DeviceLists) {
    const options = (list: DeviceLists['cameras']) => list.map(({ id, label }): [string, string] => [id, label])
    this.#camera.options = options(cameras)
    this.#microphone.options = options(microphones)
    this.#camera.element.hidden = cameras.length === 0
    this.#microphone.element.hidden = microphones.length === 0
    this.#devices.hidden = cameras.length + microphones.length === 0
    this.#show()
  }

  /** The devices that are really open, which the browser may have chosen. */
  showOpen({ camera, microphone }: { camera: string; microphone: string }): void {
    if (camera !== '') this.#camera.value = camera
    if (microphone !== '') this.#microphone.value = microphone
  }

  #set(change: Partial<Choices>): void {
    this.#choices = { ...this.#choices, ...change }
    this.#show()
    this.#onChange(this.#choices)
  }

  #show(): void {
    const c = this.#choices
    const automatic = `Auto, ${f.bitrate(bitrateOf({ ...c, bitrate: 0 }))}`
    this.#bitrate.options = BITRATES.map((v) => [String(v), v === 0 ? automatic : f.bitrate(v)])
    this.#camera.value = c.camera
    this.#microphone.value = c.microphone
    this.#height.value = String(c.height)
    this.#frameRate.value = String(c.frameRate)
    this.#bitrate.value = String(c.bitrate)
    this.#codec.value = c.codec
    this.#prefer.value = c.prefer
    this.#speech.on = c.speech
    this.#simulcast.on = c.simulcast
  }
}

/** A labelled switch with a word about it. */
class Switch {
  readonly element: HTMLElement
  readonly #input: HTMLInputElement

  constructor(label: string, note: string, onChange: (on: boolean) => void) {
    this.#input = h('input', { type: 'checkbox', role: 'switch', onchange: () => onChange(this.#input.checked) })
    this.element = h('label', { class: 'switch' }, this.#input, h('span', { class: 'switch-text' }, h('span', {}, label), h('small', {}, note)))
  }

  set on(on: boolean) {
    this.#input.checked = on
  }
}
