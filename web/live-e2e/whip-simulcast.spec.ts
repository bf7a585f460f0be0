import { expect } from '@playwright/test'
import { chooseLayer, look, watchBare } from './loss-page.ts'
import { common, live, passing, until } from './publisher.ts'
import { atMost, median, STRICT, summary } from './times.ts'
import { ages, publish, readClock, sending, unpublish } from './whip-page.ts'
import { test } from './whip-browser.ts'

const name = 'live/whip-simulcast'
const widths: Record<string, number> = { h: 960, m: 480, l: 240 }

test('three layers from a browser: a viewer steps through them without a broken frame', async ({ publishers, page }) => {
  const gateway = common().http
  const studio = await publishers.newPage()
  await publish(studio, gateway, name, {
    codec: 'VP8', source: 'clock', sound: true, width: 960, height: 540, bitrate: 1_500_000, simulcast: true,
  })
  await live(name)
  // The browser adds its layers as its estimate of the line grows.
  await until('all layers are sent', async () => {
    const layers = await sending(studio)
    return ['h', 'm', 'l'].every((rid) => (layers[rid]?.['framesSent'] ?? 0) > 10)
  })
  await watchBare(page, gateway, name, true)
  await passing(2000)
  await readClock(page)
  await passing(500)
  await look(page)

  const took: number[] = []
  for (const rid of ['l', 'm', 'h', 'l', 'h', 'm']) {
    let asked = 0
    // A browser that is short of processor pauses a layer for a while.
    await until(`the ${rid} layer is granted`, async () => {
      asked = Date.now()
      return (await chooseLayer(page, { rid })) === 200
    })
    await until(`the ${rid} layer is shown`, async () => (await page.evaluate(() => document.querySelector('video')?.videoWidth)) === widths[rid], 5000)
    took.push(Date.now() - asked)
    await passing(1000)
  }
  expect(await chooseLayer(page, {})).toBe(200)
  await until('the highest layer is shown again', async () => (await page.evaluate(() => document.querySelector('video')?.videoWidth)) === widths['h'], 5000)
  await passing(500)

  const seen = await look(page)
  const read = await ages(page)
  const gaps = seen.frames.slice(1).map((frame, i) => frame.presentationTime - (seen.frames[i]?.presentationTime ?? 0))
  const steps = seen.frames.slice(1).map((frame, i) => frame.rtpTimestamp - (seen.frames[i]?.rtpTimestamp ?? 0))
  console.log(
    `simulcast: a switch took ${summary(took)} [${took.join(' ')}]; of ${read.ages.length} frames ${read.unread} were broken, ` +
      `the longest stood ${Math.max(...gaps).toFixed(0)} ms, ${seen.video['freezeCount']} freezes; ages ${summary(read.ages)}; ` +
      `${seen.video['pliCount']} keyframes asked for by the viewer`,
  )
  expect(read.unread, 'broken frames').toBe(0)
  expect(Math.min(...steps), 'the least step between timestamps').toBeGreaterThan(0)
  expect(Math.min(...read.ages), 'no frame from the future').toBeGreaterThan(-50)
  if (STRICT) expect(seen.video['pliCount'], 'keyframes that the viewer had to ask for').toBe(0)
  // A request that was made for the switch before holds the next one up for 500 ms.
  atMost('the median of the switches', median(took), 500)
  atMost('the longest still', Math.max(...gaps), 300)
  expect(await unpublish(studio)).toBe(200)
  await studio.context().close()
})
