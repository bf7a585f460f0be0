import { copyText } from '../copy.ts'
import { h, setAttribute, setText } from '../dom.ts'
import { icon, type IconName, setIcon } from '../icons.ts'
import { nameParts } from '../parts/card.ts'
import { wheel } from '../wheel.ts'
import type { Area, Check, Verdict } from './check.ts'
import { worst } from './check.ts'
import { AREAS, headline, remedyLines, VERDICTS } from './words.ts'

const SIGNS: Record<Verdict, IconName> = { ok: 'check', unknown: 'eye', warning: 'warning', bad: 'close' }
/** How long a button says that it is done. */
const DONE_MS = 1600

export interface ViewEvents {
  onAgain: () => void
  /** The report as text. */
  text: () => string
}

/** The page's parts: what it all comes to, what was looked at, and the picture while it is measured. */
export class View {
  readonly video = h('video', { class: 'diagnose-picture', playsinline: true, muted: true, tabindex: -1, 'aria-label': 'What comes through' })
  readonly #box: HTMLElement
  readonly #title = h('p', { class: 'verdict-title', role: 'status' })
  readonly #detail = h('p', { class: 'verdict-detail' })
  readonly #sign = icon('eye')
  readonly #again: HTMLButtonElement
  readonly #copy: HTMLButtonElement
  readonly #copyIcon = icon('copy')
  readonly #copyText = h('span', {}, 'Copy report')
  readonly #groups = new Map<Area, { box: HTMLElement; list: HTMLElement }>()
  readonly #rows = new Map<string, Row>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(main: HTMLElement, name: string, watch: string, reason: string, events: ViewEvents) {
    // The attribute alone does not mute an element that was made by a script.
    this.video.muted = true
    this.#again = h('button', { class: 'button', type: 'button', 'aria-keyshortcuts': 'r', onclick: events.onAgain }, 'Look again')
    this.#copy = h(
      'button',
      { class: 'button diagnose-copy', type: 'button', 'aria-keyshortcuts': 'c', onclick: () => void this.copy(events.text()) },
      this.#copyIcon,
      this.#copyText,
    )
    this.#box = h(
      'section',
      { class: 'verdict', 'aria-label': 'What it comes to' },
      h('div', { class: 'verdict-sign' }, wheel(), this.#sign),
      h('div', { class: 'verdict-words' }, this.#title, this.#detail),
      this.video,
      h('div', { class: 'verdict-actions' }, this.#again, this.#copy, h('a', { class: 'button', href: watch }, 'Watch')),
    )
    const groups = AREAS.map(([area, title]) => this.#group(area, title))
    main.replaceChildren(
      h(
        'div',
        { class: 'diagnose-head' },
        h('h1', {}, 'Why doesn’t it play?'),
        h('p', { class: 'diagnose-name' }, ...nameParts(name)),
        reason === '' ? null : h('p', { class: 'diagnose-reason' }, `The player said: ${reason}`),
      ),
      this.#box,
      h('div', { class: 'areas' }, ...groups),
      h('p', { class: 'keys' }, h('span', {}, h('kbd', {}, 'R'), 'look again'), h('span', {}, h('kbd', {}, 'C'), 'copy the report')),
    )
  }

  /** doing is what is under way, "" when that was all. */
  show(checks: Check[], doing: string): void {
    const running = doing !== ''
    const { title, detail } = headline(checks)
    setAttribute(this.#box, 'data-verdict', running ? 'running' : worst(checks))
    setAttribute(this.#box, 'aria-busy', String(running))
    setText(this.#title, running ? doing : title)
    setText(this.#detail, running ? 'This takes some seconds.' : detail)
    setIcon(this.#sign, SIGNS[worst(checks)])
    this.#again.disabled = running
    this.#copy.disabled = checks.length === 0
    this.#showRows(checks)
  }

  showMedia(media: MediaStream | null): void {
    this.video.srcObject = media
    setAttribute(this.#box, 'data-picture', media === null ? undefined : true)
    // What cannot be shown here is found out by the counts of decoded frames.
    if (media !== null) void this.video.play().catch(() => {})
  }

  async copy(text: string): Promise<void> {
    const done = await copyText(text)
    setText(this.#copyText, done ? 'Copied' : 'It could not be copied')
    setIcon(this.#copyIcon, done ? 'check' : 'close')
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      setText(this.#copyText, 'Copy report')
      setIcon(this.#copyIcon, 'copy')
    }, DONE_MS)
  }

  #group(area: Area, title: string): HTMLElement {
    const list = h('ul', { class: 'checks' })
    const box = h('section', { class: 'area', 'data-area': area, 'aria-labelledby': `area-${area}`, hidden: true }, h('h2', { id: `area-${area}` }, title), list)
    this.#groups.set(area, { box, list })
    return box
  }

  /** Rows stay where they are as long as their check does: who reads one is not thrown off. */
  #showRows(checks: Check[]): void {
    const seen = new Map<string, number>()
    const kept = new Set<string>()
    for (const check of checks) {
      const n = seen.get(check.id) ?? 0
      seen.set(check.id, n + 1)
      const key = `${check.area} ${check.id} ${n}`
      kept.add(key)
      const row = this.#rows.get(key) ?? new Row()
      this.#rows.set(key, row)
      row.show(check)
      this.#groups.get(check.area)?.list.append(...(row.element.isConnected ? [] : [row.element]))
    }
    for (const [key, row] of this.#rows) {
      if (kept.has(key)) continue
      row.element.remove()
      this.#rows.delete(key)
    }
    for (const { box, list } of this.#groups.values()) box.hidden = list.childElementCount === 0
  }
}

/** One check: a line that opens to say what it means. What is wrong is open from the start. */
class Row {
  readonly element: HTMLLIElement
  readonly #box: HTMLDetailsElement
  readonly #sign = icon('eye')
  readonly #verdict = h('span', { class: 'visually-hidden' })
  readonly #title = h('span', { class: 'check-title' })
  readonly #seen = h('p', { class: 'check-seen' })
  readonly #why = h('p', { class: 'check-why' })
  readonly #remedy = h('div', { class: 'check-remedy' })
  #told = ''
  #was: Verdict | null = null

  constructor() {
    const summary = h('summary', {}, this.#sign, this.#verdict, this.#title, icon('chevron'))
    this.#box = h('details', { class: 'check' }, summary, h('div', { class: 'check-body' }, this.#seen, this.#why, this.#remedy))
    this.element = h('li', {}, this.#box)
  }

  show(check: Check): void {
    const { verdict, remedy = '', why = '' } = check
    setAttribute(this.#box, 'data-verdict', verdict)
    setAttribute(this.#box, 'data-check', check.id)
    setAttribute(this.#box, 'data-code', check.code)
    setIcon(this.#sign, SIGNS[verdict])
    setText(this.#verdict, `${VERDICTS[verdict]}: `)
    setText(this.#title, check.title)
    setText(this.#seen, check.seen)
    setText(this.#why, why)
    this.#showRemedy(remedy)
    this.#why.hidden = why === ''
    this.#remedy.hidden = remedy === ''
    if (verdict !== this.#was) this.#box.open = verdict === 'bad' || verdict === 'warning'
    this.#was = verdict
  }

  /** A line for each program that something can be set in. */
  #showRemedy(remedy: string): void {
    if (remedy === this.#told) return
    this.#told = remedy
    this.#remedy.replaceChildren(...remedyLines(remedy).map((line) => h('p', {}, line)))
  }
}
