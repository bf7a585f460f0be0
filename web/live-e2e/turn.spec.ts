import { type Browser, type Page, expect } from '@playwright/test'
import { certificate } from './certificate.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { moreFrames, watchOver } from './probe.ts'
import { live, until } from './publisher.ts'
import { test } from './whip-browser.ts'

/** How the media of the page's newest connection goes. */
interface Way {
  /** How the browser reaches the relay; '' without one. */
  relayed: string
  protocol: string
  remote: string
}

type Window = typeof globalThis & { relayedPeers: RTCPeerConnection[] }

/** Makes the page's connections go through a relay or not at all, by one of the ways that the gateway names. */
async function onlyRelayed(page: Page, transport: string): Promise<void> {
  await page.addInitScript((transport) => {
    const peers: RTCPeerConnection[] = []
    ;(window as unknown as Window).relayedPeers = peers
    window.RTCPeerConnection = class extends RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super({ ...configuration, iceTransportPolicy: 'relay' })
        peers.push(this)
      }
      override setConfiguration(configuration: RTCConfiguration = {}) {
        const iceServers = (configuration.iceServers ?? []).filter(({ urls }) => String(urls).startsWith('turn:') && String(urls).endsWith(transport))
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

/** A page in a context of its own, for which any certificate is good. */
async function open(browser: Browser, transport: string): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  await watchOver(page)
  await onlyRelayed(page, transport)
  return page
}

async function metric(gateway: Gateway, name: string): Promise<number> {
  const text = await (await fetch(`http://${gateway.http}/metrics`)).text()
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1] ?? Number.NaN)
}

test('over HTTPS, and through its TURN server only, the pages publish and play', async ({ publishers, browser }) => {
  const gateway = await startGateway({
    ...certificate(),
    MILLRACE_HTTPS_ADDRESS: '127.0.0.1:0',
    MILLRACE_TURN_ADDRESS: '127.0.0.1:0',
  })
  try {
    for (const transport of ['udp', 'tcp']) {
      const site = `https://${gateway.listens('https')}`
      const name = `live/relayed-${transport}`
      const studio = await open(publishers, transport)
      await studio.goto(`${site}/publish/${name}`)
      expect(await studio.evaluate(() => isSecureContext)).toBe(true)
      await studio.locator('.source', { hasText: 'Camera and microphone' }).click()
      await studio.getByRole('button', { name: 'Go live' }).click()
      await expect(studio.locator('#stage')).toHaveAttribute('data-state', 'live')
      await live(name, gateway)

      const page = await open(browser, transport)
      await page.goto(`${site}/watch/${name}`)
      await moreFrames(page, 30)
      const [up, down] = [await way(studio), await way(page)]
      console.log(`${transport}: published over ${JSON.stringify(up)}, played over ${JSON.stringify(down)}`)
      for (const one of [up, down]) expect(one).toEqual({ relayed: transport, protocol: 'udp', remote: gateway.webrtc })
      const protocol = await page.evaluate(() => (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming).nextHopProtocol)
      expect(protocol).toBe('h2')
      expect(await metric(gateway, 'millrace_turn_relays')).toBeGreaterThanOrEqual(2)

      // What a session was lent ends with it.
      for (const one of [page, studio]) {
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
