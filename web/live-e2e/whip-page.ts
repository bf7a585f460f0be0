import type { Page } from '@playwright/test'

export interface Publication {
  codec?: 'H264' | 'VP8' | 'VP9' | 'AV1'
  /** What is sent: the browser's fake camera and microphone, or a canvas with the time in it. */
  source: 'camera' | 'clock'
  /** Whether the fake microphone comes with it. */
  sound?: boolean
  width: number
  height: number
  /** Bits a second of the picture. */
  bitrate: number
  /** Three layers, h whole, m of half and l of a quarter the width. */
  simulcast?: boolean
}

/** What the gateway answered. */
export interface Published {
  location: string
  /** The payload names of the picture that it took, the first is used. */
  codecs: string[]
}

type Window = typeof globalThis & { published: { peer: RTCPeerConnection; location: string; media: MediaStream } }

/** The burnt-in clock: two rows of 16 cells, each a bit: 24 of milliseconds and their bytes' exclusive or. */
export const CELLS = { columns: 16, rows: 2 }

/** Publishes with nothing but what browsers have, from an empty page of the gateway's. */
export async function publish(page: Page, gateway: string, name: string, what: Publication): Promise<Published> {
  await page.goto(`http://${gateway}/healthz`)
  return page.evaluate(
    async ({ name, what, cells }) => {
      const clock = (): MediaStream => {
        const canvas = document.createElement('canvas')
        canvas.width = what.width
        canvas.height = what.height
        document.body.append(canvas)
        const context = canvas.getContext('2d', { alpha: false })
        if (context === null) throw new Error('no canvas')
        const media = canvas.captureStream(0)
        const track = media.getVideoTracks()[0] as CanvasCaptureMediaStreamTrack
        const size = what.width / cells.columns
        const draw = () => {
          const ms = Date.now() % 2 ** 24 // the one clock that two browsers share
          const bits = ms * 256 + ((ms >> 16) ^ ((ms >> 8) & 255) ^ (ms & 255))
          context.fillStyle = `hsl(${(ms / 20) % 360} 40% 40%)` // so that every frame is another
          context.fillRect(0, cells.rows * size, what.width, what.height)
          for (let i = 0; i < 32; i++) {
            context.fillStyle = Math.floor(bits / 2 ** i) % 2 === 1 ? '#fff' : '#000'
            context.fillRect((i % cells.columns) * size, Math.floor(i / cells.columns) * size, size, size)
          }
          // Something for the encoder to do: it spends its whole rate.
          for (let i = 0; i < 30; i++) {
            context.fillStyle = `hsl(${Math.random() * 360} 60% 50%)`
            const y = (cells.rows + 0.5) * size + Math.random() * what.height
            context.fillRect(Math.random() * what.width, y, size * Math.random(), size * Math.random())
          }
          track.requestFrame()
        }
        draw()
        setInterval(draw, 1000 / 30)
        return media
      }
      const camera = () =>
        navigator.mediaDevices.getUserMedia({ video: { width: what.width, height: what.height, frameRate: 30 } })
      const media = what.source === 'clock' ? clock() : await camera()
      if (what.sound) {
        const microphone = await navigator.mediaDevices.getUserMedia({ audio: true })
        for (const track of microphone.getTracks()) media.addTrack(track)
      }
      const peer = new RTCPeerConnection()
      const [picture] = media.getVideoTracks()
      const [sound] = media.getAudioTracks()
      if (sound !== undefined) peer.addTransceiver(sound, { direction: 'sendonly', streams: [media] })
      if (picture === undefined) throw new Error('no picture')
      const whole = { maxBitrate: what.bitrate, maxFramerate: 30 }
      const transceiver = peer.addTransceiver(picture, {
        direction: 'sendonly',
        streams: [media],
        sendEncodings: what.simulcast
          ? [
              { rid: 'h', ...whole },
              { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: what.bitrate / 3 },
              { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: what.bitrate / 9 },
            ]
          : [whole],
      })
      if (what.codec !== undefined) {
        const all = RTCRtpSender.getCapabilities('video')?.codecs ?? []
        const mime = `video/${what.codec}`.toLowerCase()
        const wanted = all.filter((codec) => codec.mimeType.toLowerCase() === mime)
        if (wanted.length === 0) throw new Error(`this browser does not encode ${what.codec}`)
        transceiver.setCodecPreferences([...wanted, ...all.filter((codec) => codec.mimeType.toLowerCase() === 'video/rtx')])
      }
      // Else a busy machine makes it smaller.
      const parameters = transceiver.sender.getParameters()
      parameters.degradationPreference = 'maintain-resolution'
      await transceiver.sender.setParameters(parameters)
      await peer.setLocalDescription()
      const response = await fetch(`/whip/${name}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/sdp' },
        body: peer.localDescription?.sdp ?? '',
      })
      const answer = await response.text()
      if (response.status !== 201) throw new Error(`${response.status}: ${answer}`)
      await peer.setRemoteDescription({ type: 'answer', sdp: answer })
      const location = response.headers.get('Location') ?? ''
      ;(window as unknown as Window).published = { peer, location, media }
      const section = answer.slice(answer.indexOf('m=video'))
      return { location, codecs: [...section.matchAll(/a=rtpmap:\d+ (\w+)\//g)].map((m) => m[1] ?? '') }
    },
    { name, what, cells: CELLS },
  )
}

/** Ends the session as WHIP has it. */
export async function unpublish(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const { peer, location, media } = (window as unknown as Window).published
    const response = await fetch(location, { method: 'DELETE' })
    peer.close()
    for (const track of media.getTracks()) track.stop()
    return response.status
  })
}

/** What the browser counts of the pictures it sends, by layer; '' where there are no layers. */
export function sending(page: Page): Promise<Record<string, Record<string, number>>> {
  return page.evaluate(async () => {
    const found: Record<string, Record<string, number>> = {}
    for (const [, r] of await (window as unknown as Window).published.peer.getStats()) {
      if (r.type === 'outbound-rtp' && r.kind === 'video') found[(r.rid as string | undefined) ?? ''] = r as Record<string, number>
    }
    return found
  })
}

/** How the pair that carries the media goes: what kind of candidate it is, over which transport. */
export function path(page: Page): Promise<{ protocol: string; address: string; remote: string; roundTripMs: number }> {
  return page.evaluate(async () => {
    const window_ = window as unknown as { published?: { peer: RTCPeerConnection }; watched?: { peer: RTCPeerConnection } }
    const peer = window_.published?.peer ?? window_.watched?.peer
    if (peer === undefined) throw new Error('no connection')
    const stats = await peer.getStats()
    for (const [, r] of stats) {
      if (r.type !== 'transport') continue
      const pair = stats.get(r.selectedCandidatePairId as string) as Record<string, string | number> | undefined
      if (pair === undefined) continue
      const local = stats.get(String(pair['localCandidateId'])) as Record<string, string>
      const remote = stats.get(String(pair['remoteCandidateId'])) as Record<string, string>
      return {
        protocol: local['protocol'] ?? '',
        address: local['address'] ?? '',
        remote: `${remote['address']}:${remote['port']}`,
        roundTripMs: Number(pair['currentRoundTripTime'] ?? 0) * 1000,
      }
    }
    throw new Error('no transport')
  })
}

/**
 * Reads the burnt-in clock off every frame that the page's video shows from now on: window.ages collects how old each
 * was, in milliseconds, and window.unread counts those whose cells do not add up.
 */
export function readClock(page: Page): Promise<void> {
  return page.evaluate((cells) => {
    const w = window as unknown as { ages: number[]; unread: number }
    w.ages = []
    w.unread = 0
    const video = document.querySelector('video')
    const canvas = new OffscreenCanvas(cells.columns, cells.rows)
    const context = canvas.getContext('2d', { willReadFrequently: true })
    if (video === null || context === null) throw new Error('no video')
    const read = (_: number, frame: VideoFrameCallbackMetadata) => {
      const size = video.videoWidth / cells.columns
      context.drawImage(video, 0, 0, video.videoWidth, size * cells.rows, 0, 0, cells.columns, cells.rows)
      const { data } = context.getImageData(0, 0, cells.columns, cells.rows)
      let bits = 0
      for (let i = 0; i < 32; i++) if ((data[i * 4 + 1] ?? 0) > 127) bits += 2 ** i
      const ms = Math.floor(bits / 256)
      if ((bits % 256 ^ (ms >> 16) ^ ((ms >> 8) & 255) ^ (ms & 255)) === 0) {
        const shown = Math.round(Date.now() - performance.now() + frame.expectedDisplayTime)
        w.ages.push(((((shown - ms + 2 ** 23) % 2 ** 24) + 2 ** 24) % 2 ** 24) - 2 ** 23)
      } else w.unread++
      video.requestVideoFrameCallback(read)
    }
    video.requestVideoFrameCallback(read)
  }, CELLS)
}

/** What readClock has collected since the last call. */
export function ages(page: Page): Promise<{ ages: number[]; unread: number }> {
  return page.evaluate(() => {
    const w = window as unknown as { ages: number[]; unread: number }
    const unread = w.unread
    w.unread = 0
    return { ages: w.ages.splice(0), unread }
  })
}
