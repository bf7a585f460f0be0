import { h } from '../dom.ts'

export interface Question {
  title: string
  /** What will happen. */
  detail: string
  /** What the button that does it says. */
  yes: string
  /** Does it; what it throws is said in the same window. */
  act: () => Promise<void>
  /** What went wrong, in words. */
  explain: (error: unknown) => string
}

/** Asks before something is done that cannot be undone, and says when it could not be done. */
export function confirm(question: Question): void {
  const trouble = h('p', { class: 'dialog-trouble', role: 'alert', hidden: true })
  const no = h('button', { class: 'button', type: 'button', onclick: () => dialog.close() }, 'Leave it')
  const yes = h('button', { class: 'button button-bad', type: 'button', onclick: () => void act() }, question.yes)
  const dialog: HTMLDialogElement = h(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'dialog-title', onclose: () => dialog.remove(), onclick: (e) => e.target === dialog && dialog.close() },
    h('div', { class: 'dialog-body' }, h('h2', { id: 'dialog-title' }, question.title), h('p', {}, question.detail), trouble, h('div', { class: 'dialog-buttons' }, no, yes)),
  )
  const act = async () => {
    yes.disabled = true
    try {
      await question.act()
      dialog.close()
    } catch (error) {
      trouble.textContent = question.explain(error)
      trouble.hidden = false
      yes.disabled = false
    }
  }
  document.body.append(dialog)
  dialog.showModal()
  // Enter must not end anything by itself.
  no.focus()
}
