import type { Stream } from '../api.ts'
import { h, setAttribute, setText } from '../dom.ts'
import * as f from '../format.ts'
import { icon } from '../icons.ts'
import { watchPath } from '../name.ts'
import type { Capabilities } from '../publish/capabilities.ts'
import type { PublishStats } from '../publish/stats.ts'
import type { PublishState } from '../publish/status.ts'
import { nameParts } from './card.ts'
import { checksList } from './checks.ts'
import { CopyField } from './copy-field.ts'
import { Outgoing } from './outgoing.ts'
import { Warnings } from './warnings.ts'

const STATES: Record<PublishState, string> = {
  idle: 'Not live',
  connecting: 'Connecting',
  live: 'Live',
  stalled: 'Interrupted',
  retrying: 'Reconnecting',
  failed: 'Not live',
}

/** What stands under the preview: the stream's name and state, where it is watched, what goes out. */
export class PublishAbout {
  readonly #head: HTMLElement
  readonly #state = h('span', { class: 'about-state' })
  readonly #viewers = h('span', { class: 'about-viewers' })
  readonly #notice = h('p', { class: 'banner', role: 'status', hidden: true })
  readonly #warnings = new Warnings()
  readonly #outgoing = new Outgoing()
  readonly #checks = h('div')
  #status: PublishState = 'idle'

  constructor(element: HTMLElement, name: string, origin: string) {
    this.#head = h(
      'div',
      { class: 'about-head' },
      h('h1', { id: 'name', title: name }, ...nameParts(name)),
      h('p', { class: 'about-now' }, h('span', { class: 'dot' }), this.#state, this.#viewers),
    )
    const address = new CopyField('It is watched at', { field: 'watch' })
    address.value = origin + watchPath(name)
    const open = h('a', { class: 'button', href: watchPath(name), target: '_blank', rel: 'noopener' }, 'Open', icon('arrow'))
    element.replaceChildren(
      this.#head,
      this.#notice,
      h('div', { class: 'share' }, address.element, open),
      this.#warnings.element,
      this.#outgoing.element,
      this.#checks,
      keys(),
    )
  }

  set notice(text: string) {
    this.#notice.hidden = text === ''
    setText(this.#notice, text)
  }

  showChecks(capabilities: Capabilities): void {
    this.#checks.replaceChildren(checksList(capabilities))
  }

  /** Whether what the browser could do is of interest still. */
  set checking(yes: boolean) {
    this.#checks.hidden = !yes
  }

  showState(state: PublishState): void {
    this.#status = state
    setAttribute(this.#head, 'data-live', String(state === 'live'))
    setText(this.#state, STATES[state])
    const outgoing = state === 'live' || state === 'stalled'
    if (!outgoing) {
      this.#outgoing.update(null)
      this.#warnings.update([])
      this.#viewers.replaceChildren()
    }
  }

  showStats(stats: PublishStats): void {
    this.#outgoing.update(stats)
  }

  /** null: the server knows no such stream. */
  showStream(stream: Stream | null): void {
    if (this.#status !== 'live') return
    this.#viewers.replaceChildren(...(stream === null ? [] : [icon('eye'), f.count(stream.viewers, 'viewer')]))
    this.#warnings.update(stream?.warnings ?? [])
  }
}

/** What the keys do, for those who have some. */
function keys(): HTMLElement {
  const known = [['G', 'go live, stop'], ['M', 'microphone'], ['C', 'camera'], ['S', 'screen']]
  return h('p', { class: 'keys' }, ...known.map(([key, text]) => h('span', {}, h('kbd', {}, key), text)))
}
