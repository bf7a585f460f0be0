import { expect } from '@playwright/test'
import { firstFrame, look, watchBare } from './loss-page.ts'
import { pixels, sound } from './probe.ts'
import { common, live, passing } from './publisher.ts'
import { atMost, median, summary } from './times.ts'
import { path, publish, sending, unpublish } from './whip-page.ts'
import { test } from './whip-browser.ts'

const JOINS = 5

for (const codec of ['H264', 'VP8', 'VP9', 'AV1'] as const) {
  test(`a browser publishes ${codec}, another watches: picture and sound`, async ({ publishers, page, browser }) => {
    const name = `live/whip-${codec.toLowerCase()}`
    const gateway = common().http
    const studio = await publishers.newPage()
    const taken = await publish(studio, gateway, name, { codec, source: 'camera', sound: true, width: 640, height: 360, bitrate: 800_000 })
    expect(taken.codecs[0]?.toUpperCase()).toBe(codec)
    await live(name)
    await passing(1000)
    await watchBare(page, gateway, name, true)
    await passing(1000)

    const before = await pixels(page)
    await passing(700) // no whole turn of the fake camera's picture
    const after = await pixels(page)
    const changed = before.filter((value, i) => Math.abs(value - (after[i] ?? 0)) > 16).length
    expect(changed, 'values of pixels that differ a little later').toBeGreaterThan(8)
    const heard = await sound(page)
    expect(heard.rms, 'loudness').toBeGreaterThan(0.005)

    const first: number[] = []
    for (let i = 0; i < JOINS; i++) {
      const other = await browser.newPage()
      await watchBare(other, gateway, name, true)
      first.push(await firstFrame(other))
      await other.context().close()
    }
    const seen = await look(page)
    const sent = await sending(studio)
    console.log(
      `${codec}: first frame of ${JOINS} joins ${summary(first)}; ${seen.frames.at(-1)?.width}x${seen.frames.at(-1)?.height}, ` +
        `sent ${sent['']?.['framesSent']} frames (${sent['']?.['keyFramesEncoded']} keyframes), ` +
        `decoded ${seen.video['framesDecoded']}, dropped ${seen.video['framesDropped']}, ${seen.video['freezeCount']} freezes, ` +
        `${seen.video['pliCount']} keyframes asked for; sound with RMS ${heard.rms.toFixed(3)}`,
    )
    expect(seen.video['packetsLost']).toBe(0)
    expect((await path(studio)).protocol).toBe('udp')
    atMost('median of the first frame', median(first), 150)
    expect(await unpublish(studio)).toBe(200)
    await studio.context().close()
  })
}
