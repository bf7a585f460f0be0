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
  camera: 'M4.5 6.5h9A1.5 1.5 0 0 1 15 8v8a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 3 16V8a1.5 1.5 0 0 1 1.5-1.5zM15 10.7l6-3.2v9l-6-3.2',
  cameraOff: 'M7.6 6.5h5.9A1.5 1.5 0 0 1 15 8v2.7l6-3.2v9l-2.2-1.2M14.6 16.9a1.5 1.5 0 0 1-1.1.6h-9A1.5 1.5 0 0 1 3 16V8c0-.6.3-1.1.8-1.3M4 3.5l16.5 17',
  mic: 'M12 3.5a2.8 2.8 0 0 1 2.8 2.8v5.2a2.8 2.8 0 0 1-5.6 0V6.3A2.8 2.8 0 0 1 12 3.5zM5.8 11.3a6.2 6.2 0 0 0 12.4 0M12 17.5V21',
  micOff: 'M9.3 5.7A2.8 2.8 0 0 1 14.8 6.3v4.6M9.2 9v2.5a2.8 2.8 0 0 0 4.4 2.3M5.8 11.3a6.2 6.2 0 0 0 10 4.9M18.2 11.3a6 6 0 0 1-.4 2.2M12 17.5V21M4 3.5l16.5 17',
  screen: 'M4.2 4.5h15.6A1.2 1.2 0 0 1 21 5.7v9.6a1.2 1.2 0 0 1-1.2 1.2H4.2A1.2 1.2 0 0 1 3 15.3V5.7a1.2 1.2 0 0 1 1.2-1.2zM8.5 20h7M12 13.2V8M9.6 10.3 12 7.9l2.4 2.4',
  screenOff: 'M4.2 4.5h15.6A1.2 1.2 0 0 1 21 5.7v9.6a1.2 1.2 0 0 1-1.2 1.2H4.2A1.2 1.2 0 0 1 3 15.3V5.7a1.2 1.2 0 0 1 1.2-1.2zM8.5 20h7M9.8 8.3l4.4 4.4M14.2 8.3l-4.4 4.4',
  stop: 'M8 7h8a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1z',
  live: 'M12 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM7.8 16.2a6 6 0 0 1 0-8.4M16.2 7.8a6 6 0 0 1 0 8.4M5 19a10 10 0 0 1 0-14M19 5a10 10 0 0 1 0 14',
  quality: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4zM9 14.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4z',
  sun: 'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
  moon: 'M20 14.2A8.3 8.3 0 0 1 9.8 4 8.3 8.3 0 1 0 20 14.2z',
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
