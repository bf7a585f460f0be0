import { expect } from '@playwright/test'
import { test } from './fixtures.ts'
import { counts, frames, moreFrames, pixels, sound, watchOver } from './probe.ts'
import { base, passing } from './publisher.ts'
import { atMost, STRICT } from './times.ts'

const clips = {
  'zerolatency.flv': { name: 'live/zerolatency', fps: 30, late: 100, freezes: 1 },
  // Its B-frames are taken out by ffmpeg, which takes its time.
  'obs-default.flv': { name: 'live/obs', fps: 30, late: 350, freezes: 3 },
}

for (const [clip, { name, fps, late, freezes }] of Object.entries(clips)) {
  test(`${clip}: the picture moves, the sound has energy, and both are live`, async ({ page, publish }) => {
    await publish(clip, name)
    await watchOver(page)
    await page.goto(`${base()}/watch/${name}`)
    await moreFrames(page, 5)

    const before = await pixels(page)
    await moreFrames(page, fps)
    const after = await pixels(page)
    const changed = before.filter((value, i) => Math.abs(value - (after[i] ?? 0)) > 16).length
    expect(changed, 'pixels that differ a second later').toBeGreaterThan(50)

    const heard = await sound(page)
    console.log(`${clip}: sound with RMS ${heard.rms.toFixed(3)}, the peak at ${heard.peakHz.toFixed(0)} Hz`)
    expect(heard.rms).toBeGreaterThan(0.01)

    await passing(4000)
    const shown = await frames(page)
    // The last seconds: what has to be made takes a moment to begin with.
    const last = shown.slice(-2 * fps)
    const spread = (last.at(-1)?.now ?? 0) - (last[0]?.now ?? 0)
    const rate = (((last.at(-1)?.presentedFrames ?? 0) - (last[0]?.presentedFrames ?? 0)) / spread) * 1000
    const now = await counts(page)
    console.log(
      `${clip}: ${rate.toFixed(1)} frames/s shown, ${now.latencyMs?.toFixed(0)} ms old by the sender reports, ` +
        `${now.jitterBufferMs.toFixed(0)} ms of them in the jitter buffer`,
    )
    expect(rate).toBeGreaterThan(fps * (STRICT ? 0.9 : 0.6))
    expect(shown.at(-1)?.width).toBe(1280)
    expect(now).toMatchObject({ firCount: 0, packetsLost: 0 })
    // On a busy machine the browser itself may miss a beat, and one that also encodes is busy.
    expect(now.freezeCount, 'freezes').toBeLessThanOrEqual(STRICT ? 0 : freezes)
    expect(now.pliCount, 'keyframe requests').toBeLessThanOrEqual(STRICT ? 0 : 1)
    expect(now.latencyMs, 'the sender reports place the picture in time').not.toBeNull()
    // Pictures that are shown after B-frames are there before their time.
    atMost('age of the picture by the sender reports', now.latencyMs ?? 0, late)
    expect(now.latencyMs).toBeGreaterThan(-250)
  })
}
