import { expect, test } from './fixtures.ts'

test('a stream: what it is, how it gets to its players, who watches', async ({ page, site, errors }) => {
  site.scenario = 'three'
  await page.goto(`${site.url}/dashboard`)
  await page.getByRole('link', { name: 'live/studio-a' }).first().click()
  await expect(page).toHaveURL(/\/dashboard\/live\/studio-a$/)
  await expect(page.getByRole('heading', { level: 1, name: 'live/studio-a' })).toBeFocused()
  await expect(page.locator('.stream-facts')).toContainText('RTMP · OBS 31.0.2')
  await expect(page.locator('.tracks')).toContainText('1920×1080 · 30 frames/s')
  await expect(page.locator('.track-players').first()).toContainText('browsers (WebRTC) turned into H.264 without B-frames')
  await expect(page.getByText('B-frames are left out')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Watch' })).toHaveAttribute('href', '/watch/live/studio-a')
  await expect(page.getByRole('link', { name: 'Why doesn’t it play?' })).toHaveAttribute('href', '/diagnose/live/studio-a')
  await expect(page.locator('.course canvas')).toHaveCount(3)
  const rows = page.locator('.sessions tbody tr')
  await expect(rows).toHaveCount(20)
  await expect(page.locator('.sessions .pager-place')).toHaveText('1–20 of 128')
  await page.getByRole('columnheader', { name: 'Loss' }).getByRole('button').click()
  await page.mouse.move(0, 0)
  await expect(rows.first()).toContainText('4.6 %')
  await page.getByRole('link', { name: 'All streams' }).last().click()
  await expect(page.locator('.streams tbody tr')).toHaveCount(3)
  await page.goBack()
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('live/studio-a')
  expect(errors).toEqual([])
})

test('the picture of its pictures tells each by pointer and by keys', async ({ page, site, errors }) => {
  site.scenario = 'three'
  await page.goto(`${site.url}/dashboard/live/studio-a`)
  const picture = page.locator('.gop-canvas')
  await expect(picture).toHaveAccessibleName(/^180 pictures: keyframes 2.0 s apart.*B-frames/)
  const box = await picture.boundingBox()
  if (box === null) throw new Error('no picture')
  await page.mouse.move(box.x + box.width - 40, box.y + box.height - 10)
  await expect(page.locator('.gop-pointed')).toContainText('before the newest')
  await page.mouse.move(0, 0)
  await expect(page.locator('.gop-pointed')).toBeEmpty()
  await picture.focus()
  await page.keyboard.press('End')
  await expect(page.locator('.gop-pointed')).toContainText('0.0 s before the newest')
  await page.keyboard.press('ArrowLeft')
  await expect(page.locator('.gop-pointed')).toContainText('after the one before')
  await page.keyboard.press('Escape')
  await expect(page.locator('.gop-pointed')).toBeEmpty()
  expect(errors).toEqual([])
})

test('a session is ended after a question', async ({ page, site, errors }) => {
  site.scenario = 'one'
  await page.goto(`${site.url}/dashboard/live/demo`)
  const rows = page.locator('.sessions tbody tr')
  await expect(rows).toHaveCount(3)
  await rows.first().getByRole('button', { name: /^End the session of the .* viewer/ }).click()
  const question = page.getByRole('dialog')
  await expect(question).toContainText('End the session of this viewer?')
  await expect(question.getByRole('button', { name: 'Leave it' })).toBeFocused()
  await page.keyboard.press('Escape')
  await expect(question).toBeHidden()
  expect(site.dashboard.gone.size).toBe(0)
  await rows.first().getByRole('button').click()
  await question.getByRole('button', { name: 'End the session' }).click()
  await expect(question).toBeHidden()
  await expect(rows).toHaveCount(2)
  expect(site.dashboard.gone.size).toBe(1)
  await page.getByRole('button', { name: /publisher/ }).click()
  await expect(question).toContainText('End the session of this publisher?')
  expect(errors).toEqual([])
})

test('who may only look sees nothing to end anybody with', async ({ page, site }) => {
  site.scenario = 'one'
  site.dashboard.rights = 'read'
  await page.goto(`${site.url}/dashboard/live/demo`)
  await expect(page.locator('.sessions tbody tr')).toHaveCount(3)
  await expect(page.locator('.row-actions button')).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'End publishing' })).toHaveCount(0)
  expect(site.requests.filter((r) => r.includes('/config'))).toEqual([])
})

test('a right that is gone is said where it is missed', async ({ page, site }) => {
  site.scenario = 'one'
  await page.goto(`${site.url}/dashboard/live/demo`)
  await page.locator('.row-actions button').first().click()
  site.dashboard.rights = 'read'
  await page.getByRole('dialog').getByRole('button', { name: 'End the session' }).click()
  await expect(page.getByRole('alert')).toContainText('not end sessions')
  await page.keyboard.press('Escape')
  await expect(page.locator('.row-actions button')).toHaveCount(0)
})

test('signing in, staying signed in, signing out', async ({ page, site }) => {
  site.scenario = 'one'
  site.dashboard.rights = 'none'
  await page.goto(`${site.url}/dashboard/live/demo`)
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await page.getByLabel('Token').fill('wrong')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('alert')).toContainText('A credential is needed that may read.')
  const asked = site.requests.filter((r) => r.includes('/api/')).length
  await page.getByLabel('Token').fill('s3cret')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: 'live/demo' })).toBeVisible()
  // Once without anything and once with the wrong one: whoever is refused does not ask on and on.
  expect(asked).toBe(2)
  await expect(page).toHaveURL(/#token=s3cret$/)
  await expect(page.locator('.row-actions button')).toHaveCount(3)
  await page.getByRole('link', { name: 'All streams' }).last().click()
  await expect(page).toHaveURL(/\/dashboard#token=s3cret$/)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible()
  await expect(page).toHaveURL(/\/dashboard$/)
})

test('a stream that is not there', async ({ page, site }) => {
  await page.goto(`${site.url}/dashboard/live/nothing`)
  await expect(page.getByRole('status').filter({ hasText: 'There is no stream of this name now' })).toBeVisible()
  site.scenario = [{ ...(await (await fetch(`${site.url}/api/v1/server`)).json()), name: 'live/nothing', live: true, generation: 1, viewers: 0, bitrate: 5000, tracks: [], warnings: [] }]
  await expect(page.getByRole('status').filter({ hasText: 'There is no stream' })).toBeHidden()
})
