import { startForeignSite } from '../mock/site.mjs'
import { expect, test as plain } from './fixtures.ts'

const mock = new URL('../mock/gateway.js', import.meta.url).pathname

/** The modules, used by a page of another origin. */
const test = plain.extend<{ foreign: { url: string } }>({
  foreign: async ({ site, page }, use) => {
    const foreign = await startForeignSite(site.url)
    await page.addInitScript({ path: mock })
    await use(foreign)
    await foreign.close()
  },
})

const player = 'millrace-player'

test('the demo plays a stream of the gateway, in five lines', async ({ page, site, foreign, errors }) => {
  await page.goto(foreign.url)
  const element = page.locator(player)
  await expect(element.locator('.player')).toHaveAttribute('data-state', 'playing', { timeout: 20_000 })
  await expect.poll(() => element.evaluate((e: HTMLElementTagNameMap['millrace-player']) => e.video.currentTime)).toBeGreaterThan(0)
  await expect(element.getByRole('button', { name: 'Pause' })).toBeAttached()
  // 16:9 of the width that the site gives it.
  const box = await element.boundingBox()
  expect((box?.width ?? 0) / (box?.height ?? 1)).toBeCloseTo(16 / 9, 1)
  expect(await element.locator('.controls').evaluate((e) => getComputedStyle(e).position)).toBe('absolute')
  await page.goto('about:blank')
  await expect.poll(() => site.requests).toContain('DELETE /sessions/mock-1')
  expect(errors).toEqual([])
})

test('the element tells what it does, and does what it is told', async ({ page, site, foreign, errors }) => {
  await page.goto(foreign.url)
  await expect(page.locator(player).locator('.player')).toHaveAttribute('data-state', 'playing', { timeout: 20_000 })
  const result = await page.evaluate(async (gateway) => {
    const element = document.createElement('millrace-player')
    const states: string[] = []
    element.addEventListener('status', (e) => states.push(e.detail.state))
    const first = new Promise<number>((resolve) => element.addEventListener('firstframe', (e) => resolve(e.detail)))
    document.querySelector('millrace-player')?.replaceWith(element)
    element.muted = true
    element.src = `${gateway}/whep/live/other`
    const before = element.status.state
    element.play()
    const ms = await first
    const stats = await element.stats()
    element.pause()
    return { before, states, ms, decoded: stats?.framesDecoded, controls: element.shadowRoot?.querySelector('.controls') ?? null, src: element.src }
  }, site.url)
  expect(result).toMatchObject({ before: 'idle', controls: null, src: `${site.url}/whep/live/other` })
  expect(result.states).toEqual(['connecting', 'playing', 'paused'])
  expect(result.ms).toBeGreaterThan(0)
  expect(result.decoded).toEqual(expect.any(Number))
  // The element that was taken out has ended its session too.
  await expect.poll(() => site.requests.filter((r) => r.startsWith('DELETE'))).toHaveLength(2)
  expect(errors).toEqual([])
})

test('attributes can change at any time', async ({ page, site, foreign }) => {
  await page.goto(foreign.url)
  const element = page.locator(player)
  await expect(element.locator('.player')).toHaveAttribute('data-state', 'playing', { timeout: 20_000 })
  await element.evaluate((e: HTMLElementTagNameMap['millrace-player']) => (e.controls = false))
  await expect(element.locator('.controls')).toHaveCount(0)
  await element.evaluate((e: HTMLElementTagNameMap['millrace-player']) => (e.controls = true))
  await expect(element.locator('.controls')).toHaveCount(1)
  await expect(element.locator('.player')).toHaveAttribute('data-state', 'playing')
  expect(await page.evaluate(() => window.mockGateway.posts)).toBe(1)
  await element.evaluate((e, url) => e.setAttribute('src', url), `${site.url}/whep/live/other`)
  await expect.poll(() => page.evaluate(() => window.mockGateway.posts)).toBe(2)
  await expect(element.locator('.player')).toHaveAttribute('data-state', 'playing', { timeout: 20_000 })
  await element.evaluate((e) => e.setAttribute('token', 'secret'))
  await expect.poll(() => page.evaluate(() => window.mockGateway.authorization)).toBe('Bearer secret')
})

test('keys work where the player is chosen, and nowhere else', async ({ page, foreign }) => {
  await page.goto(foreign.url)
  const element = page.locator(player)
  await expect(element.locator('.player')).toHaveAttribute('data-state', 'playing', { timeout: 20_000 })
  await page.keyboard.press('k')
  await expect(element.locator('.player')).toHaveAttribute('data-state', 'playing')
  await page.keyboard.press('Tab')
  await page.keyboard.press('k')
  await expect(element.locator('.player')).toHaveAttribute('data-state', 'paused')
  await page.keyboard.press('k')
  await expect(element.locator('.player')).toHaveAttribute('data-state', 'playing', { timeout: 20_000 })
  await page.keyboard.press('i')
  await expect(element.getByRole('region', { name: 'Statistics' })).toBeVisible()
  await page.keyboard.press('f')
  await expect.poll(() => page.evaluate(() => document.fullscreenElement?.localName)).toBe(player)
})

test('the demo publishes to the gateway', async ({ page, site, foreign, errors }) => {
  await page.goto(`${foreign.url}/publish.html`)
  await page.getByRole('button', { name: 'Go live' }).click()
  await expect(page.locator('output')).toHaveText('live', { timeout: 20_000 })
  await expect.poll(async () => (await page.evaluate(() => window.mockGateway.received())).frames, { timeout: 20_000 }).toBeGreaterThan(5)
  expect(site.requests).toContain('GET /lib/millrace-publisher.js')
  expect(errors).toEqual([])
})
