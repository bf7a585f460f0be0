import type { Page } from '@playwright/test'
import { extensionLinks } from '../mock/extensions.mjs'
import { expect, test } from './fixtures.ts'

const LAYERS = {
  '0': [
    { rid: 'l', bitrate: 110_000, width: 320, height: 180 },
    { rid: 'm', bitrate: 700_000, width: 640, height: 360 },
    { rid: 'h', bitrate: 2_400_000, width: 1280, height: 720 },
  ],
}

const button = (page: Page) => page.getByRole('button', { name: 'Quality' })
const menu = (page: Page) => page.getByRole('menu', { name: 'Quality' })
const checked = (page: Page) => page.locator('.quality-list [aria-checked=true]')

test.beforeEach(async ({ page, site, watch }) => {
  site.scenario = 'one'
  site.layers = LAYERS
  await page.addInitScript((link) => addEventListener('DOMContentLoaded', () => void (window.mockGateway.headers = { Link: link })), extensionLinks('/sessions/mock-1'))
  await watch('play')
  await expect(page.locator('#player')).toHaveAttribute('data-state', 'playing', { timeout: 20_000 })
})

test('a list of what there is, and a choice', async ({ page, site }) => {
  await button(page).click()
  await expect(menu(page).getByRole('menuitemradio')).toHaveText(['Auto', '720p2.4 Mb/s', '360p700 kb/s', '180p110 kb/s'])
  await expect(checked(page)).toHaveText('Auto')
  await menu(page).getByText('360p').click()
  await expect(menu(page)).toBeHidden()
  await expect.poll(() => site.chosen).toEqual(['{"rid":"m"}'])
  await button(page).click()
  await expect(checked(page)).toContainText('360p')
  await menu(page).getByText('Auto').click()
  await expect.poll(() => site.chosen).toEqual(['{"rid":"m"}', '{}'])
})

test('an open list stays where it is while nobody moves', async ({ page }) => {
  await button(page).click()
  await page.mouse.move(600, 300)
  await page.waitForTimeout(3500)
  await expect(page.locator('#player')).not.toHaveAttribute('data-idle')
  await menu(page).getByText('Auto').click()
  await page.mouse.move(600, 200)
  await expect(page.locator('#player')).toHaveAttribute('data-idle')
})

test('by keyboard', async ({ page, site }) => {
  await button(page).focus()
  await page.keyboard.press('Enter')
  await expect(checked(page)).toBeFocused()
  const volume = await page.locator('video').evaluate((v: HTMLVideoElement) => v.volume)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(button(page)).toBeFocused()
  await expect.poll(() => site.chosen).toEqual(['{"rid":"m"}'])
  expect(await page.locator('video').evaluate((v: HTMLVideoElement) => v.volume)).toBe(volume)
  await page.keyboard.press('Enter')
  await page.keyboard.press('End')
  await expect(menu(page).getByText('180p')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(menu(page)).toBeHidden()
  await expect(button(page)).toBeFocused()
})

test('a choice outlives the session', async ({ page, site }) => {
  await button(page).click()
  await menu(page).getByText('360p').click()
  await expect.poll(() => site.chosen).toHaveLength(1)
  await page.evaluate(() => window.mockGateway.leave())
  await expect.poll(() => site.chosen, { timeout: 20_000 }).toEqual(['{"rid":"m"}', '{"rid":"m"}'])
})

test('it closes when something else is used, and is not there without a choice', async ({ page }) => {
  await button(page).click()
  await expect(menu(page)).toBeVisible()
  await page.getByRole('button', { name: 'Statistics' }).click()
  await expect(menu(page)).toBeHidden()
  await page.evaluate(() => void (window.mockGateway.headers = {}))
  await page.evaluate(() => window.mockGateway.leave())
  await expect(button(page)).toBeHidden({ timeout: 20_000 })
})
