import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'

/** The basics that every page must keep: names for what can be pressed, one main heading, no sideways scrolling. */
async function expectSound(page: Page): Promise<void> {
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll('button, a[href], input')]
      .filter((e) => e.checkVisibility())
      .filter((e) => {
        const label = e.id ? document.querySelector(`label[for="${e.id}"]`)?.textContent : ''
        return !(e.getAttribute('aria-label') || e.textContent?.trim() || label)
      })
      .map((e) => e.outerHTML),
  )
  expect(nameless).toEqual([])
  await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1)
  await expect(page.getByRole('main')).toHaveCount(1)
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('en')
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  expect(sideways).toBeLessThanOrEqual(0)
}

for (const width of [320, 390, 768, 1440]) {
  test(`front page at ${width}`, async ({ page, site }) => {
    await page.setViewportSize({ width, height: 844 })
    site.scenario = 'twelve'
    await page.goto(site.url)
    await expect(page.locator('.card')).toHaveCount(12)
    await expect(page.locator('[data-field=server]')).toBeVisible()
    await expectSound(page)
  })

  test(`watch page at ${width}`, async ({ page, site, watch }) => {
    await page.setViewportSize({ width, height: 844 })
    site.scenario = 'three'
    await watch('play', 'live/studio-a')
    await expect(page.locator('#player')).toHaveAttribute('data-state', 'playing', { timeout: 20_000 })
    await page.keyboard.press('i')
    await expectSound(page)
  })
}

test('reduced motion stops what turns and flows', async ({ page, site }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.goto(site.url)
  await expect(page.locator('#empty')).toBeVisible()
  const durations = await page.evaluate(() =>
    document.getAnimations().map((a) => Number(a.effect?.getComputedTiming().activeDuration ?? 0)),
  )
  expect(Math.max(0, ...durations)).toBeLessThan(1)
})

test('what goes on in the player is said aloud', async ({ page, site, watch }) => {
  site.scenario = 'none'
  await watch({ status: 409, headers: { 'Retry-After': '30' } })
  await expect(page.getByRole('status').filter({ hasText: 'Waiting for the stream' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Player: live/demo' })).toBeVisible()
})
