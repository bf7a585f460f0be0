import { test } from './fixtures.ts'

/** Pictures of the dashboard with nothing, a little and a lot on it, for people to look at. Nothing is compared. */

const SIZES = { phone: [360, 740], tablet: [820, 1180], desktop: [1440, 900] } as const
const STREAMS = { none: 'live/nothing', three: 'live/studio-a', crowd: 'berlin/main-stage-1' } as const
/** Looks at the clock, three seconds each: enough for the courses to have a shape. */
const LOOKS = 25

for (const [size, [width, height]] of Object.entries(SIZES)) {
  for (const [scenario, name] of Object.entries(STREAMS)) {
    for (const theme of ['dark', 'light']) {
      test(`dashboard ${scenario} ${size} ${theme}`, async ({ page, site }, info) => {
        site.scenario = scenario
        await page.setViewportSize({ width, height })
        await page.addInitScript((value) => localStorage.setItem('millrace.dashboard.theme', value), theme)
        await page.clock.install()
        for (const [what, path] of [['overview', '/dashboard'], ['stream', `/dashboard/${name}`]]) {
          await page.goto(site.url + path)
          await page.locator('.overview, .stream').waitFor()
          for (let i = 0; i < LOOKS; i++) {
            const answered = page.waitForResponse('**/api/v1/overview')
            await page.clock.runFor(3000)
            await answered
          }
          await page.screenshot({ path: `${info.config.metadata['shots']}/dashboard-${what}-${scenario}-${size}-${theme}.png`, fullPage: true })
        }
      })
    }
  }
}
