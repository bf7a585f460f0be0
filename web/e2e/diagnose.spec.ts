import type { Page } from '@playwright/test'
import type { Check } from '../src/diagnose/check.ts'
import { expect, type Mode, open as openPage, type Site, test } from './fixtures.ts'

const FINE: Check[] = [
  { id: 'publisher', area: 'publisher', verdict: 'ok', title: 'A publisher is there', seen: 'RTMP, OBS 31, for 12 min.' },
  { id: 'steadiness', area: 'stream', verdict: 'ok', title: 'The stream comes in evenly', seen: '30 pictures a second.' },
  { id: 'secure', area: 'network', verdict: 'ok', title: 'As the gateway sees it', seen: 'Plain HTTP.' },
]
const FAR: Check = {
  id: 'keyframes',
  code: 'long_keyframe_interval',
  area: 'stream',
  verdict: 'warning',
  title: 'Keyframes are far apart',
  seen: 'Keyframes come every 20.0 s.',
  why: 'A viewer who loses packets waits that long.',
  remedy: 'OBS: Settings → Output: set Keyframe Interval to 2 s. ffmpeg: -g 60',
}

/** Opens the page with what the gateway shall say, and a mocked session. */
async function open(page: Page, site: Site, checks: Check[], mode: Mode = 'play', path = '/diagnose/live/demo'): Promise<void> {
  site.scenario = 'three'
  await page.route('**/api/v1/streams/**/diagnosis', (route) =>
    route.fulfill({ json: { stream: 'live/demo', at: '2026-01-02T03:04:05Z', verdict: 'ok', caller: { address: '127.0.0.1', proxied: false, secure: false }, checks } }),
  )
  await openPage(page, mode, site.url + path)
}

const verdict = (page: Page) => page.locator('.verdict')
const check = (page: Page, id: string) => page.locator(`.check[data-check=${id}]`)

test('all is well: the session is tried, the picture shown and measured, and every line can be opened by keys', async ({ page, site, errors }) => {
  await open(page, site, FINE)
  await expect(verdict(page)).toHaveAttribute('data-verdict', 'running')
  // The mocked gateway has no TCP, which is told.
  await expect(verdict(page)).toHaveAttribute('data-verdict', 'warning', { timeout: 30_000 })
  await expect(check(page, 'udp')).toHaveAttribute('data-verdict', 'ok')
  await expect(check(page, 'tcp')).toHaveAttribute('data-code', 'tcp_absent')
  await expect(check(page, 'first_frame')).toContainText(/\d+×\d+/)
  await expect(check(page, 'browser_video')).toHaveAttribute('data-verdict', 'ok')
  await expect(check(page, 'secure')).toHaveCount(1)
  await expect(check(page, 'secure')).toContainText('The page is secure')
  const line = check(page, 'publisher')
  await expect(line.getByText('RTMP, OBS 31')).toBeHidden()
  await line.locator('summary').focus()
  await page.keyboard.press('Enter')
  await expect(line.getByText('RTMP, OBS 31')).toBeVisible()
  // Both sessions are ended.
  await expect.poll(() => site.requests.filter((r) => r.startsWith('DELETE /sessions/')).length).toBe(2)
  expect(errors).toEqual([])
})

test('what is wrong is open from the start, a line for each program', async ({ page, site }) => {
  await open(page, site, [...FINE, FAR])
  const far = check(page, 'keyframes')
  await expect(far.getByText('every 20.0 s')).toBeVisible()
  await expect(far.locator('.check-remedy p')).toHaveText(['OBS: Settings → Output: set Keyframe Interval to 2 s.', 'ffmpeg: -g 60'])
  await expect(far.locator('summary')).toHaveAccessibleName(/^Could be better: Keyframes are far apart/)
})

test('nothing gets through: said in words, and the report has no token', async ({ page, site, context }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await open(page, site, FINE, 'no-udp', '/diagnose/live/demo?reason=udp_blocked#token=s3cret')
  await expect(page.getByText('The player said: The video cannot get through')).toBeVisible()
  await expect(verdict(page)).toHaveAttribute('data-verdict', 'bad', { timeout: 30_000 })
  await expect(page.getByRole('status').filter({ hasText: 'It does not play' })).toBeVisible()
  await page.getByRole('button', { name: 'Copy report' }).click()
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible()
  const text = await page.evaluate(() => navigator.clipboard.readText())
  expect(text).toContain('Millrace: why doesn’t live/demo play?')
  expect(text).toContain('[bad]')
  expect(text).not.toContain('s3cret')
  await expect(page.getByRole('link', { name: 'Watch' })).toHaveAttribute('href', '/watch/live/demo#token=s3cret')
})

test('a stream that needs a token', async ({ page, site }) => {
  await page.route('**/api/v1/streams/**', (route) => route.fulfill({ status: 401, json: { title: 'No', detail: 'watching it needs a key or token' }, contentType: 'application/problem+json' }))
  site.scenario = 'none'
  await page.goto(`${site.url}/diagnose/live/locked`)
  await expect(check(page, 'api')).toContainText('#token=')
})

test('R looks again, and C copies', async ({ page, site }) => {
  await open(page, site, [{ ...FINE[0], verdict: 'bad', code: 'not_live', title: 'Nobody publishes this stream' } as Check])
  await expect(verdict(page)).toHaveAttribute('data-verdict', 'bad')
  await expect(check(page, 'udp')).toHaveAttribute('data-verdict', 'unknown')
  const asked = page.waitForRequest('**/diagnosis')
  await page.keyboard.press('r')
  await asked
  await expect(verdict(page)).toHaveAttribute('data-verdict', 'bad')
  await page.keyboard.press('c')
  await expect(page.locator('.diagnose-copy')).toHaveText(/Copied|could not/)
})

for (const width of [320, 390, 768, 1440]) {
  test(`the diagnosis at ${width}`, async ({ page, site }) => {
    await page.setViewportSize({ width, height: 844 })
    const long = { ...FAR, seen: `Named: ${'2001:db8:1234:5678:9abc:def0:1234:5678, '.repeat(4)}`, title: 'Watching works over plain HTTP, publishing from a browser does not' }
    await open(page, site, [...FINE, long, { ...FAR, id: 'b_frames', verdict: 'bad' }], { status: 503 }, '/diagnose/live/a-rather-long-name-of-a-stream/that-goes-on')
    await expect(verdict(page)).toHaveAttribute('data-verdict', 'bad')
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1)
    await expect(page.getByRole('main')).toHaveCount(1)
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    expect(sideways).toBeLessThanOrEqual(0)
    for (const button of await page.getByRole('button').all()) expect(await button.evaluate((b) => b.textContent?.trim())).not.toBe('')
  })
}

test('the player leads here with its reason', async ({ page, watch }) => {
  await watch('no-udp')
  const link = page.getByRole('link', { name: 'Why doesn’t it play?' })
  await expect(link).toHaveAttribute('href', '/diagnose/live/demo?reason=udp_blocked', { timeout: 25_000 })
})
