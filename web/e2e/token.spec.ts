import { expect, test } from './fixtures.ts'

test('a token behind the address goes with everything that the watch page asks', async ({ page, site }) => {
  site.scenario = 'one'
  const sent: (string | undefined)[] = []
  page.on('request', (r) => void (r.url().includes('/api/') && sent.push(r.headers()['authorization'])))
  const offer = page.waitForRequest((r) => r.url().includes('/whep/'))
  await page.goto(`${site.url}/watch/live/demo?token=s3cret`)
  expect((await offer).headers()['authorization']).toBe('Bearer s3cret')
  await expect.poll(() => sent.length).toBeGreaterThan(0)
  expect(new Set(sent)).toEqual(new Set(['Bearer s3cret']))
})

test('the front page carries its token on, and says what a key is for without telling one', async ({ page, site }) => {
  site.scenario = 'one'
  await page.route('**/api/v1/server', async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, json: { ...(await answer.json()), needs_credential: ['publish', 'read', 'admin'] } })
  })
  await page.goto(`${site.url}/?token=s3cret`)
  await expect(page.locator('.card-link').first()).toHaveAttribute('href', /\/watch\/.*#token=s3cret$/)
  await expect(page.locator('[data-field=key]')).toHaveText('stream?token=YOUR-KEY')
  await expect(page.locator('[data-field=ffmpeg]')).toContainText("/live/stream?token=YOUR-KEY'")
  await expect(page.locator('#publish')).toContainText('needs a key')
  await expect(page.locator('.publish-browser')).toHaveAttribute('href', /#token=s3cret$/)
})

test('somebody without a token is told so', async ({ page, site }) => {
  const problem = { status: 401, title: 'Unauthorized', detail: 'A token is needed.' }
  await page.route('**/api/v1/streams', (route) => route.fulfill({ status: 401, json: problem, contentType: 'application/problem+json' }))
  await page.goto(site.url)
  await expect(page.locator('#banner')).toContainText('?token=')
})
