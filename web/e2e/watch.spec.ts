import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'

const player = (page: Page) => page.locator('#player')
const state = (page: Page, name: string) => expect(player(page)).toHaveAttribute('data-state', name, { timeout: 20_000 })

test.beforeEach(({ site }) => void (site.scenario = 'one'))

test('starts by itself, muted, and measures its first frame', async ({ page, site, watch, errors }) => {
  await watch('play')
  await state(page, 'playing')
  await expect(player(page)).toHaveAttribute('data-first-frame-ms', /^\d+\.\d$/)
  const video = page.locator('video')
  await expect(video).toHaveJSProperty('muted', true)
  await expect(video).toHaveJSProperty('paused', false)
  await expect(page.getByRole('button', { name: 'Unmute' }).first()).toBeVisible()
  const now = () => video.evaluate((v: HTMLVideoElement) => v.currentTime)
  const before = await now()
  await expect.poll(now).toBeGreaterThan(before)
  const stats = await page.evaluate(() => window.millrace?.stats())
  expect(stats).toMatchObject({ videoCodec: expect.any(String), audioCodec: 'opus' })
  expect(await page.evaluate(() => window.millrace?.events.map((e) => e.state))).toEqual(['connecting', 'playing'])
  expect(errors).toEqual([])
  await expect(page).toHaveTitle('live/demo – Millrace')
  expect(site.requests).toContain('GET /api/v1/streams/live/demo')
})

test('the unmute button gives sound and goes', async ({ page, watch }) => {
  await watch('play')
  await state(page, 'playing')
  await page.locator('.unmute').click()
  await expect(page.locator('video')).toHaveJSProperty('muted', false)
  await expect(page.locator('.unmute')).toBeHidden()
  await expect
    .poll(() => page.evaluate(async () => (await window.millrace?.stats())?.audioEnergy ?? 0), { timeout: 20_000 })
    .toBeGreaterThan(0)
})

test('waits for a stream that is not live and starts when it comes', async ({ page, site, watch }) => {
  site.scenario = 'none'
  await watch({ status: 409, headers: { 'Retry-After': '1' } })
  await state(page, 'waiting')
  await expect(page.locator('.curtain')).toContainText('Waiting for the stream')
  await expect(page.locator('#about')).toContainText('Not live')
  await page.evaluate(() => void (window.mockGateway.mode = 'play'))
  await state(page, 'playing')
  await expect(page.locator('.curtain')).toBeHidden()
})

test('news from the API ends a long wait', async ({ page, site, watch }) => {
  site.scenario = 'none'
  await watch({ status: 409, headers: { 'Retry-After': '3000' } })
  await state(page, 'waiting')
  await expect(page.locator('#about')).toContainText('Not live')
  await page.evaluate(() => void (window.mockGateway.mode = 'play'))
  site.scenario = 'one'
  await state(page, 'playing')
})

test('says when the publisher has left, keeps the session, goes on by itself', async ({ page, watch }) => {
  await watch('play')
  await state(page, 'playing')
  await page.evaluate(() => window.mockGateway.pause())
  await state(page, 'stalled')
  await expect(player(page)).toHaveAttribute('data-reason', 'publisher_gone')
  await expect(page.locator('.curtain')).toContainText('The publisher has left or paused')
  await page.evaluate(() => window.mockGateway.resume())
  await state(page, 'playing')
  expect(await page.evaluate(() => window.mockGateway.posts)).toBe(1)
})

test('takes a new session when the server ends the old one', async ({ page, site, watch }) => {
  await watch('play')
  await state(page, 'playing')
  await page.evaluate(() => window.mockGateway.leave())
  await expect.poll(() => page.evaluate(() => window.mockGateway.posts), { timeout: 20_000 }).toBe(2)
  await state(page, 'playing')
  expect(site.requests).not.toContain('DELETE /sessions/mock-1')
})

test('an unreachable server: words, countdown, a button, and back again', async ({ page, watch }) => {
  await watch('down')
  await state(page, 'retrying')
  await expect(page.locator('.curtain')).toContainText('The server cannot be reached')
  // A wait that is long enough to press the button in.
  await expect(page.locator('.curtain-countdown')).toHaveText(/in ([5-9]|1\d) s/, { timeout: 40_000 })
  await page.evaluate(() => void (window.mockGateway.mode = 'play'))
  await page.getByRole('button', { name: 'Try now' }).click()
  await state(page, 'playing')
})

test('a server that dies under a standing session is not taken for a publisher that left', async ({ page, site, watch }) => {
  await watch('play')
  await state(page, 'playing')
  site.scenario = 'down'
  await page.evaluate(() => {
    window.mockGateway.mode = 'down'
    return window.mockGateway.pause()
  })
  await expect(player(page)).toHaveAttribute('data-reason', 'server_unreachable', { timeout: 30_000 })
  await expect(page.locator('#about')).toContainText('No news from the server')
  site.scenario = 'one'
  await page.evaluate(() => void (window.mockGateway.mode = 'play'))
  await state(page, 'playing')
})

test('blocked UDP is told in words, also while it is tried again', async ({ page, watch }) => {
  await watch('no-udp')
  await expect(player(page)).toHaveAttribute('data-reason', 'udp_blocked', { timeout: 25_000 })
  await expect(page.locator('.curtain')).toContainText('no UDP packet')
})

test('a refusal says what the server said', async ({ page, watch }) => {
  const body = JSON.stringify({ title: 'No common codec', detail: 'The stream is H.265.' })
  await watch({ status: 422, headers: { 'Content-Type': 'application/problem+json' }, body })
  await state(page, 'failed')
  await expect(page.locator('.curtain')).toContainText('This browser cannot play the stream')
  await expect(page.locator('.curtain')).toContainText('The stream is H.265.')
  await page.evaluate(() => void (window.mockGateway.mode = 'play'))
  await page.getByRole('button', { name: 'Try again' }).click()
  await state(page, 'playing')
})

test('a stream of sound alone plays and says so', async ({ page, watch }) => {
  await watch('mute-picture')
  await state(page, 'playing')
  await expect(page.locator('.curtain')).toContainText('Sound only')
  const video = page.locator('video')
  await expect.poll(() => video.evaluate((v: HTMLVideoElement) => v.currentTime), { timeout: 20_000 }).toBeGreaterThan(0)
})

test('leaving the page ends the session at the server', async ({ page, site, watch }) => {
  await watch('play')
  await state(page, 'playing')
  await page.goto('about:blank')
  await expect.poll(() => site.requests).toContain('DELETE /sessions/mock-1')
})

test('warnings and facts stand under the player', async ({ page, site, watch }) => {
  site.scenario = 'three'
  await watch('play', 'live/studio-a')
  const about = page.locator('#about')
  await expect(about.getByRole('heading', { name: 'live/studio-a' })).toBeVisible()
  await expect(about).toContainText('128 viewers')
  await expect(about).toContainText('H.264 High 4.0, keyframe every 8.3 s, 66 % B-frames')
  await about.locator('[data-code=b_frames] summary').click()
  await expect(about).toContainText('Max B-frames')
})

test('a stream without sound has no button to hear it', async ({ page, site, watch }) => {
  const { stream } = await import('../mock/streams.mjs')
  const { tracks } = stream('x')
  site.scenario = [stream('live/demo', { tracks: tracks.slice(0, 1) })]
  await watch('play')
  await expect(page.locator('#about')).toContainText('none')
  await state(page, 'playing')
  await expect(page.locator('.unmute')).toBeHidden()
})
