import { h, setAttribute } from '../dom.ts'
import { icon, setIcon } from '../icons.ts'

/** Dark like the other pages, or light for bright rooms; the browser remembers it. */

export type Theme = 'dark' | 'light'

const KEY = 'millrace.dashboard.theme'

export function rememberedTheme(): Theme {
  try {
    return localStorage.getItem(KEY) === 'light' ? 'light' : 'dark'
  } catch {
    return 'dark' // storage is switched off
  }
}

/** The button that changes it; onChange is told when it has. */
export function themeButton(onChange: () => void): HTMLButtonElement {
  let theme = rememberedTheme()
  const picture = icon('sun')
  const button = h('button', { class: 'mini', type: 'button' }, picture)
  const show = () => {
    document.documentElement.dataset['theme'] = theme
    setIcon(picture, theme === 'dark' ? 'sun' : 'moon')
    const label = theme === 'dark' ? 'Light colours' : 'Dark colours'
    setAttribute(button, 'aria-label', label)
    setAttribute(button, 'title', label)
  }
  button.addEventListener('click', () => {
    theme = theme === 'dark' ? 'light' : 'dark'
    try {
      localStorage.setItem(KEY, theme)
    } catch {
      // It lasts as long as the page.
    }
    show()
    onChange()
  })
  show()
  return button
}
