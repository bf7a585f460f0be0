import { defineConfig } from '@playwright/test'

const use = {
  browserName: 'chromium',
  launchOptions: {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
      // Both ends of the mocked sessions are on this machine and must see each other's addresses.
      '--disable-features=WebRtcHideLocalIpsWithMdns',
      '--allow-loopback-in-peer-connection',
      // A camera, a microphone and a screen that are always there and always allowed.
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      // A host that is not this machine, as far as the browser knows: its pages are not secure.
      '--host-resolver-rules=MAP millrace.test 127.0.0.1',
    ],
  },
}

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  timeout: 60_000,
  expect: { timeout: 15_000 },
  fullyParallel: true,
  workers: 2,
  forbidOnly: true,
  reporter: [['list']],
  metadata: { shots: process.env.SHOTS ?? 'test-results/shots' },
  projects: [
    { name: 'pages', testIgnore: /screenshots/, use },
    { name: 'screenshots', testMatch: /screenshots/, use },
  ],
})
