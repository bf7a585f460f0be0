import type { GopFrame } from './api.ts'

/** What can be told of the pictures in the ring. Pure. */

export interface GopFacts {
  /** Seconds between the last two keyframes; null with fewer. */
  distance: number | null
  /** Seconds since the newest keyframe, at the newest frame; null without one. */
  age: number | null
  /** Mean bytes by kind; null where there are none. */
  mean: Record<GopFrame['kind'], number | null>
  /** Share of B-frames, 0..1. */
  bShare: number
}

export function gopFacts(frames: readonly GopFrame[]): GopFacts {
  const keys = frames.filter((f) => f.kind === 'key').map(at)
  const newest = frames.at(-1)
  const [before, last] = [keys.at(-2), keys.at(-1)]
  const b = frames.filter((f) => f.kind === 'b').length
  return {
    distance: before === undefined || last === undefined ? null : last - before,
    age: newest === undefined || last === undefined ? null : at(newest) - last,
    mean: { key: mean(frames, 'key'), delta: mean(frames, 'delta'), b: mean(frames, 'b') },
    bShare: frames.length === 0 ? 0 : b / frames.length,
  }
}

/** What was known and what is kept by the gateway now, as one: it keeps little more than the newest keyframe and what came after it. */
export function merged(known: readonly GopFrame[], fresh: readonly GopFrame[], most: number): GopFrame[] {
  const first = fresh[0]
  if (first === undefined) return []
  const joint = known.findIndex((one) => one.at === first.at && one.track === first.track)
  // Without a joint some are missing between the two, and nobody knows how many.
  return joint < 0 ? fresh.slice(-most) : [...known.slice(0, joint), ...fresh].slice(-most)
}

/** When a frame came, seconds since 1970. */
export function at(frame: GopFrame): number {
  return Date.parse(frame.at) / 1000
}

function mean(frames: readonly GopFrame[], kind: GopFrame['kind']): number | null {
  const sizes = frames.filter((f) => f.kind === kind).map((f) => f.bytes)
  return sizes.length === 0 ? null : sizes.reduce((sum, n) => sum + n, 0) / sizes.length
}

/** The tracks that have pictures here, in order. */
export function tracksOf(frames: readonly GopFrame[]): number[] {
  return [...new Set(frames.map((f) => f.track))].sort((a, b) => a - b)
}

/** Heights are the roots of sizes: beside a keyframe the others would be too small to be told apart. */
export function height(bytes: number, most: number): number {
  return most <= 0 ? 0 : Math.sqrt(Math.max(0, bytes) / most)
}

/** Round sizes for lines across the picture: two or three of 1, 2, 5 times a power of ten below the greatest. */
export function gridSizes(most: number): number[] {
  const steps: number[] = []
  for (let power = 100; power <= 1e8; power *= 10) for (const digit of [1, 2, 5]) steps.push(digit * power)
  const top = steps.findLast((s) => s <= most * 0.9)
  if (top === undefined) return []
  return [top, ...steps.filter((s) => s <= top / 4 && s >= top / 6)].sort((a, b) => a - b)
}
