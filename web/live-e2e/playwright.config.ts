import { defineConfig } from '@playwright/test'

/**
 * The real pages in a real Chromium against the real gateway:
 *
 *   npx playwright test -c live-e2e        (in web/, needs go and ffmpeg too)
 *
 * LIVE_STRICT=1 asserts the promised times themselves, not six times as much.
 * CHROMIUM names another browser than Debian's.
 */
export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: 'output/results',
  globalSetup: './setup.ts',
  // Times are measured: nothing else may run beside.
  workers: 1,
  fullyParallel: false,
  // A machine that does other things may stop for a second; what needed it is reported as flaky.
  retries: process.env['CI'] === undefined ? 0 : 1,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: {
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
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
        // Candidates with .local names would need a responder on the network.
        '--disable-features=WebRtcHideLocalIpsWithMdns',
        '--allow-loopback-in-peer-connection',
      ],
    },
  },
})
