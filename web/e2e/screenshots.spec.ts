import { test, type Mode, type Site } from './fixtures.ts'
import type { Page, TestInfo } from '@playwright/test'

/** Pictures of every state, for people to look at. Nothing is compared. */

const SIZES = [
  ['desktop', { width: 1440, height: 900 }],
  ['phone', { width: 390, height: 844 }],
] as const

async function shoot(page: Page, info: TestInfo, name: string, fullPage = false): Promise<void> {
  await page.screenshot({ path: `${info.config.metadata['shots']}/${name}.png`, fullPage })
}

async function openIndex(page: Page, site: Site, scenario: string): Promise<void> {
  site.scenario = scenario
  await page.goto(site.url)
  await page.locator(scenario === 'none' ? '#empty' : '.card').first().waitFor()
}

for (const [size, viewport] of SIZES) {
  test.describe(size, () => {
    test.use({ viewport, hasTouch: size === 'phone', isMobile: size === 'phone', deviceScaleFactor: size === 'phone' ? 2 : 1 })

    for (const scenario of ['none', 'one', 'three', 'twelve']) {
      test(`index ${scenario}`, async ({ page, site }, info) => {
        await page.clock.install()
        await openIndex(page, site, scenario)
        // A minute and a half of polling, so that the lines of the cards have something to show.
        for (let i = 0; i < 45; i++) {
          const answered = page.waitForResponse('**/api/v1/streams')
          await page.clock.runFor(2000)
          await answered
        }
        await shoot(page, info, `index-${scenario}-${size}`, size === 'phone')
      })
    }

    test('index, warning open', async ({ page, site }, info) => {
      await openIndex(page, site, 'three')
      await page.locator('.warning summary').nth(1).click()
      await page.locator('.card-link').nth(1).focus()
      await shoot(page, info, `index-warning-${size}`)
    })

    test('index, gateway down', async ({ page, site }, info) => {
      await openIndex(page, site, 'three')
      site.scenario = 'down'
      await page.locator('#banner').waitFor({ timeout: 15_000 })
      await shoot(page, info, `index-down-${size}`)
    })

    test('watch, playing', async ({ page, site, watch }, info) => {
      site.scenario = 'three'
      await watch('play', 'live/studio-a')
      await page.locator('#player[data-state=playing]').waitFor()
      await page.waitForTimeout(1500)
      await shoot(page, info, `watch-playing-${size}`)
      await page.keyboard.press('m')
      await page.keyboard.press('i')
      await page.waitForTimeout(8500)
      await page.keyboard.press('Tab')
      await shoot(page, info, `watch-stats-${size}`, size === 'phone')
      await page.keyboard.press('k')
      await page.keyboard.press('i')
      await shoot(page, info, `watch-paused-${size}`)
    })

    test('watch, publisher gone', async ({ page, site, watch }, info) => {
      site.scenario = 'three'
      await watch('play')
      await page.locator('#player[data-state=playing]').waitFor()
      await page.evaluate(() => window.mockGateway.pause())
      await page.locator('#player[data-state=stalled]').waitFor()
      await page.waitForTimeout(600)
      await shoot(page, info, `watch-gone-${size}`)
    })

    const states: [string, Mode, string][] = [
      ['waiting', { status: 409, headers: { 'Retry-After': '2' } }, 'waiting'],
      ['down', 'down', 'retrying'],
      ['udp', 'no-udp', 'retrying'],
      ['refused', { status: 422, headers: { 'Content-Type': 'application/problem+json' }, body: '{"title":"No common codec","detail":"The stream is H.265, which this browser does not play over WebRTC."}' }, 'failed'],
      ['sound', 'mute-picture', 'playing'],
    ]
    for (const [name, mode, state] of states) {
      test(`watch, ${name}`, async ({ page, site, watch }, info) => {
        site.scenario = name === 'waiting' ? 'none' : 'one'
        await watch(mode)
        await page.locator(`#player[data-state=${state}]`).waitFor()
        await page.waitForTimeout(900)
        await shoot(page, info, `watch-${name}-${size}`)
      })
    }
  })
}
