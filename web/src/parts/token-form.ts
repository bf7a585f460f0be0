import { h } from '../dom.ts'

/** A field for the token that a server wants to see. */
export class TokenForm {
  readonly element: HTMLFormElement
  readonly #input = h('input', {
    class: 'field-value',
    id: 'token',
    type: 'password',
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-label': 'Token',
    placeholder: 'Token',
  })

  constructor(onToken: (token: string) => void) {
    this.element = h(
      'form',
      {
        class: 'token-form',
        hidden: true,
        onsubmit: (event) => {
          event.preventDefault()
          const token = this.#input.value.trim()
          if (token !== '') onToken(token)
        },
      },
      h('div', { class: 'field-box' }, this.#input),
      h('button', { class: 'button', type: 'submit' }, 'Use it'),
    )
  }

  set shown(yes: boolean) {
    if (yes === !this.element.hidden) return
    this.element.hidden = !yes
    if (yes) this.#input.focus()
  }
}
