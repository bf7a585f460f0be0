import { execFileSync, type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { test } from './fixtures.ts'
import { startGateway } from './gateway.ts'
import { counts, type Frame, frames, moreFrames, sound, watchOver } from './probe.ts'
import { base, live, passing, until } from './publisher.ts'
import { atMost, STRICT } from './times.ts'

/** Returns the frames of some seconds from when the picture has been moving at its full rate. */
async function fullRate(page: Page, ms: number): Promise<Frame[]> {
  await until('the full rate', async () => rate((await frames(page)).slice(-20)) > 14)
  const from = (await frames(page)).length
  await passing(ms)
  return frames(page, from)
}

/** Frames a second on the screen. */
function rate(shown: Frame[]): number {
  const first = shown[0]
  const last = shown.at(-1)
  if (first === undefined || last === undefined || shown.length < 20) return 0
  return ((last.presentedFrames - first.presentedFrames) * 1000) / (last.now - first.now)
}

/** Wants all 30 frames a second, evenly. */
function even(what: string, shown: Frame[], wanted = 29): void {
  let gap = 0
  for (const [i, frame] of shown.entries()) gap = Math.max(gap, i > 0 ? frame.now - (shown[i - 1]?.now ?? 0) : 0)
  console.log(`${what}: ${rate(shown).toFixed(1)} frames/s shown, the longest gap ${gap.toFixed(0)} ms`)
  // A machine that encodes, decodes and tests on two cores misses some; without the B-frames there are ten.
  expect(rate(shown)).toBeGreaterThan(STRICT ? wanted : 13)
  if (STRICT) expect(gap, 'the longest gap between frames, ms').toBeLessThanOrEqual(wanted === 29 ? 80 : 100)
}

test('obs-default.flv: every picture is shown though it has B-frames', async ({ page, publish }) => {
  await publish('obs-default.flv', 'live/derived')
  await watchOver(page)
  await page.goto(`${base()}/watch/live/derived`)
  await moreFrames(page, 3)
  even('B-frames', await fullRate(page, 5000))
  const now = await counts(page)
  console.log(`${now.latencyMs?.toFixed(0)} ms old by the sender reports, ${now.jitterBufferMs.toFixed(0)} ms of them in the jitter buffer`)
  atMost('age of the picture by the sender reports', now.latencyMs ?? 0, 350)
  expect(now.freezeCount, 'freezes').toBeLessThanOrEqual(STRICT ? 0 : 3)
  expect((await sound(page)).rms).toBeGreaterThan(0.01)
  await expect(page.locator('.facts')).toContainText('encoded anew without them')
  await expect(page.locator('[data-code=b_frames]')).toHaveCount(0)
})

test('without ffmpeg the page says what it would be good for', async ({ page, publish }) => {
  const gateway = await startGateway({ MILLRACE_FFMPEG_PATH: 'off' })
  try {
    const publisher = await publish('obs-default.flv', 'live/lesser', gateway)
    await watchOver(page)
    await page.goto(`http://${gateway.http}/watch/live/lesser`)
    await moreFrames(page, 10)
    const warning = page.locator('[data-code=b_frames]')
    await warning.locator('summary').click()
    await expect(warning).toContainText('instead of 10 pictures a second')
    await expect(warning).toContainText('ffmpeg')
    await publisher.kill()
  } finally {
    await gateway.stop()
  }
})

test('H.265 from RTSP is shown as H.264', async ({ page }) => {
  const dir = mkdtempSync(join(tmpdir(), 'millrace-hevc-'))
  const clip = join(dir, 'hevc.mp4')
  let publisher: ChildProcess | undefined
  try {
    execFileSync('ffmpeg', [
      ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30:duration=6'],
      ...['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=none:keyint=30:bframes=2', clip],
    ])
    const gateway = { http: process.env['LIVE_HTTP'] ?? '', rtmp: '' }
    const url = `rtsp://${process.env['LIVE_RTSP']}/live/hevc`
    const args = ['-v', 'error', '-nostdin', '-re', '-stream_loop', '-1', '-i', clip, '-c', 'copy']
    publisher = spawn('ffmpeg', [...args, '-f', 'rtsp', '-rtsp_transport', 'tcp', url], { stdio: 'ignore' })
    await live('live/hevc', gateway)
    await watchOver(page)
    await page.goto(`${base()}/watch/live/hevc`)
    await moreFrames(page, 3)
    const shown = await fullRate(page, 4000)
    even('H.265', shown, 28) // the browser decodes what two encoders have made beside it
    expect(shown.at(-1)?.width).toBe(640)
    await expect(page.locator('.facts')).toContainText('turned into H.264')
  } finally {
    publisher?.kill('SIGKILL')
    rmSync(dir, { recursive: true })
  }
})
