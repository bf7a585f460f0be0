import type { Server } from '../api.ts'
import { h, setAttribute, setText } from '../dom.ts'
import { icon } from '../icons.ts'
import { publishPath, validName, watchPath } from '../name.ts'
import { carry, pageToken } from '../token.ts'
import { CopyField } from './copy-field.ts'

/** The RTMP application that the box proposes; any other works too. */
const APP = 'live'
const DEFAULT_KEY = 'stream'
/** Stands for the key that publishing needs, which this page does not know. */
const KEY = 'YOUR-KEY'

/** The box that tells how to publish: from the browser, with OBS, and as a line for ffmpeg. */
export class PublishBox {
  readonly #element: HTMLElement
  readonly #host: string
  #server: Server | null = null
  #shown = ''
  readonly #address = new CopyField('Server', { field: 'server' })
  readonly #key = new CopyField('Stream key', { field: 'key' })
  readonly #ffmpeg = new CopyField('Command', { wraps: true, field: 'ffmpeg' })
  readonly #browser = h('a', { class: 'publish-browser' }, icon('camera'), 'Publish from this browser')
  readonly #watch = h('span')
  readonly #watchLink = h('a', { class: 'publish-watch' }, icon('arrow'), this.#watch)
  readonly #hint = h('p', { class: 'field-hint', id: 'key-hint', hidden: true })
  readonly #keyHint = h(
    'p',
    { class: 'publish-intro', hidden: true },
    `Publishing here needs a key: put it in place of ${KEY}. Whoever runs this server has it; it was printed when the server started.`,
  )
  readonly #input = h('input', {
    class: 'field-value',
    id: 'key',
    value: DEFAULT_KEY,
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    maxlength: 200,
    'aria-describedby': 'key-hint',
    oninput: () => this.#fill(),
  })

  /** host is what publishers reach this server by, as in location.hostname. */
  constructor(element: HTMLElement, host: string) {
    this.#element = element
    this.#host = host
  }

  update(server: Server): void {
    this.#server = server
    const shown = `${server.rtmp_port > 0} ${server.webrtc_port > 0}`
    if (shown !== this.#shown) this.#element.replaceChildren(...this.#build(server))
    this.#shown = shown
    this.#fill()
  }

  #build({ rtmp_port, webrtc_port }: Server): HTMLElement[] {
    const head = h('div', {}, h('h2', { id: 'publish-title' }, 'How to publish'), h('p', { class: 'publish-intro' }, intro(rtmp_port > 0, webrtc_port > 0)))
    if (rtmp_port === 0 && webrtc_port === 0) return [head]
    return [
      head,
      h(
        'div',
        { class: 'field' },
        h('label', { class: 'field-label', for: 'key' }, 'Name of the stream'),
        h('div', { class: 'field-box' }, h('span', { class: 'field-prefix', 'aria-hidden': 'true' }, `${APP}/`), this.#input),
        this.#hint,
      ),
      ...(webrtc_port > 0 ? [this.#browser] : []),
      ...(rtmp_port > 0 ? this.#encoders() : []),
      h('p', {}, this.#watchLink),
    ]
  }

  #encoders(): HTMLElement[] {
    return [
      h(
        'div',
        { class: 'publish-group' },
        h('h3', {}, 'OBS Studio'),
        h('p', {}, 'Settings → Stream → Service “Custom…”'),
        this.#address.element,
        this.#key.element,
        this.#keyHint,
      ),
      h('div', { class: 'publish-group' }, h('h3', {}, 'ffmpeg'), this.#ffmpeg.element),
    ]
  }

  #fill(): void {
    if (this.#server === null) return
    const typed = this.#input.value.trim()
    const key = typed === '' ? DEFAULT_KEY : typed
    const valid = validName(`${APP}/${key}`)
    setAttribute(this.#input, 'aria-invalid', valid ? undefined : 'true')
    this.#hint.hidden = valid
    setText(this.#hint, valid ? '' : 'Letters, digits and . _ ~ - only, with / between parts.')
    if (!valid) return
    const address = `rtmp://${this.#host}:${this.#server.rtmp_port}/${APP}`
    this.#address.value = address
    const keyed = this.#server.needs_credential?.includes('publish') === true ? `${key}?token=${KEY}` : key
    this.#keyHint.hidden = keyed === key
    this.#key.value = keyed
    this.#ffmpeg.value = ffmpegLine(keyed === key ? `${address}/${key}` : `'${address}/${keyed}'`)
    setText(this.#watch, `It will be seen at ${watchPath(`${APP}/${key}`)}`)
    this.#watchLink.href = carry(watchPath(`${APP}/${key}`), pageToken())
    this.#browser.href = carry(publishPath(`${APP}/${key}`), pageToken())
  }
}

/** A file at its own speed, without B-frames and with a keyframe every two seconds at 30 frames a second. */
export function ffmpegLine(url: string): string {
  return `ffmpeg -re -i video.mp4 -c:v libx264 -preset veryfast -tune zerolatency -g 60 -c:a aac -f flv ${url}`
}

function intro(rtmp: boolean, webrtc: boolean): string {
  if (rtmp && webrtc) return 'Name the stream, and press start: here, or in OBS, whose default settings are fine.'
  if (rtmp) return 'OBS with its default settings is fine. Name the stream, copy two lines, press start.'
  if (webrtc) return 'Name the stream, and press start. RTMP is switched off on this server (setting rtmp.address).'
  return 'RTMP and WebRTC are switched off on this server (settings rtmp.address and webrtc.address).'
}
