import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'

/** The basics that every page must keep: names for what can be pressed, one main heading, no sideways scrolling. */
async function expectSound(page: Page): Promise<void> {
  const nameless = await page.evaluate(() =>
    [...document.querySelectorAll('button, a[href], input, select')]
      .filter((e) => e.checkVisibility())
      .filter((e) => {
        const label = (e.id ? document.querySelector(`label[for="${e.id}"]`)?.textContent : '') || e.closest('label')?.textContent
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

  test(`dashboard at ${width}`, async ({ page, site }) => {
    await page.setViewportSize({ width, height: 844 })
    site.scenario = 'crowd'
    await page.goto(`${site.url}/dashboard`)
    await expect(page.locator('.streams tbody tr').first()).toBeVisible()
    await expect(page.locator('.log-list li').first()).toBeVisible()
    await expectSound(page)
    await page.getByRole('link', { name: 'berlin/main-stage-1' }).first().click()
    await expect(page.locator('.sessions tbody tr')).toHaveCount(20)
    await expect(page.locator('.gop-canvas')).toBeVisible()
    await expectSound(page)
    await page.locator('.row-actions button').first().click()
    await expect(page.getByRole('dialog', { name: 'End the session of this viewer?' })).toBeVisible()
    await expectSound(page)
    site.dashboard.rights = 'none'
    await page.goto(`${site.url}/dashboard`)
    await expect(page.getByLabel('Token')).toBeVisible()
    await expectSound(page)
  })

  test(`publish page at ${width}`, async ({ page, site, publish }) => {
    await page.setViewportSize({ width, height: 844 })
    await publish('play', 'live/a-rather-long-name-of-a-stream')
    await expect(page.locator('.source').first()).toBeVisible()
    await expectSound(page)
    await page.locator('.source').first().click()
    await page.getByRole('switch', { name: 'Three qualities' }).check()
    await page.getByRole('button', { name: 'Go live' }).click()
    await expect(page.locator('#stage')).toHaveAttribute('data-state', 'live', { timeout: 25_000 })
    await expect(page.getByRole('region', { name: 'What goes out' })).toContainText('round trip')
    await expectSound(page)
    await page.goto(`${site.url}/publish`)
    await expect(page.getByLabel('Name of the stream')).toBeVisible()
    await expectSound(page)
  })
}

test('publish page: what has to be read fits, also on a phone', async ({ page, site, publish }) => {
  for (const [width, height] of [[320, 568], [390, 844], [1440, 900]] as const) {
    await page.setViewportSize({ width, height })
    await page.goto(`${site.url.replace('127.0.0.1', 'millrace.test')}/publish/live/mine`)
    await expect(page.getByText('This page needs https')).toBeVisible()
    const cut = await page.locator('#stage').evaluate((e) => e.scrollHeight - e.clientHeight)
    expect(cut).toBeLessThanOrEqual(0)
    await publish({ status: 401 })
    await page.locator('.source').first().click()
    await page.getByRole('button', { name: 'Go live' }).click()
    await expect(page.getByLabel('Token')).toBeVisible()
    const box = await page.locator('.curtain-box').boundingBox()
    const bar = await page.locator('#stage .controls').boundingBox()
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual((bar?.y ?? 0) + (bar?.height ?? 0) - 40)
  }
})

test('what goes on while publishing is said aloud', async ({ page, publish }) => {
  await publish({ status: 409, headers: { 'Retry-After': '30' } })
  await page.locator('.source').first().click()
  await page.getByRole('button', { name: 'Go live' }).click()
  await expect(page.getByRole('status').filter({ hasText: 'Somebody publishes under this name' })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Preview' })).toBeVisible()
  await expect(page.getByRole('complementary', { name: 'Settings' })).toBeVisible()
})

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
