import { expect } from '@playwright/test'
import { test } from './fixtures.ts'
import { LINGER_S } from './gateway.ts'
import { counts, frames, moreFrames, posts, sessions, watchOver } from './probe.ts'
import { base, passing } from './publisher.ts'

test('a publisher that comes back soon is seen again in the same session', async ({ page, publish }) => {
  const first = await publish('zerolatency.flv', 'live/restart')
  await watchOver(page)
  await page.goto(`${base()}/watch/live/restart`)
  await moreFrames(page, 30)
  await first.kill()
  await passing(2000)
  const had = (await frames(page)).length
  await publish('zerolatency.flv', 'live/restart')
  await moreFrames(page, 60)
  const again = (await frames(page, had))[0]
  console.log(`restart: shown again, ${again?.width}x${again?.height}`)
  expect(await posts(page)).toHaveLength(1)
  expect(await sessions(page)).toBe(1)
  const now = await counts(page)
  // A browser may ask for a keyframe when nothing has come for a while, so those are not counted here.
  expect(now).toMatchObject({ connectionState: 'connected', packetsLost: 0 })
  await expect(page.getByText('The publisher has left or paused')).toBeHidden()
})

test('a publisher that stays away: the page says so and comes back by itself', async ({ page, publish }) => {
  const first = await publish('zerolatency.flv', 'live/away')
  await watchOver(page)
  await page.goto(`${base()}/watch/live/away`)
  await moreFrames(page, 30)
  await first.kill()
  await expect(page.getByText('The publisher has left or paused').first()).toBeVisible()
  await expect(page.getByText('Waiting for the stream').first()).toBeVisible({ timeout: LINGER_S * 1000 + 20_000 })
  const had = (await frames(page)).length
  await publish('zerolatency.flv', 'live/away')
  await moreFrames(page, 60, 30_000)
  expect((await frames(page, had))[0]?.width).toBe(1280)
  expect(await sessions(page)).toBeGreaterThan(1)
  await expect(page.getByText('Waiting for the stream')).toBeHidden()
})

test('a page that is open before its stream begins to play with it', async ({ page, publish }) => {
  await watchOver(page)
  await page.goto(`${base()}/watch/live/later`)
  await expect(page.getByText('Waiting for the stream').first()).toBeVisible()
  await publish('zerolatency.flv', 'live/later')
  await moreFrames(page, 30, 30_000)
})
