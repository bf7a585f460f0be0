/**
 * What viewers see while the camera is off: a picture that says so. A track without frames would leave them (and those
 * who come later) with the last one before, which is what switching off is meant to prevent; and a black picture looks
 * like a fault. The camera itself is released.
 */
export class CameraOffCard {
  readonly track: MediaStreamTrack
  readonly #timer: ReturnType<typeof setInterval>

  /** width and height as of the camera, so that players need not change theirs. */
  constructor(width: number, height: number) {
    const canvas = document.createElement('canvas')
    canvas.width = width
    canvas.height = height
    const g = canvas.getContext('2d')
    if (g !== null) draw(g, width, height)
    const stream = canvas.captureStream()
    this.track = stream.getVideoTracks()[0] as MediaStreamTrack
    // A canvas gives a frame whenever it is drawn on; players take a stream without frames for one that has stopped.
    this.#timer = setInterval(() => g !== null && draw(g, width, height), FRAME_MS)
  }

  close(): void {
    clearInterval(this.#timer)
    this.track.stop()
  }
}

const FRAME_MS = 200

function draw(g: CanvasRenderingContext2D, width: number, height: number): void {
  const unit = Math.min(width, height) / 100
  g.fillStyle = '#0c1116'
  g.fillRect(0, 0, width, height)
  g.save()
  g.translate(width / 2, height / 2 - 6 * unit)
  g.strokeStyle = '#4fd0c2'
  g.lineWidth = 1.1 * unit
  g.lineCap = g.lineJoin = 'round'
  const body = new Path2D()
  body.roundRect(-11 * unit, -7 * unit, 16 * unit, 14 * unit, 2.5 * unit)
  body.moveTo(5 * unit, -2 * unit)
  body.lineTo(11 * unit, -5.5 * unit)
  body.lineTo(11 * unit, 5.5 * unit)
  body.lineTo(5 * unit, 2 * unit)
  body.moveTo(-13 * unit, -11 * unit)
  body.lineTo(12 * unit, 11 * unit)
  g.stroke(body)
  g.restore()
  g.fillStyle = '#a9b6bf'
  g.font = `${5 * unit}px system-ui, sans-serif`
  g.textAlign = 'center'
  g.fillText('The camera is off', width / 2, height / 2 + 15 * unit)
}
