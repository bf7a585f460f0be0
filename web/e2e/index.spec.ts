import { stream } from '../mock/streams.mjs'
import { expect, test } from './fixtures.ts'

test('nothing is live: the page says so and tells how to publish', async ({ page, site, errors }) => {
  await page.goto(site.url)
  await expect(page.getByRole('heading', { name: 'Nothing is flowing yet' })).toBeVisible()
  await expect(page.getByRole('complementary')).toContainText('OBS Studio')
  await expect(page.locator('[data-field=server]')).toHaveText('rtmp://127.0.0.1:1935/live')
  await expect(page.locator('[data-field=key]')).toHaveText('stream')
  await expect(page.locator('[data-field=ffmpeg]')).toContainText('-f flv rtmp://127.0.0.1:1935/live/stream')
  expect(errors).toEqual([])
})

test('a card tells what is known about its stream', async ({ page, site, errors }) => {
  site.scenario = 'three'
  await page.goto(site.url)
  await expect(page.locator('.card')).toHaveCount(3)
  await expect(page.locator('#count')).toHaveText('2 streams, 132 viewers')
  await expect(page).toHaveTitle('2 streams live – Millrace')
  const card = page.locator('[data-stream="live/studio-a"]')
  await expect(card).toContainText('1920×1080')
  await expect(card).toContainText('H.264 High 4.0 · AAC-LC 48 kHz stereo')
  await expect(card).toContainText('RTMP · OBS 31.0.2')
  await expect(card).toContainText('128')
  await expect(card).toHaveAttribute('data-live', 'true')
  await expect(card.getByRole('link')).toHaveAttribute('href', '/watch/live/studio-a')
  const gone = page.locator('[data-stream="garden/front-gate"]')
  await expect(gone).toHaveAttribute('data-live', 'false')
  await expect(gone).toContainText('paused')
  expect(errors).toEqual([])
})

test('a source that nobody watches is there to be watched', async ({ page, site }) => {
  site.scenario = 'three'
  const source = { name: 'cam/yard', on_demand: true, state: 'idle', last_error: '', viewers: 0 }
  const sources = [source, { ...source, name: 'cam/zoo', state: 'waiting' }]
  await page.route('**/api/v1/sources', (route) => route.fulfill({ json: { sources } }))
  await page.goto(site.url)
  await expect(page.locator('.card')).toHaveCount(5)
  const card = page.locator('[data-stream="cam/yard"]')
  await expect(card).toContainText('on demand')
  await expect(card.getByRole('link')).toHaveAttribute('href', '/watch/cam/yard')
  await expect(page.locator('[data-stream="cam/zoo"]')).toContainText('source does not answer')
  await expect(page.locator('#count')).toHaveText('2 streams, 132 viewers')
})

test('a warning opens to detail and remedy, and stays open while the numbers change', async ({ page, site }) => {
  site.scenario = 'three'
  await page.goto(site.url)
  const warning = page.locator('[data-stream="live/studio-a"] [data-code=b_frames]')
  await expect(warning.locator('.warning-remedy')).toBeHidden()
  await warning.locator('summary').click()
  await expect(page).toHaveURL(`${site.url}/`)
  await expect(warning.locator('.warning-remedy')).toContainText('Max B-frames')
  const asked = site.requests.length
  await expect.poll(() => site.requests.length, { timeout: 20_000 }).toBeGreaterThan(asked + 1)
  await expect(warning).toHaveAttribute('open', '')
})

test('streams come and go by themselves, in the order of their names', async ({ page, site }) => {
  await page.goto(site.url)
  await expect(page.locator('#empty')).toBeVisible()
  site.scenario = [stream('b')]
  await expect(page.locator('.card')).toHaveCount(1)
  site.scenario = [stream('a'), stream('b'), stream('c')]
  await expect(page.locator('.card-name')).toHaveText(['a', 'b', 'c'])
  site.scenario = [stream('c')]
  await expect(page.locator('.card-name')).toHaveText(['c'])
  site.scenario = 'none'
  await expect(page.locator('#empty')).toBeVisible()
})

test('what a publisher calls itself stays text', async ({ page, site, errors }) => {
  const evil = '<img src=x onerror=alert(1)>'
  site.scenario = [stream('x', { publisher: { protocol: 'rtmp', encoder: evil } })]
  await page.goto(site.url)
  await expect(page.locator('.card')).toContainText(evil)
  await expect(page.locator('.card img')).toHaveCount(0)
  expect(errors).toEqual([])
})

test('a gateway that does not answer is told after a while, and forgiven', async ({ page, site }) => {
  site.scenario = 'three'
  await page.goto(site.url)
  await expect(page.locator('.card')).toHaveCount(3)
  site.scenario = 'down'
  await expect(page.locator('#banner')).toContainText('does not answer', { timeout: 20_000 })
  await expect(page.locator('.card')).toHaveCount(3)
  site.scenario = 'one'
  await expect(page.locator('#banner')).toBeHidden({ timeout: 20_000 })
  await expect(page.locator('.card')).toHaveCount(1)
})

test('the stream can be named; a bad name is refused in words', async ({ page, site }) => {
  await page.goto(site.url)
  const input = page.getByLabel('Name of the stream')
  await input.fill('my/show')
  await expect(page.locator('[data-field=key]')).toHaveText('my/show')
  await expect(page.locator('[data-field=ffmpeg]')).toContainText('/live/my/show')
  await expect(page.locator('.publish-watch')).toHaveAttribute('href', '/watch/live/my/show')
  await input.fill('my show')
  await expect(input).toHaveAttribute('aria-invalid', 'true')
  await expect(page.locator('#key-hint')).toBeVisible()
  await expect(page.locator('[data-field=key]')).toHaveText('my/show')
  await input.fill('')
  await expect(page.locator('[data-field=key]')).toHaveText('stream')
})

test('copying works with the clipboard', async ({ page, site, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto(site.url)
  await page.getByRole('button', { name: 'Copy: Server' }).click()
  await expect(page.getByText('Copied')).toBeAttached()
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('rtmp://127.0.0.1:1935/live')
})

test('copying works where there is no navigator.clipboard', async ({ page, site }) => {
  await page.addInitScript(() => {
    Object.defineProperty(navigator, 'clipboard', { value: undefined })
    document.addEventListener('copy', () => Object.assign(window, { copied: String(getSelection()) }))
  })
  await page.goto(site.url)
  const button = page.getByRole('button', { name: 'Copy: Stream key' })
  await button.click()
  await expect(page.getByText('Copied')).toBeAttached()
  expect(await page.evaluate(() => (window as unknown as { copied: string }).copied)).toBe('stream')
  await expect(button).toBeFocused()
})

test('what is switched off is said, what is not is offered', async ({ page, site }) => {
  const ports = { rtmp_port: 0, webrtc_port: 8000 }
  await page.route('**/api/v1/server', (route) => route.fulfill({ json: { version: '1', rtsp_port: 0, http_port: 8080, ...ports } }))
  await page.goto(site.url)
  await expect(page.locator('#publish')).toContainText('RTMP is switched off')
  await expect(page.locator('#publish')).not.toContainText('OBS')
  await page.getByLabel('Name of the stream').fill('show')
  const link = page.getByRole('link', { name: 'Publish from this browser' })
  await expect(link).toHaveAttribute('href', '/publish/live/show')
  ports.webrtc_port = 0
  await page.reload()
  await expect(page.locator('#publish')).toContainText('RTMP and WebRTC are switched off')
  await expect(link).toHaveCount(0)
})

test('from the front page to the publish page', async ({ page, site }) => {
  await page.goto(site.url)
  await page.getByLabel('Name of the stream').fill('show')
  await page.getByRole('link', { name: 'Publish from this browser' }).click()
  await expect(page).toHaveURL(`${site.url}/publish/live/show`)
  await expect(page.getByRole('heading', { name: 'live/show' })).toBeVisible()
})

test('keyboard: every card and warning is reached in order, and its focus is seen', async ({ page, site }) => {
  site.scenario = 'three'
  await page.goto(site.url)
  await expect(page.locator('.card')).toHaveCount(3)
  const seen: (string | null)[] = []
  for (let i = 0; i < 5; i++) {
    await page.keyboard.press('Tab')
    seen.push(await page.evaluate(() => document.activeElement?.getAttribute('href') ?? document.activeElement?.tagName ?? null))
  }
  expect(seen).toEqual(['/', '/dashboard', '/watch/garden/front-gate', 'SUMMARY', '/watch/live/demo'])
  const outline = await page.locator('.card', { has: page.locator(':focus') }).evaluate((e) => getComputedStyle(e).outlineStyle)
  expect(outline).toBe('solid')
})
