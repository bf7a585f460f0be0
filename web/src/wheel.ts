import { svg } from './dom.ts'

const SPOKES_AND_PADDLES =
  'M8.8 13.7L23.2 18.3M18.3 8.8L13.7 23.2M23.6 16.7L26.7 21.4M20.9 21.8L19.7 27.4M15.3 23.6L10.6 26.7M10.2 20.9L4.6 19.7M8.4 15.3L5.3 10.6M11.1 10.2L12.3 4.6M16.7 8.4L21.4 5.3M21.8 11.1L27.4 12.3'

/** The mill wheel of the logo, which turns while something is awaited. */
export function wheel(): SVGElement {
  return svg(
    'svg',
    { class: 'wheel', viewBox: '0 0 32 32', fill: 'none', 'stroke-linecap': 'round', 'aria-hidden': 'true' },
    svg('circle', { cx: 16, cy: 16, r: 7.6 }),
    svg('path', { d: SPOKES_AND_PADDLES }),
  )
}
