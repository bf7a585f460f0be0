/**
 * Puts text on the clipboard. navigator.clipboard exists only on secure origins, and a gateway in a local network
 * is none: then the old way, by selecting a hidden field. False if neither works.
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    if (navigator.clipboard !== undefined) {
      await navigator.clipboard.writeText(text)
      return true
    }
  } catch {
    // Refused by the browser's settings: the old way may still work.
  }
  const field = document.createElement('textarea')
  field.value = text
  field.readOnly = true
  field.className = 'visually-hidden'
  document.body.append(field)
  const focused = document.activeElement
  field.select()
  let done = false
  try {
    done = document.execCommand('copy')
  } catch {
    // Some browsers throw instead of saying no.
  }
  field.remove()
  if (focused instanceof HTMLElement) focused.focus()
  return done
}
