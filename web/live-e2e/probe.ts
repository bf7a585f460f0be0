import type { Page } from '@playwright/test'

/** One frame as the browser presented it; times are of the page's performance clock, in milliseconds. */
export interface Frame {
  /** When the browser told us that it is on the screen. */
  now: number
  presentationTime: number
  /** When its last packet came in. */
  receiveTime?: number
  rtpTimestamp?: number
  /** How many there have been on the screen. The browser does not tell of each: one that is busy tells of the next. */
  presentedFrames: number
  width: number
  height: number
}

/** What the browser counts of one session; see the W3C's identifiers for WebRTC's statistics. */
export interface Counts {
  connectionState: string
  framesDecoded: number
  framesDropped: number
  keyFramesDecoded: number
  freezeCount: number
  totalFreezesDuration: number
  pliCount: number
  firCount: number
  packetsLost: number
  jitterBufferMs: number
  /** How old the playing picture is by the sender reports, milliseconds; null before there are enough of them. */
  latencyMs: number | null
}

interface Seen {
  posts: number[]
  /** When the answers came, and when the connections stood. */
  answers: number[]
  connected: number[]
  peers: RTCPeerConnection[]
  frames: Frame[]
}

type Window = typeof globalThis & { live: Seen }

/** Looks over the page's shoulder: when it posts, what connections it makes, what frames it shows. */
export async function watchOver(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const live: Seen = { posts: [], answers: [], connected: [], peers: [], frames: [] }
    ;(window as unknown as Window).live = live
    const plainFetch = window.fetch
    window.fetch = (input, init) => {
      const now = performance.now()
      const answer = plainFetch(input, init)
      if (init?.method === 'POST' && String(input).includes('/whep/')) {
        live.posts.push(now)
        answer.then(
          () => live.answers.push(performance.now()),
          () => {},
        )
      }
      return answer
    }
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        live.peers.push(this)
        this.addEventListener('connectionstatechange', () => {
          if (this.connectionState === 'connected') live.connected.push(performance.now())
        })
      }
    }
    const follow = (video: HTMLVideoElement) => {
      const shown = (now: number, frame: VideoFrameCallbackMetadata) => {
        live.frames.push({ now, ...frame })
        video.requestVideoFrameCallback(shown)
      }
      video.requestVideoFrameCallback(shown)
    }
    const known = new Set<HTMLVideoElement>()
    new MutationObserver(() => {
      for (const video of document.querySelectorAll('video')) {
        if (!known.has(video)) follow(video)
        known.add(video)
      }
    }).observe(document, { childList: true, subtree: true })
  })
}

/** The newest frames, from the first on or from the given one. */
export function frames(page: Page, from = 0): Promise<Frame[]> {
  return page.evaluate((from) => (window as unknown as Window).live.frames.slice(from), from)
}

/** performance.now() of each POST. */
export function posts(page: Page): Promise<number[]> {
  return page.evaluate(() => (window as unknown as Window).live.posts)
}

/** From the first POST to its answer and to the connection, milliseconds. */
export function handshake(page: Page): Promise<{ answered: number; connected: number }> {
  return page.evaluate(() => {
    const { posts, answers, connected } = (window as unknown as Window).live
    const post = posts[0] ?? Number.NaN
    return { answered: (answers[0] ?? Number.NaN) - post, connected: (connected[0] ?? Number.NaN) - post }
  })
}

/** How many connections the page has made. */
export function sessions(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as Window).live.peers.length)
}

/** Returns when the page has shown so many frames more. */
export async function moreFrames(page: Page, n: number, timeout = 20_000): Promise<void> {
  const want = (await page.evaluate(() => (window as unknown as Window).live.frames.length)) + n
  await page.waitForFunction((want) => (window as unknown as Window).live.frames.length >= want, want, { timeout })
}

/** The browser's own counters of the newest session. */
export function counts(page: Page): Promise<Counts> {
  return page.evaluate(async () => {
    const peer = (window as unknown as Window).live.peers.at(-1)
    if (peer === undefined) throw new Error('no session')
    let video: Record<string, number> = {}
    for (const [, r] of await peer.getStats()) if (r.type === 'inbound-rtp' && r.kind === 'video') video = r
    const n = (name: string) => video[name] ?? 0
    const ntpEpoch = 2_208_988_800_000
    const playout = n('estimatedPlayoutTimestamp')
    return {
      connectionState: peer.connectionState,
      framesDecoded: n('framesDecoded'),
      framesDropped: n('framesDropped'),
      keyFramesDecoded: n('keyFramesDecoded'),
      freezeCount: n('freezeCount'),
      totalFreezesDuration: n('totalFreezesDuration'),
      pliCount: n('pliCount'),
      firCount: n('firCount'),
      packetsLost: n('packetsLost'),
      jitterBufferMs: (n('jitterBufferDelay') / Math.max(1, n('jitterBufferEmittedCount'))) * 1000,
      // Browser and gateway are on one machine, and so on one clock.
      latencyMs: playout > 0 ? n('timestamp') - (playout > ntpEpoch ? playout - ntpEpoch : playout) : null,
    }
  })
}

/** The picture as the page's video shows it now: 64x36 pixels, RGBA. */
export function pixels(page: Page): Promise<number[]> {
  return page.evaluate(() => {
    const video = document.querySelector('video')
    const canvas = new OffscreenCanvas(64, 36)
    const context = canvas.getContext('2d')
    if (video === null || context === null) throw new Error('no video')
    context.drawImage(video, 0, 0, 64, 36)
    return [...context.getImageData(0, 0, 64, 36).data]
  })
}

/** What a second of the page's sound holds: loudness as RMS (1 is full scale), and where the spectrum's peak is. */
export function sound(page: Page): Promise<{ rms: number; peakHz: number }> {
  return page.evaluate(async () => {
    const media = document.querySelector('video')?.srcObject as MediaStream
    const context = new AudioContext()
    const analyser = context.createAnalyser()
    analyser.fftSize = 8192
    context.createMediaStreamSource(media).connect(analyser)
    await context.resume()
    const samples = new Float32Array(analyser.fftSize)
    const bins = new Float32Array(analyser.frequencyBinCount)
    let rms = 0
    const end = performance.now() + 1000
    while (performance.now() < end) {
      await new Promise(requestAnimationFrame)
      analyser.getFloatTimeDomainData(samples)
      rms = Math.max(rms, Math.hypot(...samples) / Math.sqrt(samples.length))
    }
    analyser.getFloatFrequencyData(bins)
    const peakHz = (bins.indexOf(Math.max(...bins)) * context.sampleRate) / analyser.fftSize
    await context.close()
    return { rms, peakHz }
  })
}
