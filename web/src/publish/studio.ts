import { Emitter } from '../emitter.ts'
import { CameraOffCard } from './card.ts'
import { CaptureError, type DeviceChoice, openDevices, openScreen, pictureConstraints } from './capture.ts'
import { Mixer } from './mixer.ts'

/** What the studio captures with; "" leaves the choice of a device to the browser. */
export interface StudioSettings {
  camera: string
  microphone: string
  height: number
  frameRate: number
  speech: boolean
}

/** Something happened by itself that people should know. */
export type StudioNotice = 'camera_lost' | 'microphone_lost' | 'no_camera' | 'no_microphone'

export interface StudioEvents {
  /** Something is captured, or not any more, or muted; the getters have what. */
  change: undefined
  notice: StudioNotice
}

/**
 * Camera, microphone and screen: opens and closes them, and makes of them one picture and one sound to send. The screen
 * goes before the camera; its sound and the microphone are mixed. It sends nothing itself.
 */
export class Studio extends Emitter<StudioEvents> {
  #settings: StudioSettings
  readonly #mixer = new Mixer()
  #camera: MediaStreamTrack | null = null
  #microphone: MediaStreamTrack | null = null
  #screen: MediaStreamTrack | null = null
  #screenSound: MediaStreamTrack | null = null
  #card: CameraOffCard | null = null
  #muted = false
  /** There is to be a picture, even if it only says that the camera is off. */
  #hasPicture = false
  #video: MediaStreamTrack | null = null
  #audio: MediaStreamTrack | null = null

  constructor(settings: StudioSettings) {
    super()
    this.#settings = settings
  }

  /** What is to be sent. */
  get video(): MediaStreamTrack | null {
    return this.#video
  }

  get audio(): MediaStreamTrack | null {
    return this.#audio
  }

  get cameraOn(): boolean {
    return this.#camera !== null
  }

  get sharing(): boolean {
    return this.#screen !== null
  }

  get hasMicrophone(): boolean {
    return this.#microphone !== null
  }

  get muted(): boolean {
    return this.#muted
  }

  /** deviceIds of what is open, "" if nothing is. */
  get devices(): { camera: string; microphone: string } {
    return { camera: this.#camera?.getSettings().deviceId ?? '', microphone: this.#microphone?.getSettings().deviceId ?? '' }
  }

  /** How loud the microphone (or else what is sent) is, 0..1. */
  level(): number {
    return this.#mixer.level(this.#microphone ?? this.#audio)
  }

  /** Opens camera and microphone, or the microphone alone. Where one is missing, the other has to do. Rejects with a CaptureError. */
  async open(what: { camera: boolean }): Promise<void> {
    const stream = await this.#openWhatThereIs(what.camera)
    this.#setCamera(stream.getVideoTracks()[0] ?? null)
    this.#setMicrophone(stream.getAudioTracks()[0] ?? null)
    this.#hasPicture ||= this.#camera !== null
    this.#update()
  }

  /** Rejects with a CaptureError; false if the user changed their mind. */
  async share(): Promise<boolean> {
    const stream = await openScreen(this.#settings)
    const picture = stream?.getVideoTracks()[0]
    if (stream === null || picture === undefined) return false
    this.#stopScreen()
    this.#screen = picture
    this.#screenSound = stream.getAudioTracks()[0] ?? null
    this.#hasPicture = true
    // The browser has a "stop sharing" button of its own.
    picture.addEventListener('ended', () => this.#screen === picture && this.unshare())
    this.#update()
    return true
  }

  unshare(): void {
    this.#stopScreen()
    this.#update()
  }

  mute(muted: boolean): void {
    this.#muted = muted
    // Silence, not nothing: viewers' players would wait for what is to come.
    if (this.#microphone !== null) this.#microphone.enabled = !muted
    this.emit('change', undefined)
  }

  /** Rejects with a CaptureError. */
  async setCamera(on: boolean): Promise<void> {
    if (on === this.cameraOn) return
    if (on) {
      const stream = await openDevices({ ...this.#choice(), microphone: null })
      this.#setCamera(stream.getVideoTracks()[0] ?? null)
      this.#hasPicture = true
    } else {
      this.#setCamera(null)
    }
    this.#update()
  }

  /** Opens the microphone, if none is. Rejects with a CaptureError. */
  async openMicrophone(): Promise<void> {
    if (this.#microphone !== null) return
    const stream = await openDevices({ ...this.#choice(), camera: null })
    this.#setMicrophone(stream.getAudioTracks()[0] ?? null)
    this.#update()
  }

  /** Goes over to other devices and another quality, where they are open. Rejects with a CaptureError. */
  async configure(settings: StudioSettings): Promise<void> {
    const before = this.#settings
    this.#settings = settings
    const camera = this.#camera
    if (camera !== null && before.camera !== settings.camera) {
      // First the one, then the other: phones cannot have two at a time.
      this.#setCamera(null)
      this.#setCamera(await this.#reopen('camera'))
    } else if (before.height !== settings.height || before.frameRate !== settings.frameRate) {
      await camera?.applyConstraints(pictureConstraints(settings)).catch(() => {})
      await this.#screen?.applyConstraints({ frameRate: settings.frameRate, height: { max: settings.height } }).catch(() => {})
    }
    if (this.#microphone !== null && (before.microphone !== settings.microphone || before.speech !== settings.speech)) {
      this.#setMicrophone(null)
      this.#setMicrophone(await this.#reopen('microphone'))
    }
    this.#update()
  }

  /** Lets go of everything. */
  close(): void {
    this.#setCamera(null)
    this.#setMicrophone(null)
    this.#stopScreen()
    this.#hasPicture = false
    this.#update()
    this.#mixer.close()
  }

  async #openWhatThereIs(camera: boolean): Promise<MediaStream> {
    const choice = this.#choice()
    if (!camera) return openDevices({ ...choice, camera: null })
    try {
      return await openDevices(choice)
    } catch (error) {
      const failure = error instanceof CaptureError ? error.failure : 'failed'
      if (failure !== 'no_camera' && failure !== 'no_microphone') throw error
      const rest = failure === 'no_camera' ? { ...choice, camera: null } : { ...choice, microphone: null }
      const stream = await openDevices(rest)
      this.emit('notice', failure)
      return stream
    }
  }

  async #reopen(kind: 'camera' | 'microphone'): Promise<MediaStreamTrack | null> {
    try {
      const stream = await openDevices({ ...this.#choice(), [kind === 'camera' ? 'microphone' : 'camera']: null })
      return stream.getTracks()[0] ?? null
    } catch (error) {
      this.#update()
      throw error
    }
  }

  #choice(): DeviceChoice {
    return this.#settings
  }

  #setCamera(track: MediaStreamTrack | null): void {
    this.#camera?.stop()
    this.#camera = track
    track?.addEventListener('ended', () => {
      if (this.#camera !== track) return
      this.#setCamera(null)
      this.#update()
      this.emit('notice', 'camera_lost')
    })
  }

  #setMicrophone(track: MediaStreamTrack | null): void {
    this.#microphone?.stop()
    this.#microphone = track
    if (track !== null) track.enabled = !this.#muted
    track?.addEventListener('ended', () => {
      if (this.#microphone !== track) return
      this.#setMicrophone(null)
      this.#update()
      this.emit('notice', 'microphone_lost')
    })
  }

  #stopScreen(): void {
    this.#screen?.stop()
    this.#screenSound?.stop()
    this.#screen = this.#screenSound = null
  }

  /** Makes what is sent of what is captured. */
  #update(): void {
    const picture = this.#screen ?? this.#camera
    const old = this.#card
    if (picture === null && this.#hasPicture) this.#card ??= this.#newCard()
    else this.#card = null
    this.#video = picture ?? this.#card?.track ?? null
    this.#audio = this.#mixer.mix([this.#microphone, this.#screenSound].filter((t) => t !== null))
    this.emit('change', undefined)
    // Only now does nobody look at it any more.
    if (old !== this.#card) old?.close()
  }

  #newCard(): CameraOffCard {
    const { height } = this.#settings
    const { width: w = Math.round((height * 16) / 9), height: h = height } = this.#lastSize
    return new CameraOffCard(w, h)
  }

  get #lastSize(): MediaTrackSettings {
    const { width, height } = this.#video?.getSettings() ?? {}
    return width && height ? { width, height } : {}
  }
}
