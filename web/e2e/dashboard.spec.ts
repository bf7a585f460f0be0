import { expect, test } from './fixtures.ts'

test('nothing is published: said so, with zeros and no table', async ({ page, site, errors }) => {
  await page.goto(`${site.url}/dashboard`)
  await expect(page.locator('[data-tile=viewers] .tile-value')).toHaveText('0')
  await expect(page.locator('[data-tile=latency] .tile-value')).toHaveText('–')
  await expect(page.getByRole('heading', { name: 'Nothing is flowing yet' })).toBeVisible()
  await expect(page.getByRole('table')).toBeHidden()
  await expect(page.locator('.attention')).toContainText('Nothing.')
  await expect(page.locator('#cluster-title')).toBeHidden()
  await expect(page.locator('.tile canvas')).toHaveCount(7)
  expect(errors).toEqual([])
})

test('the charts begin with what was before the page was opened, on whatever clock', async ({ page, site, errors }) => {
  site.scenario = 'three'
  const now = Date.now() - 3_600_000 // the gateway's clock is an hour behind
  const figures = { publishers: 1, bitrate_in: 1e6, bitrate_out: 1e6, cpu: 0.1, memory: 5e7, latency: { p50: 0, p99: 0 } }
  const samples = Array.from({ length: 200 }, (_, i) => ({ ...figures, viewers: i === 100 ? 777_777 : 5, at: new Date(now - (200 - i) * 2000).toISOString() }))
  await page.route('**/api/v1/overview/history', (route) => route.fulfill({ json: { now: new Date(now).toISOString(), every: 2, samples } }))
  await page.goto(`${site.url}/dashboard`)
  await expect(page.locator('[data-tile=viewers] .tile-note')).toHaveText('at most 777,777')
  expect(errors).toEqual([])
})

test('the charts begin empty where nothing is known of before', async ({ page, site }) => {
  site.scenario = 'three'
  await page.route('**/api/v1/overview/history', (route) => route.fulfill({ status: 404, json: { status: 404, title: 'No' } }))
  await page.goto(`${site.url}/dashboard`)
  await expect(page.locator('.tile canvas')).toHaveCount(7)
  await expect(page.locator('[data-tile=viewers] .tile-note')).toContainText('at most')
})

test('three streams: facts, warnings with remedies, sorting by the heads', async ({ page, site, errors }) => {
  site.scenario = 'three'
  await page.goto(`${site.url}/dashboard`)
  const rows = page.locator('.streams tbody tr')
  await expect(rows).toHaveCount(3)
  await expect(rows.first()).toContainText('live/studio-a')
  await expect(rows.first()).toContainText('1080p 30/s H.264')
  await expect(page.locator('[data-row="garden/front-gate"]')).toContainText('waited for')
  const head = page.getByRole('columnheader', { name: 'Name' })
  await head.getByRole('button').click()
  await page.mouse.move(0, 0)
  await expect(head).toHaveAttribute('aria-sort', 'ascending')
  await expect(rows.first()).toContainText('garden/front-gate')
  await head.getByRole('button').press('Enter')
  await expect(rows.first()).toContainText('live/studio-a')
  await page.locator('.attention summary').first().click()
  await expect(page.locator('.attention .warning-remedy').first()).toContainText('Max B-frames')
  expect(errors).toEqual([])
})

test('two hundred streams: pages, search, those with warnings', async ({ page, site, errors }) => {
  site.scenario = 'crowd'
  await page.goto(`${site.url}/dashboard`)
  const rows = page.locator('.streams tbody tr')
  await expect(rows).toHaveCount(25)
  await expect(page.locator('.pager-place').first()).toHaveText('1–25 of 230')
  await page.getByRole('button', { name: 'Next page' }).click()
  await expect(page.locator('.pager-place').first()).toHaveText('26–50 of 230')
  await page.getByLabel('Find a stream').fill('lima rtsp')
  await expect(page.locator('.pager-place').first()).toHaveText(/^1–/)
  for (const name of await rows.locator('th').allTextContents()) expect(name).toContain('lima/')
  await page.getByLabel('Find a stream').fill('no such thing')
  await expect(page.getByText('No stream is like that.')).toBeVisible()
  await page.getByLabel('Find a stream').fill('')
  await page.getByRole('button', { name: '10 with warnings' }).click()
  await expect(rows).toHaveCount(10)
  expect(errors).toEqual([])
})

test('a long list is drawn fast enough to be worked with', async ({ page, site }) => {
  site.scenario = 'crowd'
  await page.goto(`${site.url}/dashboard`)
  await expect(page.locator('.streams tbody tr')).toHaveCount(25)
  // Typing is answered at once: one look through the list and one page of rows.
  const longest = await page.evaluate(() => {
    const field = document.querySelector<HTMLInputElement>('.streams .search')
    if (field === null) throw new Error('no field')
    const times = ['l', 'li', 'lim', 'lima', ''].map((text) => {
      const from = performance.now()
      field.value = text
      field.dispatchEvent(new Event('input'))
      return performance.now() - from
    })
    return times.sort((a, b) => a - b)[2] ?? 0
  })
  expect(longest).toBeLessThan(1500)
})

test('rows stand still while they are pointed at', async ({ page, site }) => {
  site.scenario = 'three'
  await page.goto(`${site.url}/dashboard`)
  const rows = page.locator('.streams tbody tr')
  await expect(rows.first()).toContainText('live/studio-a')
  await rows.first().hover()
  const asked = () => site.requests.filter((r) => r.includes('/api/v1/streams?')).length
  site.scenario = 'swapped'
  const before = asked()
  await expect.poll(asked).toBeGreaterThan(before + 1)
  await expect(rows.first()).toContainText('live/studio-a')
  await page.mouse.move(0, 0)
  await expect(rows.first()).toContainText('live/demo')
})

test('events come as they happen, and none is lost when the line breaks', async ({ page, site, errors }) => {
  site.scenario = 'three'
  await page.goto(`${site.url}/dashboard`)
  const log = page.locator('.log-list > li')
  await expect(page.locator('.log')).toContainText('as they happen')
  await expect(log).toHaveCount(6)
  site.dashboard.happen({ kind: 'publisher.started', stream: 'live/new', protocol: 'whip', remote: '192.0.2.1:9' })
  await expect(log.first()).toContainText('live/new is being published')
  await expect(log.first()).toContainText('WHIP · 192.0.2.1:9')
  site.dashboard.cut()
  site.dashboard.happen({ kind: 'node.drain' })
  await expect(log.first()).toContainText('This node lets everybody go')
  await expect(log).toHaveCount(8)
  expect(site.dashboard.resumed).toEqual(['boot-6', 'boot-7'])
  expect(errors.filter((e) => !e.includes('net::ERR'))).toEqual([])
})

test('a gateway that is down is said to be, and what is shown is old until it is back', async ({ page, site }) => {
  site.scenario = 'three'
  await page.goto(`${site.url}/dashboard`)
  await expect(page.locator('.streams tbody tr')).toHaveCount(3)
  site.scenario = 'down'
  await expect(page.getByRole('status').filter({ hasText: 'What you see is of' })).toBeVisible()
  await expect(page.locator('#dashboard')).toHaveAttribute('data-stale', 'true')
  await expect(page.locator('.streams tbody tr')).toHaveCount(3)
  site.scenario = 'one'
  await expect(page.locator('#dashboard')).toHaveAttribute('data-stale', 'false', { timeout: 30_000 })
  await expect(page.locator('.streams tbody tr')).toHaveCount(1)
})

test('the nodes of a cluster', async ({ page, site }) => {
  site.scenario = 'cluster'
  await page.goto(`${site.url}/dashboard`)
  await expect(page.locator('.cluster tbody tr')).toHaveCount(5)
  await page.goto(`${site.url}/dashboard/live/demo`)
  await expect(page.getByRole('img', { name: /origin-frankfurt has it from its publisher/ })).toBeVisible()
})

test('the front page leads there, with its token', async ({ page, site }) => {
  await page.goto(`${site.url}/#token=s3cret`)
  await page.getByRole('link', { name: 'Dashboard' }).click()
  await expect(page).toHaveURL(/\/dashboard#token=s3cret$/)
  await expect(page.locator('[data-tile=viewers] .tile-value')).toHaveText('0')
})

test('light colours are remembered', async ({ page, site }) => {
  await page.goto(`${site.url}/dashboard`)
  await page.getByRole('button', { name: 'Light colours' }).click()
  await page.reload()
  await expect(page.getByRole('button', { name: 'Dark colours' })).toBeVisible()
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light')
})
