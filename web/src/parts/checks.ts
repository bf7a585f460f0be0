import { h } from '../dom.ts'
import * as f from '../format.ts'
import { icon } from '../icons.ts'
import type { Capabilities } from '../publish/capabilities.ts'

interface Check {
  label: string
  ok: boolean
  text: string
}

/** What this browser can do, found out without asking for anything. */
export function checksList(c: Capabilities): HTMLElement {
  return h(
    'section',
    { class: 'checks', 'aria-labelledby': 'checks-title' },
    h('h2', { id: 'checks-title' }, 'What this browser can do'),
    h(
      'ul',
      {},
      ...checksOf(c).map(({ label, ok, text }) =>
        h('li', { 'data-ok': String(ok) }, icon(ok ? 'check' : 'close'), h('span', {}, label), h('span', { class: 'check-text' }, text)),
      ),
    ),
  )
}

export function checksOf(c: Capabilities): Check[] {
  return [
    { label: 'Secure page', ok: c.secure, text: c.secure ? 'yes' : 'no: https is needed' },
    { label: 'WebRTC', ok: c.webrtc, text: c.webrtc ? 'yes' : 'no' },
    { label: 'Camera', ...device(c.camera, c.cameras) },
    { label: 'Microphone', ...device(c.camera, c.microphones) },
    { label: 'Screen sharing', ok: c.screen, text: c.screen ? 'yes' : c.secure ? 'no: phones cannot' : 'no' },
    { label: 'Video codecs', ok: c.codecs.length > 0, text: c.codecs.map(f.codec).join(', ') || 'none' },
  ]
}

function device(usable: boolean, count: number | null): { ok: boolean; text: string } {
  if (!usable) return { ok: false, text: 'no' }
  return count === 0 ? { ok: false, text: 'none found' } : { ok: true, text: 'yes' }
}
