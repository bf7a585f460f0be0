import type { ApiError } from '../api.ts'
import { h, setText } from '../dom.ts'
import { TokenForm } from '../parts/token-form.ts'
import { pageToken } from '../token.ts'

/** Asks for a credential where the gateway wants one. */
export class Login {
  readonly element: HTMLElement
  readonly #words = h('p')
  readonly #said = h('p', { class: 'login-said', role: 'alert' })
  readonly #form: TokenForm

  constructor(onToken: (token: string) => void) {
    this.#form = new TokenForm(onToken)
    this.element = h(
      'section',
      { class: 'login', hidden: true, 'aria-labelledby': 'login-title' },
      h('h1', { id: 'login-title' }, 'Sign in'),
      this.#words,
      this.#form.element,
      this.#said,
      h('p', { class: 'login-hint' }, 'A key, a token, or user:password, as the gateway’s configuration has it. It stays in this page’s address behind the #, which is sent to no server.'),
    )
  }

  show(error: ApiError): void {
    const known = error.problem.status === 403
    setText(this.#words, known ? 'This credential may not look at the dashboard. It takes one with the right to read.' : 'The dashboard is for those who may read.')
    // Who has shown nothing yet has done nothing wrong.
    setText(this.#said, pageToken() === '' ? '' : error.problem.detail || error.problem.title)
    this.element.hidden = false
    this.#form.shown = true
  }

  hide(): void {
    this.element.hidden = true
    this.#form.shown = false
  }
}
