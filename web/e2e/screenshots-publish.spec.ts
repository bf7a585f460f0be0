import type { Page, TestInfo } from '@playwright/test'
import { type Mode, open, type Site, test } from './fixtures.ts'
import { stream } from '../mock/streams.mjs'

/** Pictures of every state of the publish page, for people to look at. Nothing is compared. */

const SIZES = [
  ['desktop', { width: 1440, height: 900 }],
  ['phone', { width: 390, height: 844 }],
] as const

async function shoot(page: Page, info: TestInfo, name: string, fullPage = false): Promise<void> {
  await page.screenshot({ path: `${info.config.metadata['shots']}/${name}.png`, fullPage })
}

/** A camera that shows something to look at. */
function prettyCamera(page: Page): Promise<unknown> {
  return page.addInitScript(() => {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
    navigator.mediaDevices.getUserMedia = async (constraints) => {
      const stream = await real(constraints)
      const camera = stream.getVideoTracks()[0]
      if (camera === undefined) return stream
      const drawn = window.mockGateway.picture().getVideoTracks()[0] as MediaStreamTrack
      drawn.getSettings = () => ({ ...camera.getSettings(), width: 1280, height: 720 })
      return new MediaStream([drawn, ...stream.getAudioTracks()])
    }
  })
}

async function openStudio(page: Page, site: Site, mode: Mode): Promise<void> {
  await open(page, mode, `${site.url}/publish/live/studio`)
  await page.locator('.source').first().waitFor()
}

async function goLive(page: Page): Promise<void> {
  await page.locator('.source').first().click()
  await page.getByRole('button', { name: 'Go live' }).click()
}

const problem = (status: number, detail: string): Mode => ({
  status,
  headers: { 'Content-Type': 'application/problem+json' },
  body: JSON.stringify({ title: '', detail }),
})

for (const [size, viewport] of SIZES) {
  test.describe(size, () => {
    test.use({ viewport, hasTouch: size === 'phone', isMobile: size === 'phone', deviceScaleFactor: size === 'phone' ? 2 : 1 })

    test.beforeEach(async ({ page }) => {
      await page.addInitScript({ path: new URL('../mock/gateway.js', import.meta.url).pathname })
      await prettyCamera(page)
    })

    test('publish, no name', async ({ page, site }, info) => {
      await page.goto(`${site.url}/publish`)
      await page.locator('.name-form').waitFor()
      await shoot(page, info, `publish-name-${size}`)
    })

    test('publish, choose and preview', async ({ page, site }, info) => {
      await openStudio(page, site, 'play')
      await shoot(page, info, `publish-choose-${size}`, size === 'phone')
      await page.locator('.source').first().click()
      await page.getByRole('button', { name: 'Go live' }).waitFor()
      await page.waitForTimeout(700)
      await shoot(page, info, `publish-preview-${size}`, size === 'phone')
    })

    test('publish, live with three qualities', async ({ page, site }, info) => {
      await openStudio(page, site, 'play')
      await page.getByRole('switch', { name: 'Three qualities' }).check()
      await goLive(page)
      await page.locator('#stage[data-state=live]').waitFor()
      const warning = { code: 'no_audio', title: 'There is no sound', detail: 'The publisher sends a picture only.', remedy: '' }
      site.scenario = [stream('live/studio', { viewers: 42, warnings: size === 'phone' ? [warning] : [] })]
      await page.waitForTimeout(5000)
      await shoot(page, info, `publish-live-${size}`, size === 'phone')
      await page.getByRole('button', { name: 'Mute' }).click()
      await page.getByRole('button', { name: 'Camera off' }).click()
      await page.waitForTimeout(900)
      await shoot(page, info, `publish-off-${size}`)
    })

    test('publish, sound alone', async ({ page, site }, info) => {
      await openStudio(page, site, 'play')
      await page.locator('.source').last().click()
      await page.getByRole('button', { name: 'Go live' }).waitFor()
      await page.waitForTimeout(700)
      await shoot(page, info, `publish-sound-${size}`)
    })

    const failures: [string, Mode, string][] = [
      ['taken', problem(409, ''), 'retrying'],
      ['token', problem(401, ''), 'failed'],
      ['codec', problem(422, 'Its video has none of the codecs [H264 VP8 Opus].'), 'failed'],
      ['down', 'down', 'retrying'],
      ['udp', 'no-udp', 'retrying'],
    ]
    for (const [name, mode, state] of failures) {
      test(`publish, ${name}`, async ({ page, site }, info) => {
        await openStudio(page, site, mode)
        await goLive(page)
        await page.locator(`#stage[data-state=${state}]`).waitFor()
        await page.waitForTimeout(900)
        await shoot(page, info, `publish-${name}-${size}`)
      })
    }

    test('publish, denied', async ({ page, site }, info) => {
      await page.addInitScript(() => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('Permission denied', 'NotAllowedError'))
      })
      await openStudio(page, site, 'play')
      await page.locator('.source').first().click()
      await page.waitForTimeout(500)
      await shoot(page, info, `publish-denied-${size}`)
    })

    test('publish, asking', async ({ page, site }, info) => {
      await page.addInitScript(() => void (navigator.mediaDevices.getUserMedia = () => new Promise(() => {})))
      await openStudio(page, site, 'play')
      await page.locator('.source').first().click()
      await page.waitForTimeout(500)
      await shoot(page, info, `publish-asking-${size}`)
    })
  })

  // Nothing may be drawn before: such a page has no devices to replace.
  test(`publish, not secure, ${size}`, async ({ browser, site }, info) => {
    const context = await browser.newContext({ viewport, isMobile: size === 'phone', deviceScaleFactor: size === 'phone' ? 2 : 1 })
    const page = await context.newPage()
    await page.goto(`${site.url.replace('127.0.0.1', 'millrace.test')}/publish/live/studio`)
    await page.locator('.stage-ways').waitFor()
    await shoot(page, info, `publish-insecure-${size}`, size === 'phone')
    await context.close()
  })
}
