/** Keeps the screen from going dark while something goes out: phones would stop the camera with it. */
export class WakeLock {
  #lock: WakeLockSentinel | null = null
  #wanted = false

  constructor() {
    // Browsers take the lock away from a hidden page.
    document.addEventListener('visibilitychange', () => void this.#apply())
  }

  set on(wanted: boolean) {
    if (wanted === this.#wanted) return
    this.#wanted = wanted
    void this.#apply()
  }

  async #apply(): Promise<void> {
    if (!this.#wanted) {
      const lock = this.#lock
      this.#lock = null
      await lock?.release().catch(() => {})
    } else if (document.visibilityState === 'visible' && (this.#lock === null || this.#lock.released)) {
      // Not every browser has it, and an empty battery refuses it.
      this.#lock = (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null
    }
  }
}
