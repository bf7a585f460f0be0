/** The volume that was last chosen here, remembered between visits where the browser allows it. */
const KEY = 'millrace.volume'

export function rememberedVolume(): number {
  try {
    const value = Number(localStorage.getItem(KEY) ?? 1)
    return value > 0 && value <= 1 ? value : 1
  } catch {
    return 1
  }
}

export function rememberVolume(volume: number): void {
  try {
    localStorage.setItem(KEY, volume.toFixed(2))
  } catch {
    // Private windows may forbid it: then it is not remembered.
  }
}

/** A volume one step up or down, on whole steps. */
export function stepVolume(volume: number, direction: 1 | -1): number {
  return Math.min(1, Math.max(0, (Math.round(volume * 20) + direction) / 20))
}
