import { expect, type Page } from '@playwright/test'
import { type Behind, type Impairment, startBehind } from './loss-network.ts'
import { grew, look, type Shown, watchBare } from './loss-page.ts'
import { live, passing } from './publisher.ts'
import { atMost, median, STRICT } from './times.ts'
import { ages, publish, readClock, sending, unpublish } from './whip-page.ts'
import { test } from './whip-browser.ts'

const RTT_MS = 60
const CALM_MS = 3000
const LOSS_MS = 10_000
const GONE_MS = 2000
/** A machine that is busy with other things stops a browser for longer than any loss: then it is looked at again. */
const ATTEMPTS = STRICT ? 1 : 3

let behind: Behind

test.beforeAll(async () => {
  behind = await startBehind()
})

test.afterAll(async () => {
  await behind.stop()
})

interface Case {
  name: string
  network: Impairment
  shown: number
  stillMs: number
}

const cases: Case[] = [
  { name: '5 %', network: { loss: 0.05 }, shown: 0.995, stillMs: 300 },
  { name: '10 %', network: { loss: 0.1 }, shown: 0.98, stillMs: 700 },
]

for (const one of cases) {
  test(`loss of ${one.name} on the way from the publisher`, async ({ publishers, browser }) => {
    for (let left = ATTEMPTS - 1; ; left--) {
      const studio = await publishers.newPage()
      const page = await browser.newPage()
      const seen = await publishThrough(studio, page, one)
      expect(await unpublish(studio)).toBe(200)
      await studio.context().close()
      await page.context().close()
      try {
        return asPromised(seen, one)
      } catch (error) {
        if (left === 0) throw error
      }
    }
  })
}

function asPromised(seen: Seen, one: Case): void {
  // What the browser tells of both is a few frames old, now of the one and now of the other.
  const whole = Math.max(seen.received, seen.presented)
  expect(whole / seen.sent, 'share of frames that came whole').toBeGreaterThanOrEqual(one.shown)
  if (STRICT) expect(seen.presented / seen.sent, 'share of frames shown').toBeGreaterThanOrEqual(one.shown)
  atMost('longest still', seen.still, one.stillMs)
  atMost('older than before the loss', seen.back, 30)
}

interface Seen {
  /** Frames that the publisher sent, that came whole to the viewer, and that were on its screen. */
  sent: number
  received: number
  presented: number
  /** The longest that one frame stood, milliseconds. */
  still: number
  /** By how much older frames are than before the loss, milliseconds, two seconds after it. */
  back: number
}

async function publishThrough(studio: Page, page: Page, { name, network }: Case): Promise<Seen> {
  await behind.network(RTT_MS)
  const stream = `live/whip-lossy-${Date.now()}`
  await publish(studio, behind.http, stream, { codec: 'VP8', source: 'clock', width: 640, height: 360, bitrate: 1_200_000 })
  await live(stream, behind)
  await watchBare(page, behind.http, stream)
  await readClock(page)
  await passing(CALM_MS)
  const before = median((await ages(page)).ages.slice(-30))
  const calm = await look(page)
  const sentBefore = await sending(studio)
  await behind.network(RTT_MS, {}, network)
  await passing(LOSS_MS)
  const lossy = await look(page)
  const during = median((await ages(page)).ages.slice(-60))
  const report = await behind.network(RTT_MS)
  await passing(GONE_MS)
  await ages(page)
  await passing(1000)
  const after = await look(page)
  const sentAfter = await sending(studio)
  const back = median((await ages(page)).ages) - before
  const encoder = (what: string) => grew(what, sentBefore[''] ?? {}, sentAfter[''] ?? {})
  const counted = (what: string) => grew(what, calm.video, after.video)
  const seen = {
    sent: encoder('framesSent'),
    received: counted('framesReceived'),
    presented: (after.frames.at(-1)?.presentedFrames ?? 0) - (calm.frames.at(-1)?.presentedFrames ?? 0),
    still: stillest(lossy.frames),
    back,
  }
  console.log(
    `${name}: of ${seen.sent} frames sent ${seen.received} came whole, ${counted('framesDecoded')} decoded, ${seen.presented} presented; ` +
      `${counted('freezeCount')} freezes of ${counted('totalFreezesDuration').toFixed(2)} s, ` +
      `the longest still ${seen.still.toFixed(0)} ms (without loss ${stillest(calm.frames.slice(-60)).toFixed(0)} ms); ` +
      `the gateway asked for ${encoder('nackCount')} packets and got ${encoder('retransmittedPacketsSent')}, ` +
      `for ${encoder('pliCount')} keyframes; lost ${report.to_server.lost}; ` +
      `${before.toFixed(0)} ms old before, ${(during - before).toFixed(0)} ms more during, two seconds after the loss ${back.toFixed(0)} ms more`,
  )
  expect(encoder('nackCount'), 'packets that were asked for again').toBeGreaterThan(20)
  return seen
}

/** The longest that one picture stood, milliseconds. */
function stillest(frames: Shown[]): number {
  return Math.max(...frames.slice(1).map((frame, i) => frame.presentationTime - (frames[i]?.presentationTime ?? 0)))
}
