import { expect } from '@playwright/test'
import { startGateway } from './gateway.ts'
import { firstFrame, look, watchBare } from './loss-page.ts'
import { common, live, passing } from './publisher.ts'
import { atMost, median, summary } from './times.ts'
import { ages, publish, readClock, unpublish } from './whip-page.ts'
import { test } from './whip-browser.ts'

const clock = { codec: 'VP8', source: 'clock', width: 640, height: 360, bitrate: 1_500_000 } as const

for (const sound of [false, true]) {
  test(`glass to glass${sound ? ', with sound' : ''}: a clock burned into the picture, read off the other screen`, async ({ publishers, page }) => {
    const name = `live/whip-clock-${sound}`
    const studio = await publishers.newPage()
    await publish(studio, common().http, name, { ...clock, sound })
    await live(name)
    await watchBare(page, common().http, name, sound)
    await passing(3000) // the encoder finds its rate, the browser its buffer
    await readClock(page)
    await passing(5000)
    const read = await ages(page)
    const seen = await look(page)
    const sorted = read.ages.toSorted((a, b) => a - b)
    console.log(
      `glass to glass${sound ? ', with sound' : ''}: ${summary(read.ages)}, 10 % below ${sorted[Math.floor(sorted.length / 10)]} ms, ` +
        `of ${read.ages.length} frames; ${read.unread} not read; ${seen.video['freezeCount']} freezes, ${seen.video['framesDropped']} dropped`,
    )
    expect(read.ages.length, 'frames read').toBeGreaterThan(60)
    expect(read.unread / read.ages.length, 'share of frames whose clock is damaged').toBeLessThan(0.02)
    atMost('median age of what is seen', median(read.ages), 120)
    expect(await unpublish(studio)).toBe(200)
    await studio.context().close()
  })
}

test('a keyframe that has to be asked for', async ({ publishers, browser }) => {
  // So short a ring has lost its keyframe within two seconds.
  const gateway = await startGateway({ MILLRACE_STREAM_MAX_FRAMES: '64' })
  try {
    const studio = await publishers.newPage()
    await publish(studio, gateway.http, 'live/whip-short', clock)
    await live('live/whip-short', gateway)
    const first: number[] = []
    for (let i = 0; i < 5; i++) {
      await passing(2500 + Math.random() * 300)
      const page = await browser.newPage()
      await watchBare(page, gateway.http, 'live/whip-short')
      first.push(await firstFrame(page))
      await page.context().close()
    }
    console.log(`keyframe asked for: first frame ${summary(first.slice(1))} after the POST [${first.map(Math.round).join(' ')}]`)
    atMost('median of the first frame', median(first.slice(1)), 400) // the first starts the browser's decoder
    await unpublish(studio)
    await studio.context().close()
  } finally {
    await gateway.stop()
  }
})
