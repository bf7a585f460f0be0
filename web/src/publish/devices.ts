import { Emitter } from '../emitter.ts'

export interface Device {
  id: string
  label: string
}

export interface DeviceLists {
  cameras: Device[]
  microphones: Device[]
}

/** The cameras and microphones that are plugged in, told anew whenever that changes. Names are known after a permission. */
export class Devices extends Emitter<{ change: DeviceLists }> {
  #lists: DeviceLists = { cameras: [], microphones: [] }
  #listening = false

  get lists(): DeviceLists {
    return this.#lists
  }

  /** Looks now, and from now on. */
  async look(): Promise<void> {
    if (!this.#listening) {
      this.#listening = true
      navigator.mediaDevices.addEventListener('devicechange', () => void this.look())
    }
    const all = await navigator.mediaDevices.enumerateDevices().catch(() => [])
    const lists = { cameras: named(all, 'videoinput', 'Camera'), microphones: named(all, 'audioinput', 'Microphone') }
    if (JSON.stringify(lists) === JSON.stringify(this.#lists)) return
    this.#lists = lists
    this.emit('change', lists)
  }
}

/** Without a permission devices have neither name nor id: they are no choice yet. */
function named(all: MediaDeviceInfo[], kind: MediaDeviceKind, word: string): Device[] {
  return all
    .filter((d) => d.kind === kind && d.deviceId !== '')
    // Chromium lists what the system's settings choose a second time, as "default" and "communications".
    .filter((d) => d.deviceId !== 'communications')
    .map((d, i) => ({ id: d.deviceId, label: d.label || `${word} ${i + 1}` }))
}
