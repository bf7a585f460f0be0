import { test as base, type Page } from '@playwright/test'
import { startSite } from '../mock/site.mjs'

export { expect } from '@playwright/test'

export type Site = Awaited<ReturnType<typeof startSite>>

/** What the mocked gateway inside the page does with a POST. */
export type Mode =
  | 'play'
  | 'down'
  | 'no-udp'
  | 'mute-picture'
  | 'network'
  | { status: number; headers?: Record<string, string>; body?: string }

interface MockGateway {
  mode: Mode
  posts: number
  restarts: number
  authorization: string | null
  headers: Record<string, string>
  offer: string
  picture(): MediaStream
  tone(): MediaStream
  received(): Promise<{ frames: number; audioPackets: number; width: number; height: number; codec: string; audioEnergy: number }>
  pause(): Promise<void>
  resume(): Promise<void>
  leave(): void
}

declare global {
  interface Window {
    mockGateway: MockGateway
  }
}

export interface Fixtures {
  /** The built pages with an invented API, on a port of their own. */
  site: Site
  /** Opens a watch page whose gateway behaves as told, and waits for nothing. */
  watch: (mode: Mode, name?: string) => Promise<void>
  /** Opens a publish page likewise. */
  publish: (mode: Mode, name?: string) => Promise<void>
  /** Every error that the page threw or logged, and every violation of its policy. */
  errors: string[]
}

export const test = base.extend<Fixtures>({
  site: async ({}, use) => {
    const site = await startSite()
    await use(site)
    await site.close()
  },
  errors: async ({ page }, use) => {
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
    await use(errors)
  },
  watch: async ({ page, site }, use) => {
    await use((mode, name = 'live/demo') => open(page, mode, `${site.url}/watch/${name}`))
  },
  publish: async ({ page, site }, use) => {
    await use((mode, name = 'live/mine') => open(page, mode, `${site.url}/publish/${name}`))
  },
})

/** Opens a page with a gateway inside that behaves as told. */
export async function open(page: Page, mode: Mode, url: string): Promise<void> {
  await page.addInitScript({ path: new URL('../mock/gateway.js', import.meta.url).pathname })
  await page.addInitScript((m) => void (window.mockGateway.mode = m as Mode), mode)
  await page.goto(url)
}
