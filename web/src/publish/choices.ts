import { CODECS, DEFAULT_SETTINGS, type EncodingSettings } from './settings.ts'
import type { StudioSettings } from './studio.ts'

/** All that the publish page lets people choose. */
export type Choices = EncodingSettings & StudioSettings

export const DEFAULT_CHOICES: Choices = { ...DEFAULT_SETTINGS, camera: '', microphone: '', speech: true }

const KEY = 'millrace.publish'

/** What was chosen here last, as far as it still makes sense. */
export function rememberedChoices(): Choices {
  try {
    return sensible(JSON.parse(localStorage.getItem(KEY) ?? '{}'))
  } catch {
    return DEFAULT_CHOICES
  }
}

export function rememberChoices(choices: Choices): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(choices))
  } catch {
    // Private windows may forbid it: then it is not remembered.
  }
}

/** Takes what has the type it must have, and the defaults for the rest. */
export function sensible(stored: unknown): Choices {
  const out: Record<string, unknown> = { ...DEFAULT_CHOICES }
  for (const [key, value] of Object.entries(stored ?? {})) {
    if (typeof value === typeof out[key] && (typeof value !== 'number' || (Number.isFinite(value) && value >= 0))) out[key] = value
  }
  const choices = out as unknown as Choices
  if (!['auto', ...CODECS].includes(choices.codec)) choices.codec = 'auto'
  if (!['motion', 'detail', 'balanced'].includes(choices.prefer)) choices.prefer = 'motion'
  if (!HEIGHTS.includes(choices.height)) choices.height = DEFAULT_CHOICES.height
  if (!FRAME_RATES.includes(choices.frameRate)) choices.frameRate = DEFAULT_CHOICES.frameRate
  if (!BITRATES.includes(choices.bitrate)) choices.bitrate = 0
  return choices
}

/** What there is to choose from. */
export const HEIGHTS = [2160, 1440, 1080, 720, 480, 360]
export const FRAME_RATES = [60, 30, 24, 15]
/** Bits per second; 0 goes by the rest. */
export const BITRATES = [0, 500_000, 1_000_000, 1_500_000, 2_500_000, 4_000_000, 6_000_000, 8_000_000, 12_000_000, 20_000_000]
