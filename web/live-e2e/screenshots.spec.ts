import { expect, type Page } from '@playwright/test'
import { test } from './fixtures.ts'
import { moreFrames, watchOver } from './probe.ts'
import { base, passing } from './publisher.ts'

const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } }

function wider(page: Page): Promise<number> {
  return page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - window.innerWidth))
}

test('pictures of the pages with real streams on them', async ({ page, publish }) => {
  await publish('zerolatency.flv', 'live/studio')
  await publish('obs-default.flv', 'live/obs-default')
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await watchOver(page)
  for (const [size, viewport] of Object.entries(sizes)) {
    await page.setViewportSize(viewport)
    await page.goto(base())
    await expect(page.getByText('live/studio').first()).toBeVisible()
    await passing(2500) // the numbers of the cards come with the page's next look
    expect(await wider(page), `the front page at ${size}: pixels wider than the screen`).toBe(0)
    await page.screenshot({ path: `${import.meta.dirname}/output/index-${size}.png`, fullPage: true })
    for (const name of ['studio', 'obs-default']) {
      await page.goto(`${base()}/watch/live/${name}`)
      await moreFrames(page, 30)
      await passing(2500)
      expect(await wider(page), `${name} at ${size}: pixels wider than the screen`).toBe(0)
      await page.screenshot({ path: `${import.meta.dirname}/output/watch-${name}-${size}.png` })
    }
  }
  expect(complaints, 'what the browser complained about').toEqual([])
})
