import { h, setAttribute, setText } from '../dom.ts'
import * as f from '../format.ts'
import { carry, pageToken } from '../token.ts'
import type { Overview } from './api.ts'
import { themeButton } from './theme.ts'

/** The right side of the page's head: which node this is and whether it answers. */
export class Top {
  readonly #node = h('p', { class: 'top-node' }, h('span', { class: 'dot' }))
  readonly #words = h('span')
  readonly #more = h('span', { class: 'top-more' })
  readonly #out: HTMLButtonElement
  readonly #links: HTMLAnchorElement

  constructor(box: HTMLElement, onTheme: () => void, onOut: () => void) {
    this.#node.append(this.#words, this.#more)
    this.#out = h('button', { class: 'mini mini-text', type: 'button', onclick: onOut }, 'Sign out')
    this.#links = h('a', { class: 'top-link', href: '/' }, 'All streams')
    box.append(this.#node, this.#links, themeButton(onTheme), this.#out)
    this.credential()
  }

  /** The page's token is another one. */
  credential(): void {
    this.#out.hidden = pageToken() === ''
    this.#links.href = carry('/', pageToken())
  }

  answers({ node, version, uptime, draining }: Overview): void {
    setAttribute(this.#node, 'data-live', 'true')
    setText(this.#words, node)
    setText(this.#more, [version, `up ${f.duration(uptime)}`, draining ? 'draining' : ''].filter(Boolean).join(' · '))
  }

  /** Nobody is signed in, whatever the address says. */
  signedOut(): void {
    this.silent('signed out')
    this.#out.hidden = true
  }

  silent(words: string): void {
    setAttribute(this.#node, 'data-live', 'false')
    setText(this.#words, words)
    setText(this.#more, '')
  }
}
