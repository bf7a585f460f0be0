import { h, setAttribute, setText } from '../dom.ts'
import { type IconName, icon } from '../icons.ts'
import type { Words } from '../words.ts'
import { wheel } from '../wheel.ts'
import { CopyField } from './copy-field.ts'
import { Countdown } from './countdown.ts'
import { TokenForm } from './token-form.ts'

/** Where picture and sound can come from. */
export type Source = 'camera' | 'screen' | 'microphone'

export interface StageCurtainEvents {
  onSource: (source: Source) => void
  onAgain: () => void
  onToken: (token: string) => void
}

export interface StageCurtainView {
  /** Decides how it looks; "none" is no curtain at all. */
  mode: 'none' | 'choose' | 'asking' | 'failed' | 'retrying' | 'sound'
  words: Words
  /** Where to choose from; empty without a choice. */
  sources: Source[]
  /** What the button to try again says, "" for none. */
  again: string
  retryAt: number | null
  trying: boolean
  wantsToken: boolean
  /** A way out, with its address. */
  link: [label: string, href: string] | null
  /** Lines to copy, with what they are. */
  ways: [label: string, value: string][]
}

export const OPEN: StageCurtainView = {
  mode: 'none',
  words: { title: '', detail: '', remedy: '' },
  sources: [],
  again: '',
  retryAt: null,
  trying: false,
  wantsToken: false,
  link: null,
  ways: [],
}

const SOURCES: Record<Source, [IconName, string]> = {
  camera: ['camera', 'Camera and microphone'],
  screen: ['screen', 'Screen'],
  microphone: ['mic', 'Sound alone'],
}

/** What lies over the preview: where to begin, what is going on, what is wrong and what can be done. */
export class StageCurtain {
  readonly element: HTMLElement
  readonly #title = h('p', { class: 'curtain-title', role: 'status' })
  readonly #detail = h('p', { class: 'curtain-detail' })
  readonly #remedy = h('p', { class: 'curtain-detail' })
  readonly #sources: Record<Source, HTMLButtonElement>
  readonly #row: HTMLElement
  readonly #ways = h('div', { class: 'stage-ways' })
  readonly #token: TokenForm
  readonly #again: HTMLButtonElement
  readonly #countdown = new Countdown()
  readonly #link = h('a', { class: 'button' })
  #shownWays = ''

  constructor({ onSource, onAgain, onToken }: StageCurtainEvents) {
    const button = (source: Source) => {
      const [name, label] = SOURCES[source]
      return h('button', { class: 'source', type: 'button', onclick: () => onSource(source) }, icon(name), label)
    }
    this.#sources = { camera: button('camera'), screen: button('screen'), microphone: button('microphone') }
    this.#row = h('div', { class: 'sources' }, ...Object.values(this.#sources))
    this.#token = new TokenForm(onToken)
    this.#again = h('button', { class: 'button', type: 'button', onclick: onAgain })
    this.element = h(
      'div',
      { class: 'curtain' },
      h(
        'div',
        { class: 'curtain-box' },
        wheel(),
        this.#title,
        this.#detail,
        this.#remedy,
        this.#row,
        this.#ways,
        this.#token.element,
        h('div', { class: 'curtain-actions' }, this.#again, this.#link, this.#countdown.element),
      ),
    )
  }

  show(view: StageCurtainView): void {
    setAttribute(this.element, 'data-mode', view.mode)
    setText(this.#title, view.words.title)
    setText(this.#detail, view.words.detail)
    setText(this.#remedy, view.words.remedy)
    this.#row.hidden = view.sources.length === 0
    for (const [source, button] of Object.entries(this.#sources)) button.hidden = !view.sources.includes(source as Source)
    this.#again.hidden = view.again === ''
    setText(this.#again, view.again)
    this.#link.hidden = view.link === null
    setText(this.#link, view.link?.[0] ?? '')
    setAttribute(this.#link, 'href', view.link?.[1])
    this.#countdown.update(view.retryAt, view.trying)
    this.#token.shown = view.wantsToken
    this.#showWays(view.ways)
  }

  #showWays(ways: StageCurtainView['ways']): void {
    this.#ways.hidden = ways.length === 0
    if (JSON.stringify(ways) === this.#shownWays) return
    this.#shownWays = JSON.stringify(ways)
    this.#ways.replaceChildren(
      ...ways.map(([label, value]) => {
        const field = new CopyField(label, { wraps: true })
        field.value = value
        return field.element
      }),
    )
  }
}
