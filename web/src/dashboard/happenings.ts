import { encoderName } from '../describe.ts'
import { protocol } from '../format.ts'
import type { Happening } from './api.ts'

/** Events in words. Pure. */

export type Tone = 'good' | 'bad' | 'warn' | 'plain'

const KINDS: Record<string, [words: string, tone: Tone]> = {
  'publisher.started': ['is being published', 'good'],
  'publisher.changed': ['has other tracks now', 'plain'],
  'publisher.stopped': ['is no longer published', 'plain'],
  'viewers.first': ['has its first viewer', 'good'],
  'viewers.last': ['was left by its last viewer', 'plain'],
  'derived.started': ['is being turned into another format', 'plain'],
  'derived.failed': ['could not be turned into another format', 'bad'],
  'derived.stopped': ['is no longer turned into another format', 'plain'],
  'source.up': ['comes from its source', 'good'],
  'source.down': ['is not to be had from its source', 'bad'],
  'node.drain': ['This node lets everybody go', 'warn'],
  'config.reloaded': ['The configuration was read again', 'plain'],
}

export function toneOf({ kind }: Happening): Tone {
  return KINDS[kind]?.[1] ?? 'plain'
}

/** What happened, without the stream's name, which stands before it. Kinds that we do not know speak for themselves. */
export function happeningWords({ kind }: Happening): string {
  return KINDS[kind]?.[0] ?? kind
}

/** "RTMP · OBS 31.0.2 · 127.0.0.1:5000 · the connection was closed": what else is known. */
export function happeningMore({ kind, protocol: name, agent, remote, cause, detail }: Happening): string {
  const who = kind.startsWith('publisher.') || kind.startsWith('viewers.')
  return [who && name ? protocol(name) : '', who ? encoderName(agent ?? '') : '', remote ?? '', detail ?? '', cause ?? '']
    .filter(Boolean)
    .join(' · ')
}
