/** What the keys of the watch page do. */
export type Command = 'toggle' | 'mute' | 'fullscreen' | 'stats' | 'louder' | 'softer'

const KEYS: Record<string, Command> = {
  ' ': 'toggle',
  k: 'toggle',
  m: 'mute',
  f: 'fullscreen',
  i: 'stats',
  s: 'stats',
  ArrowUp: 'louder',
  ArrowRight: 'louder',
  ArrowDown: 'softer',
  ArrowLeft: 'softer',
}

/** What of a key event and its target decides. */
export interface KeyPress {
  key: string
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
  repeat: boolean
  /** Tag name of the focused element, in capitals. */
  target: string
}

/** The command of a key press; null where the browser's own meaning of the key goes first. */
export function commandOf(press: KeyPress): Command | null {
  if (press.ctrlKey || press.metaKey || press.altKey) return null
  const { key, target } = press
  if (target === 'TEXTAREA' || target === 'SELECT') return null
  const command = KEYS[key.length === 1 ? key.toLowerCase() : key] ?? null
  // The volume slider is the only input of the page; it understands arrows itself.
  if (target === 'INPUT' && key.startsWith('Arrow')) return null
  if ((target === 'BUTTON' || target === 'A' || target === 'SUMMARY') && key === ' ') return null
  // Held down, only the volume goes on.
  return press.repeat && command !== 'louder' && command !== 'softer' ? null : command
}
