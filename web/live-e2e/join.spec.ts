import { type Browser, expect } from '@playwright/test'
import { test } from './fixtures.ts'
import { type Counts, counts, frames, handshake, moreFrames, posts, watchOver } from './probe.ts'
import { base, passing } from './publisher.ts'
import { atMost, median, STRICT, summary } from './times.ts'

const JOINS = 8
/** How long a viewer stays: the second that is looked at, and a little. */
const STAY_MS = 1500

interface Join {
  /** From the POST to its answer and to the connection, milliseconds. */
  answered: number
  connected: number
  /** From the POST to the first frame on the screen, milliseconds. */
  firstFrame: number
  /** How far behind the live edge the picture is one second after the POST, milliseconds. */
  behind: number
  counts: Counts
}

/**
 * One viewer with a browser profile of its own.
 *
 * The live edge: the picture that stands one second after the POST came as a live one (the cached ones all come
 * within the first tenths), and the gateway sends a live picture on within a millisecond of its arrival, which
 * the Go tests measure. So it is behind by the time from its last packet to its presentation.
 */
async function join(browser: Browser, name: string): Promise<Join> {
  const page = await browser.newPage()
  await watchOver(page)
  await page.goto(`${base()}/watch/${name}`)
  await moreFrames(page, 1)
  await passing(STAY_MS)
  const [post] = await posts(page)
  const shown = await frames(page)
  const first = shown[0]
  if (post === undefined || first === undefined) throw new Error('no POST or no frame')
  const standing = shown.filter((frame) => frame.presentationTime <= post + 1000).at(-1)
  // Not there yet, or still a cached picture: as far behind as can be.
  const live = standing?.receiveTime !== undefined && standing.receiveTime > post + 500
  const result = {
    ...(await handshake(page)),
    firstFrame: first.now - post,
    behind: live ? standing.presentationTime - (standing.receiveTime ?? 0) : Number.POSITIVE_INFINITY,
    counts: await counts(page),
  }
  await page.context().close()
  return result
}

async function joins(browser: Browser, name: string, before: () => Promise<void>): Promise<void> {
  await join(browser, name) // starts the browser's media stack, which no viewer waits for twice
  const all: Join[] = []
  for (let i = 0; i < JOINS; i++) {
    await before()
    all.push(await join(browser, name))
  }
  const first = all.map((j) => j.firstFrame)
  const behind = all.map((j) => j.behind)
  console.log(`${name}: first frame shown ${summary(first)} after the POST [${first.map(Math.round).join(' ')}]`)
  const answered = all.map((j) => j.answered)
  const connected = all.map((j) => j.connected)
  console.log(`${name}: of that answered ${summary(answered)}, connected ${summary(connected)}`)
  console.log(`${name}: one second after joining behind the live edge by ${summary(behind)}`)
  for (const [i, { counts }] of all.entries()) {
    expect(counts, `join ${i}`).toMatchObject({ firCount: 0 })
    // The first packet is sent twice, which some of the time counts as one more than there are.
    expect(counts.packetsLost, `join ${i}: packets lost`).toBeLessThanOrEqual(0)
  }
  // A browser asks for a keyframe when it has decoded none within 200 ms, and may
  // miss a beat: on a busy machine that is its own doing.
  const asked = all.filter((j) => j.counts.pliCount > 0)
  expect(asked.length, 'joins with a keyframe request').toBeLessThanOrEqual(STRICT ? 0 : JOINS / 2)
  const frozen = all.filter((j) => j.counts.freezeCount > 0)
  if (frozen.length > 0) console.log(`${name}: froze for [${frozen.map((j) => j.counts.totalFreezesDuration).join(' ')}] s`)
  expect(frozen.length, 'joins with a freeze').toBeLessThanOrEqual(STRICT ? 0 : JOINS - 1)
  atMost('behind the live edge after a second', STRICT ? Math.max(...behind) : median(behind), 100)
  atMost('median of the first frame', median(first), 150)
}

test('zerolatency.flv: eight joins at random points of the GOP', async ({ browser, publish }) => {
  await publish('zerolatency.flv', 'live/join-zerolatency')
  await joins(browser, 'live/join-zerolatency', () => passing(Math.random() * 1000))
})

// The clip's pictures begin 5.3 s behind its sound and end after 17 s: wherever it begins anew there are none for
// 5.4 s, which is no fault of the gateway's. A turn is 17.1 s, and joins fit in where pictures are.
const TURN_MS = 17_070
const PICTURES_MS = 11_700

test('obs-default.flv: eight joins at random points of the GOP', async ({ browser, publish }) => {
  await publish('obs-default.flv', 'live/join-obs')
  const begun = performance.now() // of the first picture
  await joins(browser, 'live/join-obs', async () => {
    await passing(Math.random() * 1000)
    const into = (performance.now() - begun) % TURN_MS
    // The page takes its time to load, too.
    if (into < 200 || into > PICTURES_MS - STAY_MS - 3000) await passing(TURN_MS - into + 300 + Math.random() * 2000)
  })
})
