import type { Page } from '@playwright/test'
import { expect, test } from './fixtures.ts'

const stage = (page: Page) => page.locator('#stage')
const state = (page: Page, name: string) => expect(stage(page)).toHaveAttribute('data-state', name, { timeout: 25_000 })
const curtain = (page: Page) => page.locator('#stage .curtain')
const received = (page: Page) => page.evaluate(() => window.mockGateway.received())
const source = (page: Page, name: string) => page.locator('.source', { hasText: name }).click()
const live = (page: Page) => page.getByRole('button', { name: 'Go live' })

/** A page that is live with camera and microphone. */
async function goLive(page: Page): Promise<void> {
  await source(page, 'Camera and microphone')
  await live(page).click()
  await state(page, 'live')
}

/** Makes the browser answer as one without the devices, or with a user who says no. */
function refuseDevices(page: Page, name: string, message = '', method = 'getUserMedia'): Promise<unknown> {
  return page.addInitScript(
    ([n, m, f]) => {
      const devices = navigator.mediaDevices as unknown as Record<string, () => Promise<never>>
      devices[f as string] = () => Promise.reject(new DOMException(m, n))
    },
    [name, message, method],
  )
}

test('says what the browser can do before anything is asked for', async ({ page, publish, errors }) => {
  let asked = false
  await page.exposeFunction('wasAsked', () => (asked = true))
  await page.addInitScript(() => {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
    navigator.mediaDevices.getUserMedia = (constraints) => {
      void (window as unknown as { wasAsked(): void }).wasAsked()
      return real(constraints)
    }
  })
  await publish('play')
  await expect(curtain(page)).toContainText('What do you want to show?')
  const checks = page.getByRole('region', { name: 'What this browser can do' })
  await expect(checks).toContainText('Secure page')
  await expect(checks).toContainText('VP8')
  await expect(checks.locator('[data-ok=false]')).toHaveCount(0)
  expect(asked).toBe(false)
  await expect(page.locator('[data-field=watch]')).toHaveText(/\/watch\/live\/mine$/)
  await expect(page.getByRole('link', { name: 'Open' })).toHaveAttribute('href', '/watch/live/mine')
  await expect(page).toHaveTitle('live/mine – Millrace')
  expect(errors).toEqual([])
})

test('camera and microphone: preview, live, numbers, farewell', async ({ page, site, publish, errors }) => {
  await publish('play')
  await source(page, 'Camera and microphone')
  await expect(curtain(page)).toBeHidden()
  await expect.poll(() => page.locator('#stage video').evaluate((v: HTMLVideoElement) => v.videoWidth)).toBe(1280)
  await expect(page.getByLabel('Camera', { exact: true })).toContainText('fake')
  await expect.poll(() => page.locator('.level-bar').evaluate((e) => Number(getComputedStyle(e).getPropertyValue('--level')))).toBeGreaterThan(0)
  expect(await page.evaluate(() => window.mockGateway.posts)).toBe(0)
  await live(page).click()
  await state(page, 'live')
  await expect(page.locator('.badge')).toHaveText('Live')
  await expect.poll(async () => (await received(page)).frames, { timeout: 25_000 }).toBeGreaterThan(5)
  await expect.poll(async () => (await received(page)).audioEnergy).toBeGreaterThan(0)
  const outgoing = page.getByRole('region', { name: 'What goes out' })
  await expect(outgoing).toContainText(/Picture\d+×\d+, \d+ frames\/s/)
  await expect(outgoing).toContainText(/Bitrate[\d.]+ [kM]b\/s/)
  await expect(outgoing).toContainText(/Line\d+ ms round trip/)
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await state(page, 'idle')
  await expect.poll(() => site.requests).toContain('DELETE /sessions/mock-1')
  await expect(outgoing).toBeHidden()
  // The preview goes on: it may be wanted again.
  await expect(live(page)).toBeVisible()
  expect(errors).toEqual([])
})

test('what viewers, warnings and others do is told', async ({ page, site, publish }) => {
  const { stream } = await import('../mock/streams.mjs')
  site.scenario = [stream('live/mine', { publisher: { protocol: 'rtmp', encoder: '' } })]
  await publish('play')
  await expect(page.locator('#about .banner')).toContainText('is being published by somebody')
  site.scenario = 'none'
  await expect(page.locator('#about .banner')).toBeHidden()
  await goLive(page)
  const warning = { code: 'no_audio', title: 'There is no sound', detail: 'd', remedy: 'r' }
  site.scenario = [stream('live/mine', { viewers: 12, warnings: [warning] })]
  await expect(page.locator('#about')).toContainText('12 viewers')
  await expect(page.locator('#about')).toContainText('There is no sound')
})

test('muted is silence, and the camera off is a picture that says so', async ({ page, publish }) => {
  await publish('play')
  await goLive(page)
  await expect.poll(async () => (await received(page)).frames, { timeout: 25_000 }).toBeGreaterThan(5)
  await page.getByRole('button', { name: 'Mute' }).click()
  await expect(page.getByRole('button', { name: 'Unmute' })).toBeVisible()
  // What was under way is in; from here on packets come and are silent.
  await page.waitForTimeout(500)
  const muted = await received(page)
  await expect.poll(async () => (await received(page)).audioPackets).toBeGreaterThan(muted.audioPackets + 20)
  expect((await received(page)).audioEnergy - muted.audioEnergy).toBeLessThan(1e-5)

  await page.getByRole('button', { name: 'Camera off' }).click()
  await expect(page.getByRole('button', { name: 'Camera on' })).toBeVisible()
  const off = await received(page)
  await expect.poll(async () => (await received(page)).frames).toBeGreaterThan(off.frames + 8)
  const preview = page.locator('#stage video')
  await expect.poll(() => preview.evaluate((v: HTMLVideoElement) => [v.videoWidth, v.videoHeight])).toEqual([1280, 720])
  // The camera is released, not just covered.
  const colour = await preview.evaluate((v: HTMLVideoElement) => {
    const canvas = document.createElement('canvas')
    const g = canvas.getContext('2d')
    g?.drawImage(v, 0, 0)
    return [...(g?.getImageData(5, 5, 1, 1).data ?? [])]
  })
  expect(Math.max(...colour.slice(0, 3))).toBeLessThan(60)
  await page.getByRole('button', { name: 'Camera on' }).click()
  await expect(page.getByRole('button', { name: 'Camera off' })).toBeVisible()
  expect(await page.evaluate(() => window.mockGateway.posts)).toBe(1)
})

test('the screen goes before the camera, and gives way to it again', async ({ page, publish }) => {
  await publish('play')
  await goLive(page)
  const label = () => page.locator('#stage video').evaluate((v: HTMLVideoElement) => (v.srcObject as MediaStream).getVideoTracks()[0]?.label ?? '')
  await expect.poll(label).toContain('fake_device')
  await page.getByRole('button', { name: 'Share screen' }).click()
  await expect(page.getByRole('button', { name: 'Stop sharing' })).toBeVisible()
  await expect.poll(label).not.toContain('fake_device')
  const sharing = await received(page)
  await expect.poll(async () => (await received(page)).frames, { timeout: 25_000 }).toBeGreaterThan(sharing.frames + 3)
  await page.getByRole('button', { name: 'Stop sharing' }).click()
  await expect.poll(label).toContain('fake_device')
  expect(await page.evaluate(() => window.mockGateway.posts)).toBe(1)
})

test('the screen alone, and a microphone added to it', async ({ page, publish }) => {
  await publish('play')
  await source(page, 'Screen')
  await expect(page.getByRole('button', { name: 'Stop sharing' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Camera on' })).toBeVisible()
  await page.getByRole('button', { name: 'Add a microphone' }).click()
  await expect(page.getByRole('button', { name: 'Mute' })).toBeVisible()
  await live(page).click()
  await state(page, 'live')
  await expect.poll(async () => (await received(page)).audioEnergy, { timeout: 25_000 }).toBeGreaterThan(0)
})

test('the sound of a screen goes out with the microphone, in stereo', async ({ page, publish }) => {
  await page.addInitScript(() => {
    navigator.mediaDevices.getDisplayMedia = async () =>
      new MediaStream([...window.mockGateway.picture().getTracks(), ...window.mockGateway.tone().getTracks()])
  })
  await publish('play')
  await source(page, 'Screen')
  await page.getByRole('button', { name: 'Add a microphone' }).click()
  await page.getByRole('button', { name: 'Mute' }).click()
  await live(page).click()
  await state(page, 'live')
  // Only the screen can be heard now.
  await expect.poll(async () => (await received(page)).audioEnergy, { timeout: 25_000 }).toBeGreaterThan(0)
  expect(await page.evaluate(() => window.mockGateway.offer)).toMatch(/a=fmtp:\d+ .*stereo=1;sprop-stereo=1/)
  await page.getByRole('button', { name: 'Stop sharing' }).click()
  await page.waitForTimeout(500)
  const before = await received(page)
  await expect.poll(async () => (await received(page)).audioPackets).toBeGreaterThan(before.audioPackets + 20)
  expect((await received(page)).audioEnergy - before.audioEnergy).toBeLessThan(1e-5)
})

test('sound alone says so', async ({ page, publish }) => {
  await publish('play')
  await source(page, 'Sound alone')
  await expect(curtain(page)).toContainText('Sound alone')
  await live(page).click()
  await state(page, 'live')
  await expect.poll(async () => (await received(page)).audioPackets, { timeout: 25_000 }).toBeGreaterThan(5)
  expect((await received(page)).frames ?? 0).toBe(0)
})

test('codec and qualities take another session, everything else does not', async ({ page, site, publish }) => {
  await publish('play')
  await goLive(page)
  const posts = () => page.evaluate(() => window.mockGateway.posts)
  await page.getByLabel('Bitrate').selectOption('500000')
  await page.getByLabel('Frames a second').selectOption('15')
  await page.getByLabel('Picture', { exact: true }).selectOption('360')
  await expect.poll(() => page.locator('#stage video').evaluate((v: HTMLVideoElement) => v.videoHeight)).toBe(360)
  expect(await posts()).toBe(1)
  await page.getByLabel('Codec').selectOption('VP9')
  await expect.poll(posts).toBe(2)
  await state(page, 'live')
  await expect.poll(async () => (await received(page)).codec, { timeout: 25_000 }).toBe('video/VP9')
  expect(site.requests).toContain('DELETE /sessions/mock-1')
  await page.getByRole('switch', { name: 'Three qualities' }).check()
  await expect.poll(posts).toBe(3)
  await state(page, 'live')
})

test('choices are remembered', async ({ page, publish }) => {
  await publish('play')
  await page.getByLabel('Codec').selectOption('VP8')
  await page.getByLabel('Picture', { exact: true }).selectOption('480')
  await page.getByRole('switch', { name: 'Three qualities' }).check()
  await page.reload()
  await expect(page.getByLabel('Codec')).toHaveValue('VP8')
  await expect(page.getByLabel('Picture', { exact: true })).toHaveValue('480')
  await expect(page.getByRole('switch', { name: 'Three qualities' })).toBeChecked()
  await expect(page.getByLabel('Bitrate')).toContainText('Auto, 1.2 Mb/s')
})

test('a change of network is survived by an ICE restart', async ({ page, publish }) => {
  await publish('play')
  await goLive(page)
  await expect.poll(async () => (await received(page)).frames, { timeout: 25_000 }).toBeGreaterThan(5)
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await expect.poll(() => page.evaluate(() => window.mockGateway.restarts)).toBe(1)
  const before = await received(page)
  await expect.poll(async () => (await received(page)).frames).toBeGreaterThan(before.frames + 20)
  await state(page, 'live')
  expect(await page.evaluate(() => window.mockGateway.posts)).toBe(1)
})

test('leaving the page ends the session at the server', async ({ page, site, publish }) => {
  await publish('play')
  await goLive(page)
  await page.goto('about:blank')
  await expect.poll(() => site.requests).toContain('DELETE /sessions/mock-1')
})

test.describe('what can go wrong before', () => {
  for (const [name, message, title, remedy] of [
    ['NotAllowedError', 'Permission denied', 'The browser may not use them', 'left of the address'],
    ['NotAllowedError', 'Permission denied by system', 'The system does not let this browser', 'restart the browser'],
    ['NotAllowedError', 'Permission dismissed', 'The question was closed', 'Allow'],
    ['NotReadableError', 'Could not start video source', 'The device does not start', 'Close other programs'],
  ] as const) {
    test(`${name}: ${message}`, async ({ page, publish }) => {
      await refuseDevices(page, name, message)
      await publish('play')
      await source(page, 'Camera and microphone')
      await expect(curtain(page)).toContainText(title)
      await expect(curtain(page)).toContainText(remedy)
      // Something else may work.
      await source(page, 'Screen')
      await expect(page.getByRole('button', { name: 'Stop sharing' })).toBeVisible()
    })
  }

  test('no device at all', async ({ page, publish }) => {
    await refuseDevices(page, 'NotFoundError', 'Requested device not found')
    await page.addInitScript(() => void (navigator.mediaDevices.enumerateDevices = async () => []))
    await publish('play')
    const checks = page.getByRole('region', { name: 'What this browser can do' })
    await expect(checks.locator('[data-ok=false]')).toHaveText([/Camera.*none found/, /Microphone.*none found/])
    await source(page, 'Camera and microphone')
    await expect(curtain(page)).toContainText('No camera and no microphone was found')
  })

  test('no camera: the microphone has to do', async ({ page, publish }) => {
    await page.addInitScript(() => {
      const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
      navigator.mediaDevices.getUserMedia = (c) => (c?.video ? Promise.reject(new DOMException('', 'NotFoundError')) : real(c))
      const list = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices)
      navigator.mediaDevices.enumerateDevices = async () => (await list()).filter((d) => d.kind === 'audioinput')
    })
    await publish('play')
    await source(page, 'Camera and microphone')
    await expect(curtain(page)).toContainText('Sound alone')
    await expect(page.locator('#about .banner')).toContainText('No camera was found')
  })

  test('a screen that is not chosen after all', async ({ page, publish }) => {
    await refuseDevices(page, 'NotAllowedError', 'Permission denied', 'getDisplayMedia')
    await publish('play')
    await source(page, 'Screen')
    await expect(curtain(page)).toContainText('What do you want to show?')
  })

  test('a page that is not secure', async ({ page, site }) => {
    await page.goto(`${site.url.replace('127.0.0.1', 'millrace.test')}/publish/live/mine`)
    await expect(curtain(page)).toContainText('This page needs https')
    await expect(curtain(page)).toContainText(/http:\/\/localhost:\d+\/publish\/live\/mine/)
    await expect(curtain(page)).toContainText('chrome://flags/#unsafely-treat-insecure-origin-as-secure')
    await expect(page.locator('.source').first()).toBeHidden()
  })

  test('a browser without WebRTC', async ({ page, publish }) => {
    await page.addInitScript(() => void Reflect.deleteProperty(window, 'RTCPeerConnection'))
    await publish('network')
    await expect(curtain(page)).toContainText('This browser cannot publish')
  })

  test('a camera that is unplugged is told, and shown to viewers', async ({ page, publish }) => {
    await publish('play')
    await goLive(page)
    await page.locator('#stage video').evaluate((v: HTMLVideoElement) => {
      const track = (v.srcObject as MediaStream).getVideoTracks()[0]
      track?.stop()
      track?.dispatchEvent(new Event('ended'))
    })
    await expect(page.locator('#about .banner')).toContainText('The camera is gone')
    await expect(page.getByRole('button', { name: 'Camera on' })).toBeVisible()
    await state(page, 'live')
  })
})

test.describe('what can go wrong after', () => {
  const problem = (status: number, detail: string, headers: Record<string, string> = {}) => ({
    status,
    headers: { 'Content-Type': 'application/problem+json', ...headers },
    body: JSON.stringify({ title: 'Refused', detail }),
  })

  test('the name is taken: tried again for a while, then given up', async ({ page, publish }) => {
    await publish(problem(409, 'Somebody publishes this stream already.', { 'Retry-After': '1' }))
    await source(page, 'Camera and microphone')
    await live(page).click()
    await state(page, 'retrying')
    await expect(curtain(page)).toContainText('Somebody publishes under this name')
    await state(page, 'failed')
    await expect(stage(page)).toHaveAttribute('data-reason', 'name_taken')
    await page.evaluate(() => void (window.mockGateway.mode = 'play'))
    await curtain(page).getByRole('button', { name: 'Try again' }).click()
    await state(page, 'live')
  })

  test('a token is wanted, given, and sent', async ({ page, publish }) => {
    await publish(problem(401, 'Publishing this stream needs a credential.', { 'WWW-Authenticate': 'Bearer' }))
    await source(page, 'Camera and microphone')
    await live(page).click()
    await state(page, 'failed')
    await expect(curtain(page)).toContainText('Publishing here needs a token')
    await expect(page.getByLabel('Token')).toBeFocused()
    await page.evaluate(() => void (window.mockGateway.mode = 'play'))
    await page.getByLabel('Token').fill('s3cret')
    await page.keyboard.press('Enter')
    await state(page, 'live')
    expect(await page.evaluate(() => window.mockGateway.authorization)).toBe('Bearer s3cret')
  })

  test('a token that came with the link is sent at once', async ({ page, publish }) => {
    await publish('play', 'live/mine#token=from-link')
    await goLive(page)
    expect(await page.evaluate(() => window.mockGateway.authorization)).toBe('Bearer from-link')
  })

  test('the codec is refused, another one is not', async ({ page, publish }) => {
    await publish(problem(422, 'Its video has none of the codecs [H264].'))
    await source(page, 'Camera and microphone')
    await live(page).click()
    await state(page, 'failed')
    await expect(curtain(page)).toContainText('Its video has none of the codecs [H264].')
    await expect(curtain(page)).toContainText('Choose another codec')
  })

  test('blocked UDP', async ({ page, publish }) => {
    await publish('no-udp')
    await source(page, 'Camera and microphone')
    await live(page).click()
    await expect(stage(page)).toHaveAttribute('data-reason', 'udp_blocked', { timeout: 25_000 })
    await expect(curtain(page)).toContainText('no packet gets to its WebRTC port')
  })

  test('the server goes and comes back', async ({ page, publish }) => {
    await publish('play')
    await goLive(page)
    await page.evaluate(() => {
      window.mockGateway.mode = 'down'
      window.mockGateway.leave()
    })
    await state(page, 'retrying')
    await expect(stage(page)).toHaveAttribute('data-reason', 'server_unreachable', { timeout: 25_000 })
    await expect(page.locator('#stage .curtain-countdown')).toHaveText(/in ([5-9]|1\d) s/, { timeout: 40_000 })
    await page.evaluate(() => void (window.mockGateway.mode = 'play'))
    await page.getByRole('button', { name: 'Try now' }).click()
    await state(page, 'live')
    await expect.poll(async () => (await received(page)).frames, { timeout: 25_000 }).toBeGreaterThan(5)
  })
})

test.describe('a stream without a name yet', () => {
  test('gets one', async ({ page, site, errors }) => {
    site.scenario = 'one'
    await page.goto(`${site.url}/publish`)
    const input = page.getByLabel('Name of the stream')
    await expect(input).toBeFocused()
    await page.keyboard.type('demo')
    await expect(page.getByText('Somebody publishes under this name')).toBeVisible()
    await input.fill('my show')
    await expect(input).toHaveAttribute('aria-invalid', 'true')
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/\/publish$/)
    await input.fill('live/my-show')
    await page.keyboard.press('Enter')
    await expect(page).toHaveURL(/\/publish\/live\/my-show$/)
    await expect(page.getByRole('heading', { name: 'live/my-show' })).toBeVisible()
    expect(errors).toEqual([])
  })
})
