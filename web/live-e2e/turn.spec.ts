import { type Browser, type Page, chromium, expect, test as plain } from '@playwright/test'
import { certificate } from './certificate.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { moreFrames, watchOver } from './probe.ts'
import { live, until } from './publisher.ts'

interface Fixtures {
  /** A browser with a fake camera, for which any certificate is good: TURN's does not go by what is said of pages. */
  lenient: Browser
}

const test = plain.extend<Fixtures>({
  lenient: async ({}, use, info) => {
    const options = info.project.use.launchOptions ?? {}
    const fake = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']
    const browser = await chromium.launch({ ...options, args: [...(options.args ?? []), ...fake, '--ignore-certificate-errors'] })
    await use(browser)
    await browser.close()
  },
})

/** The ways through the TURN server. */
type Transport = 'udp' | 'tcp' | 'tls'

/** How the media of the page's newest connection goes. */
interface Way {
  /** How the browser reaches the relay; '' without one. */
  relayed: string
  protocol: string
  remote: string
}

type Window = typeof globalThis & { relayedPeers: RTCPeerConnection[] }

/** Makes the page's connections go through a relay or not at all, by one of the ways that the gateway names. */
async function onlyRelayed(page: Page, transport: Transport): Promise<void> {
  await page.addInitScript((transport) => {
    const peers: RTCPeerConnection[] = []
    ;(window as unknown as Window).relayedPeers = peers
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super({ ...configuration, iceTransportPolicy: 'relay' })
        peers.push(this)
      }
      override setConfiguration(configuration: RTCConfiguration = {}) {
        const [scheme, end] = transport === 'tls' ? ['turns:', ''] : ['turn:', `=${transport}`]
        const iceServers = (configuration.iceServers ?? []).filter(({ urls }) => String(urls).startsWith(scheme) && String(urls).endsWith(end))
        super.setConfiguration({ ...configuration, iceServers })
      }
    }
  }, transport)
}

/** Plain statistics, since the page's own code holds the connection. */
function way(page: Page): Promise<Way | null> {
  return page.evaluate(async () => {
    const stats = await (window as unknown as Window).relayedPeers.at(-1)?.getStats()
    for (const [, r] of stats ?? []) {
      if (r.type !== 'transport') continue
      const pair = stats?.get(r.selectedCandidatePairId as string) as Record<string, string> | undefined
      if (pair === undefined) continue
      const local = stats?.get(pair['localCandidateId'] ?? '') as Record<string, string>
      const remote = stats?.get(pair['remoteCandidateId'] ?? '') as Record<string, string>
      return {
        relayed: local['relayProtocol'] ?? '',
        protocol: local['protocol'] ?? '',
        remote: `${remote['address']}:${remote['port']}`,
      }
    }
    return null
  })
}

/** A page in a context of its own. */
async function open(browser: Browser, transport: Transport): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  await watchOver(page)
  await onlyRelayed(page, transport)
  return page
}

interface Session {
  role: string
  transport: string
  remote: string
}

/** Whom the gateway's API shows. */
async function sessions(gateway: Gateway): Promise<Session[]> {
  const answer = await fetch(`http://${gateway.http}/api/v1/sessions`)
  return ((await answer.json()) as { sessions: Session[] }).sessions
}

async function metric(gateway: Gateway, name: string): Promise<number> {
  const text = await (await fetch(`http://${gateway.http}/metrics`)).text()
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? Number.NaN)
}

test('over HTTPS, and through its TURN server only, the pages publish and play', async ({ lenient }) => {
  const gateway = await startGateway({
    ...certificate(),
    MILLRACE_HTTPS_ADDRESS: '127.0.0.1:0',
    MILLRACE_TURN_ADDRESS: '127.0.0.1:0',
    MILLRACE_TURN_TLS_ADDRESS: '127.0.0.1:0',
  })
  const check = async (what: string, page: Page, relayed: Transport) => {
    const found = await way(page)
    console.log(`${what} over ${JSON.stringify(found)}`)
    expect(found).toEqual({ relayed, protocol: 'udp', remote: gateway.webrtc })
  }
  const rounds: { up: Transport; down: Transport[] }[] = [
    { up: 'udp', down: ['tcp', 'tls'] },
    { up: 'tcp', down: ['udp'] },
  ]
  try {
    const site = `https://${gateway.listens('https')}`
    for (const { up, down } of rounds) {
      const name = `live/relayed-${up}`
      const studio = await open(lenient, up)
      await studio.goto(`${site}/publish/${name}`)
      expect(await studio.evaluate(() => isSecureContext)).toBe(true)
      await studio.locator('.source', { hasText: 'Camera and microphone' }).click()
      await studio.getByRole('button', { name: 'Go live' }).click()
      await expect(studio.locator('#stage')).toHaveAttribute('data-state', 'live')
      await live(name, gateway)
      await check('published', studio, up)

      const pages = await Promise.all(down.map((transport) => open(lenient, transport)))
      await Promise.all(pages.map((page) => page.goto(`${site}/watch/${name}`)))
      for (const [i, page] of pages.entries()) {
        await moreFrames(page, 30)
        await check('played', page, down[i] ?? 'udp')
        const protocol = await page.evaluate(() => (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming).nextHopProtocol)
        expect(protocol).toBe('h2')
      }
      // The operator sees who is relayed.
      const all = await sessions(gateway)
      expect(all.map(({ role, transport }) => `${role} ${transport}`).sort()).toEqual(['publisher relay', ...down.map(() => 'viewer relay')])
      expect(new Set(all.map(({ remote }) => remote)).size).toBe(1 + down.length)
      expect(await metric(gateway, 'millrace_turn_relays')).toBeGreaterThanOrEqual(1 + down.length)

      // What a session was lent ends with it.
      for (const one of [...pages, studio]) {
        await one.goto('about:blank') // a page that is left says so
        await one.context().close()
      }
      await until('no relay is left', async () => (await metric(gateway, 'millrace_turn_relays')) === 0, 30_000)
      expect(await metric(gateway, 'millrace_turn_credentials')).toBe(0)
    }
  } finally {
    await gateway.stop()
  }
})
