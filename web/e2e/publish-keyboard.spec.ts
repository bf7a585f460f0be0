import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })

test.beforeEach(async ({ page, publish }) => {
  await publish('play')
  await expect(page.locator('.source').first()).toBeVisible()
})

test('from the address to a live picture without a mouse', async ({ page }) => {
  const labels: (string | null | undefined)[] = []
  for (let i = 0; i < 5; i++) {
    await page.keyboard.press('Tab')
    labels.push(await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent))
  }
  expect(labels).toEqual(['Millrace, all streams', 'All streams', 'Camera and microphone', 'Screen', 'Sound alone'])
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Enter')
  await expect(button(page, 'Go live')).toBeVisible()
  // The button that was pressed is gone; whoever goes on by keyboard goes on there.
  await expect(button(page, 'Go live')).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(page.locator('#stage')).toHaveAttribute('data-state', 'live', { timeout: 25_000 })
})

test('g, m, c and s do what the buttons do, and nothing before there is something to do it with', async ({ page }) => {
  await page.keyboard.press('g')
  await expect(page.locator('#stage')).toHaveAttribute('data-state', 'idle')
  await page.locator('.source').first().click()
  await expect(button(page, 'Mute')).toBeVisible()
  await page.keyboard.press('m')
  await expect(button(page, 'Unmute')).toBeVisible()
  await page.keyboard.press('c')
  await expect(button(page, 'Camera on')).toBeVisible()
  await page.keyboard.press('s')
  await expect(button(page, 'Stop sharing')).toBeVisible()
  await page.keyboard.press('g')
  await expect(page.locator('#stage')).toHaveAttribute('data-state', 'live', { timeout: 25_000 })
  await page.keyboard.press('g')
  await expect(page.locator('#stage')).toHaveAttribute('data-state', 'idle')
})

test('keys that are typed into a list stay there', async ({ page }) => {
  await page.locator('.source').first().click()
  await expect(button(page, 'Mute')).toBeVisible()
  await page.getByLabel('Codec').focus()
  await page.keyboard.press('m')
  await expect(button(page, 'Mute')).toBeVisible()
})
