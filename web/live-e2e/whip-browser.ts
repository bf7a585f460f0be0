import { type Browser, chromium, test as plain } from '@playwright/test'

interface Fixtures {
  /** Another browser than the one that watches, with a fake camera and microphone. */
  publishers: Browser
}

export const test = plain.extend<object, Fixtures>({
  publishers: [
    async ({}, use, info) => {
      const options = info.project.use.launchOptions ?? {}
      const browser = await chromium.launch({
        ...options,
        args: [...(options.args ?? []), '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
      })
      await use(browser)
      await browser.close()
    },
    { scope: 'worker' },
  ],
})
