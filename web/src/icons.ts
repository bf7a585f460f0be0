import { svg } from './dom.ts'

/** Strokes of 24 by 24 icons, drawn for this product. */
const PATHS = {
  play: 'M8 5.5v13l11-6.5z',
  pause: 'M8.5 5.5v13M15.5 5.5v13',
  volume: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11',
  muted: 'M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM16 9.5l5 5M21 9.5l-5 5',
  enter: 'M4 9V4.5h4.5M15.5 4.5H20V9M20 15v4.5h-4.5M8.5 19.5H4V15',
  exit: 'M8.5 4.5V9H4M20 9h-4.5V4.5M15.5 19.5V15H20M4 15h4.5v4.5',
  stats: 'M5 19.5v-6M10 19.5v-11M15 19.5v-8M20 19.5v-15',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z',
  copy: 'M9 9.5h9.5a1 1 0 0 1 1 1V20a1 1 0 0 1-1 1H9a1 1 0 0 1-1-1v-9.5a1 1 0 0 1 1-1zM16 6.5V4a1 1 0 0 0-1-1H5.5a1 1 0 0 0-1 1v9.5a1 1 0 0 0 1 1H5',
  check: 'M4.5 12.5l5 5 10-11',
  warning: 'M12 4 2.8 19.5h18.4zM12 10v4.5M12 17v.1',
  chevron: 'M6.5 9.5l5.5 5.5 5.5-5.5',
  back: 'M14.5 5.5 8 12l6.5 6.5',
  arrow: 'M4.5 12h14M13 6.5l5.5 5.5-5.5 5.5',
  close: 'M6 6l12 12M18 6 6 18',
} as const

export type IconName = keyof typeof PATHS

/** An icon that says nothing to screen readers: its button has the words. */
export function icon(name: IconName): SVGElement {
  return svg('svg', { viewBox: '0 0 24 24', class: 'icon', 'aria-hidden': 'true', 'data-icon': name }, svg('path', { d: PATHS[name] }))
}

/** Turns an icon into another one in place. */
export function setIcon(element: SVGElement, name: IconName): void {
  if (element.dataset['icon'] === name) return
  element.dataset['icon'] = name
  element.firstElementChild?.setAttribute('d', PATHS[name])
}
