import { expect } from '@playwright/test'
import { test } from './fixtures.ts'
import { startGateway } from './gateway.ts'
import { moreFrames, sessions, watchOver } from './probe.ts'
import { base } from './publisher.ts'

test('the dashboard shows a publisher, its pictures and its viewer, and ends the viewer’s session', async ({ page, browser, publish }, { retry, repeatEachIndex }) => {
  // The gateway remembers what happened to a stream of the same name.
  const name = `live/operated-${repeatEachIndex}-${retry}`
  const complaints: string[] = []
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(`${base()}/dashboard`)
  await expect(page.locator('.log')).toContainText('as they happen')
  await publish('zerolatency.flv', name)
  const row = page.locator(`[data-row="${name}"]`)
  await expect(row).toContainText('720p 30/s H.264')
  await expect(row).toContainText('RTMP · ffmpeg')
  const log = page.locator('.overview .log-list')
  await expect(log.locator('[data-kind="publisher.started"]', { hasText: name })).toContainText('is being published')

  const viewer = await browser.newPage()
  await watchOver(viewer)
  await viewer.goto(`${base()}/watch/${name}`)
  await moreFrames(viewer, 10)
  await expect(log.locator('[data-kind="viewers.first"]', { hasText: name })).toBeVisible()
  await expect(row.locator('[data-column=viewers]')).toHaveText('1')
  await expect(page.locator('[data-tile=viewers] .tile-value')).toHaveText(/^[1-9]/)
  await expect(page.locator('[data-tile=latency] .tile-value')).toHaveText(/ms \/ .* ms/)

  await row.getByRole('link').click()
  await expect(page.locator('.tracks')).toContainText('1280×720')
  await expect(page.locator('.track-players').first()).toContainText('RTSP')
  await expect(page.locator('.gop-facts')).toContainText('keyframes 2.0 s apart')
  const session = page.locator('.sessions tbody tr')
  await expect(session).toHaveCount(1)
  await expect(session).toContainText('WHEP')
  await expect(session).toContainText('H.264 + Opus')
  await expect(session).toContainText(/[1-9][\d.]* Mb\/s/)
  const id = await session.getAttribute('data-row')

  await session.getByRole('button', { name: /End the session of the WHEP viewer/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'End the session' }).click()
  await expect(page.locator(`.sessions tbody tr[data-row="${id}"]`)).toHaveCount(0)
  // Our player is one of the programs that come back.
  await expect.poll(() => sessions(viewer), { timeout: 20_000 }).toBe(2)
  await expect(page.locator('.stream .log-list [data-kind="viewers.last"]').first()).toContainText('WHEP')
  expect(complaints, 'what the browser complained about').toEqual([])
  await viewer.context().close()
})

test('signing in with the credentials of the configuration: one may look, the other may also end sessions', async ({ page, publish }) => {
  const gateway = await startGateway({
    MILLRACE_AUTH_OPEN: 'publish, play',
    MILLRACE_AUTH_KEYS: '{reader: {key: "for the eyes only", read: true}}',
    MILLRACE_AUTH_USERS: '{chief: {password: "quite a secret", read: true, admin: true}}',
  })
  try {
    await publish('zerolatency.flv', 'live/guarded', gateway)
    await page.goto(`http://${gateway.http}/dashboard/live/guarded`)
    const token = page.getByLabel('Token')
    await token.fill('a guess')
    await token.press('Enter')
    await expect(page.getByRole('alert')).not.toBeEmpty()
    const refused = page.waitForResponse((r) => r.url().endsWith('/api/v1/config') && r.status() === 403)
    await token.fill('for the eyes only')
    await token.press('Enter')
    await refused
    await expect(page.locator('.stream-facts')).toContainText('RTMP')
    await expect(page.locator('.log')).toContainText('as they happen')
    await expect(page.locator('.stream .log-list [data-kind="publisher.started"]')).toBeVisible()
    const end = page.getByRole('button', { name: /publisher at/ })
    await expect(end).toHaveCount(0)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await token.fill('chief:quite a secret')
    await token.press('Enter')
    await expect(page.locator('.stream-facts')).toContainText('RTMP')
    await end.click()
    await page.getByRole('dialog').getByRole('button', { name: 'End the session' }).click()
    await expect(page.locator('.stream-state')).not.toContainText('Live for')
    await expect(page.locator('.stream .log-list [data-kind="publisher.stopped"]')).toBeVisible()
  } finally {
    await gateway.stop()
  }
})
