import { expect, test } from './fixtures.ts'

test('a gateway that is alone says nothing of nodes', async ({ page, site, errors }) => {
  site.scenario = 'three'
  await page.goto(site.url)
  await expect(page.locator('.card')).toHaveCount(3)
  await expect(page.locator('#cluster')).toBeHidden()
  expect(errors).toEqual([])
})

for (const width of [320, 768, 1440]) {
  test(`nodes and the way of a stream at ${width}`, async ({ page, site, errors }) => {
    await page.setViewportSize({ width, height: 900 })
    site.scenario = 'cluster'
    await page.goto(site.url)
    await expect(page.getByRole('heading', { name: 'Nodes' })).toBeVisible()
    await expect(page.locator('#cluster tbody tr')).toHaveCount(5)
    await expect(page.locator('[data-node=relay] th')).toContainText('this one')
    await expect(page.locator('[data-node="edge-new-york-city-2"] th')).toContainText('draining')
    await expect(page.locator('[data-node="edge-4"]')).toContainText('2.5 Mb/s')
    await expect(page.locator('[data-node=relay] th')).toContainText('leads')
    await expect(page.getByText('The directory is led by relay; 2 of 3 copies up to date; catching up: edge-3.')).toBeVisible()
    const tree = page.locator('[data-tree="live/demo"]')
    const asked = () => site.requests.filter((r) => r.includes('/api/v1/cluster/streams/')).length
    expect(asked()).toBe(0)
    await tree.locator('summary').focus()
    await page.keyboard.press('Enter')
    const image = tree.getByRole('img')
    await expect(image).toHaveAccessibleName(/^origin-frankfurt has it from its publisher.*edge-4 from relay in 42 ms, 1 viewer$/)
    await expect(image.locator('rect')).toHaveCount(5)
    await expect(image.locator('path')).toHaveCount(4)
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    expect(sideways).toBeLessThanOrEqual(0)
    expect(errors).toEqual([])
  })
}
