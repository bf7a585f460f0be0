import { h, setAttribute, setText } from '../dom.ts'
import { icon } from '../icons.ts'
import { publishPath, validName } from '../name.ts'
import { carry, pageToken } from '../token.ts'

/** Where a stream gets its name before it is published. */
export class NameForm {
  readonly element: HTMLFormElement
  readonly #hint = h('p', { class: 'field-hint', id: 'name-hint', role: 'status', hidden: true })
  readonly #input = h('input', {
    class: 'field-value',
    id: 'stream-name',
    value: 'live/',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    maxlength: 255,
    'aria-describedby': 'name-hint',
    oninput: () => this.#judge(false),
  })
  #taken = new Set<string>()

  constructor() {
    this.element = h(
      'form',
      {
        class: 'name-form',
        onsubmit: (event) => {
          event.preventDefault()
          if (this.#judge(true)) location.assign(carry(publishPath(this.#input.value.trim()), pageToken()))
        },
      },
      h('h1', {}, 'Publish from this browser'),
      h('p', {}, 'Camera, microphone or screen, seen by everybody who has the link.'),
      h(
        'div',
        { class: 'field' },
        h('label', { class: 'field-label', for: 'stream-name' }, 'Name of the stream'),
        h('div', { class: 'field-box' }, this.#input),
        this.#hint,
      ),
      h('button', { class: 'go-live', type: 'submit' }, 'Continue', icon('arrow')),
    )
  }

  focus(): void {
    this.#input.focus()
    this.#input.setSelectionRange(this.#input.value.length, this.#input.value.length)
  }

  /** The names that are published by somebody now. */
  set taken(names: string[]) {
    this.#taken = new Set(names)
    this.#judge(false)
  }

  /** While somebody is still typing, only what cannot become right any more is told. */
  #judge(complete: boolean): boolean {
    const name = this.#input.value.trim()
    const unfinished = name === '' || name.endsWith('/')
    const valid = validName(name)
    const hint = this.#taken.has(name)
      ? 'Somebody publishes under this name at the moment.'
      : valid || (unfinished && !complete && (name === '' || validName(`${name}x`)))
        ? ''
        : 'Letters, digits and . _ ~ - only, with / between parts.'
    setText(this.#hint, hint)
    this.#hint.hidden = hint === ''
    setAttribute(this.#input, 'aria-invalid', hint === '' || valid ? undefined : 'true')
    return valid
  }
}
