import type { Page } from '@playwright/test'

/** One frame as the browser presented it; times are of the page's performance clock, in milliseconds. */
export interface Shown {
  now: number
  presentationTime: number
  rtpTimestamp: number
  presentedFrames: number
  width: number
  height: number
}

/** What a browser counts of one received track, by the W3C's names. */
export type Inbound = Record<string, number>

export interface Look {
  /** The frames since the last look. */
  frames: Shown[]
  video: Inbound
  audio: Inbound
}

type Window = typeof globalThis & { watched: { peer: RTCPeerConnection; frames: Shown[]; post: number; links: string } }

/**
 * Watches a stream with nothing but what browsers have, on an empty page of the gateway's: what is measured then is
 * the gateway and the browser. Without sound the picture waits for nothing but itself.
 */
export async function watchBare(page: Page, gateway: string, name: string, sound = false): Promise<void> {
  await page.goto(`http://${gateway}/healthz`)
  await page.evaluate(
    async ({ name, sound }) => {
      document.body.innerHTML = '<video muted autoplay playsinline></video>'
      const video = document.querySelector('video')
      if (video === null) throw new Error('no video')
      const peer = new RTCPeerConnection()
      const watched = { peer, frames: [] as Shown[], post: 0, links: '' }
      ;(window as unknown as Window).watched = watched
      peer.addTransceiver('video', { direction: 'recvonly' })
      if (sound) peer.addTransceiver('audio', { direction: 'recvonly' })
      const media = new MediaStream()
      peer.ontrack = (event) => media.addTrack(event.track)
      video.srcObject = media
      const shown = (now: number, frame: VideoFrameCallbackMetadata) => {
        watched.frames.push({ now, ...frame } as Shown)
        video.requestVideoFrameCallback(shown)
      }
      video.requestVideoFrameCallback(shown)
      await peer.setLocalDescription()
      watched.post = performance.now()
      const response = await fetch(`/whep/${name}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/sdp' },
        body: peer.localDescription?.sdp ?? '',
      })
      if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`)
      watched.links = response.headers.get('Link') ?? ''
      await peer.setRemoteDescription({ type: 'answer', sdp: await response.text() })
    },
    { name, sound },
  )
  await page.waitForFunction(() => (window as unknown as Window).watched.frames.length > 0)
}

/** Sends a wish to the session's layer extension; gives the answer's status. */
export function chooseLayer(page: Page, wish: Record<string, unknown>): Promise<number> {
  return page.evaluate(async (wish) => {
    const { links } = (window as unknown as Window).watched
    const link = links.split(/,\s*(?=<)/).find((link) => link.includes('urn:ietf:params:whep:ext:core:layer'))
    const url = link?.match(/<([^>]*)>/)?.[1]
    if (url === undefined) throw new Error(`no layer extension among ${links}`)
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(wish),
    })
    return response.status
  }, wish)
}

/** From the POST to the first frame, milliseconds. */
export function firstFrame(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { frames, post } = (window as unknown as Window).watched
    return (frames[0]?.now ?? Number.NaN) - post
  })
}

export function look(page: Page): Promise<Look> {
  return page.evaluate(async () => {
    const { peer, frames } = (window as unknown as Window).watched
    const found: Record<string, Inbound> = {}
    for (const [, r] of await peer.getStats()) if (r.type === 'inbound-rtp') found[r.kind as string] = r as Inbound
    return { frames: frames.splice(0), video: found['video'] ?? {}, audio: found['audio'] ?? {} }
  })
}

/** How much a counter grew; those that a browser does not tell yet are 0. */
export function grew(what: string, from: Inbound, to: Inbound): number {
  return (to[what] ?? 0) - (from[what] ?? 0)
}
