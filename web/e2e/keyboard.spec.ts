import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'

const player = (page: Page) => page.locator('#player')
const video = (page: Page) => page.locator('video')

test.beforeEach(async ({ page, site, watch }) => {
  site.scenario = 'one'
  await watch('play')
  await expect(player(page)).toHaveAttribute('data-state', 'playing', { timeout: 20_000 })
})

test('space and k pause and play', async ({ page, site }) => {
  await page.keyboard.press('Space')
  await expect(player(page)).toHaveAttribute('data-state', 'paused')
  await expect(video(page)).toHaveJSProperty('paused', true)
  await expect.poll(() => site.requests).toContain('DELETE /sessions/mock-1')
  await expect(page.locator('.big-play')).toBeVisible()
  await page.keyboard.press('k')
  await expect(player(page)).toHaveAttribute('data-state', 'playing', { timeout: 20_000 })
})

test('m, and arrows for the volume', async ({ page }) => {
  await page.keyboard.press('m')
  await expect(video(page)).toHaveJSProperty('muted', false)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await expect(video(page)).toHaveJSProperty('volume', 0.9)
  await page.keyboard.press('ArrowUp')
  await expect(video(page)).toHaveJSProperty('volume', 0.95)
  await expect(page.getByRole('slider', { name: 'Volume' })).toHaveAttribute('aria-valuetext', '95 %')
  await page.keyboard.press('m')
  await expect(video(page)).toHaveJSProperty('muted', true)
  await page.reload()
  await expect(video(page)).toHaveJSProperty('volume', 0.95)
})

test('f goes to full screen and back', async ({ page }) => {
  await page.keyboard.press('f')
  await expect.poll(() => page.evaluate(() => document.fullscreenElement?.id)).toBe('player')
  await expect(page.getByRole('button', { name: 'Leave full screen' })).toBeAttached()
  await page.keyboard.press('f')
  await expect.poll(() => page.evaluate(() => document.fullscreenElement)).toBe(null)
})

test('i and s open and close the numbers', async ({ page }) => {
  await page.keyboard.press('i')
  const overlay = page.getByRole('region', { name: 'Statistics' })
  await expect(overlay).toBeVisible()
  await expect(overlay).toContainText(/Resolution\d+×\d+/, { timeout: 20_000 })
  await expect(overlay).toContainText(/First picture\d/)
  await page.keyboard.press('s')
  await expect(overlay).toBeHidden()
})

test('tab goes through the controls in order; a pressed button keeps its own space', async ({ page }) => {
  const labels: (string | null | undefined)[] = []
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press('Tab')
    labels.push(await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent))
  }
  expect(labels).toEqual(['Millrace, all streams', 'All streams', 'Unmute', 'Pause', 'Unmute', 'Volume', 'Statistics', 'Full screen'])
  await page.getByRole('button', { name: 'Statistics' }).focus()
  await page.keyboard.press('Space')
  await expect(page.getByRole('region', { name: 'Statistics' })).toBeVisible()
  await expect(player(page)).toHaveAttribute('data-state', 'playing')
})
