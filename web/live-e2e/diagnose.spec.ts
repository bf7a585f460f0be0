import { connect, createServer } from 'node:net'
import { expect, type Page } from '@playwright/test'
import type { Check } from '../src/diagnose/check.ts'
import { test } from './fixtures.ts'
import { startGateway } from './gateway.ts'
import { base } from './publisher.ts'

/** Waits until the page has looked at everything and gives what it found, by id. */
async function diagnosed(page: Page): Promise<Map<string, Check>> {
  await page.waitForFunction(() => window.millraceDiagnosis?.done, null, { timeout: 40_000 })
  const checks = await page.evaluate(() => window.millraceDiagnosis?.checks ?? [])
  return new Map(checks.map((c) => [c.id, c]))
}

/** An address of this machine where no gateway listens: what a wrong webrtc.public_ips or a firewall looks like. */
const NOWHERE = '127.0.0.9'

/**
 * A port that is free for TCP on both addresses. It is below those that the system gives to whoever asks for none in
 * particular, since one of these is another's by the time that it is needed: a connection's, or the browser's.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if ((await isFree(port, '127.0.0.1')) && (await isFree(port, NOWHERE))) return port
  }
}

async function isFree(port: number, address: string): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, address, () => server.close(() => resolve(true)))
  })
}

test('a stream that plays: both ways work, the picture comes, and what the encoder could do better is said', async ({ page, publish }) => {
  await publish('obs-default.flv', 'live/why')
  await page.goto(`${base()}/diagnose/live/why?reason=udp_blocked#token=secret`)
  await expect(page.getByText('The player said: The video cannot get through')).toBeVisible()
  const checks = await diagnosed(page)
  expect(checks.get('publisher')).toMatchObject({ verdict: 'ok' })
  expect(checks.get('udp')).toMatchObject({ verdict: 'ok', title: 'UDP works' })
  expect(checks.get('tcp')).toMatchObject({ verdict: 'ok', title: 'TCP works' })
  expect(checks.get('first_frame')).toMatchObject({ verdict: 'ok' })
  expect(checks.get('browser_video')).toMatchObject({ verdict: 'ok' })
  expect(checks.get('b_frames')).toMatchObject({ verdict: 'ok', title: 'B-frames are taken out' })
  expect(checks.get('keyframes')?.remedy ?? 'none yet').toMatch(/none yet|Keyframe Interval/)
  await expect(page.locator('.verdict')).toHaveAttribute('data-verdict', /ok|warning/)
  const text = await page.evaluate(() => window.millraceDiagnosis?.text() ?? '')
  expect(text).toContain('[ok] UDP works')
  expect(text).not.toContain('secret')
  await page.keyboard.press('r')
  await expect(page.locator('.verdict')).toHaveAttribute('data-verdict', 'running')
})

test('a name that nobody publishes, and the one that was meant', async ({ page, publish }) => {
  await publish('zerolatency.flv', 'live/meant')
  await page.goto(`${base()}/watch/live/Meant`)
  await page.getByRole('link', { name: 'Why doesn’t it play?' }).click()
  await expect(page).toHaveURL(/\/diagnose\/live\/Meant\?reason=not_live$/)
  const checks = await diagnosed(page)
  expect(checks.get('publisher')).toMatchObject({ verdict: 'bad', code: 'wrong_name' })
  expect(checks.get('publisher')?.remedy).toContain('/watch/live/meant')
  expect(checks.get('udp')).toMatchObject({ verdict: 'unknown' })
})

test('a blocked UDP port: the page says what to open and set, and that TCP works as soon as it does', async ({ page, publish }) => {
  const port = await freePort()
  const gateway = await startGateway({ MILLRACE_WEBRTC_ADDRESS: `127.0.0.1:${port}`, MILLRACE_WEBRTC_PUBLIC_IPS: NOWHERE })
  // Passes TCP on to the gateway, and nothing else.
  const relay = createServer((inner) => {
    const outer = connect(port, '127.0.0.1')
    for (const [a, b] of [[inner, outer], [outer, inner]] as const) {
      a.pipe(b)
      a.on('error', () => b.destroy())
    }
  })
  try {
    const publisher = await publish('zerolatency.flv', 'live/shut', gateway)
    await page.goto(`http://${gateway.http}/diagnose/live/shut`)
    const checks = await diagnosed(page)
    expect(checks.get('udp')).toMatchObject({ verdict: 'bad', code: 'udp_blocked' })
    expect(checks.get('tcp')).toMatchObject({ verdict: 'bad', code: 'tcp_blocked' })
    expect(checks.get('udp')?.remedy).toContain('webrtc.public_ips to 127.0.0.1')
    await expect(page.locator('.verdict-title')).toHaveText('It does not play')

    await new Promise<void>((resolve) => relay.listen(port, NOWHERE, resolve))
    await page.getByRole('button', { name: 'Look again' }).click()
    const better = await diagnosed(page)
    expect(better.get('udp')).toMatchObject({ verdict: 'warning', code: 'udp_blocked', title: 'UDP does not get through, TCP does' })
    expect(better.get('udp')?.remedy).toContain(`open UDP port ${port}`)
    expect(better.get('tcp')).toMatchObject({ verdict: 'ok' })
    expect(better.get('first_frame')).toMatchObject({ verdict: 'ok' })
    expect(better.get('loss')?.seen).toContain('over TCP')
    // The gateway had noticed those whose packets never came.
    expect(better.get('connecting')).toMatchObject({ code: 'unreachable' })
    await publisher.kill()
  } finally {
    relay.close()
    await gateway.stop()
  }
})
