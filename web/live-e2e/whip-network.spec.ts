import { createServer, connect, type Socket } from 'node:net'
import { type Browser, expect } from '@playwright/test'
import { type Gateway, startGateway } from './gateway.ts'
import { startBehind } from './loss-network.ts'
import { firstFrame, look, watchBare } from './loss-page.ts'
import { live, passing } from './publisher.ts'
import { path, publish, unpublish } from './whip-page.ts'
import { test } from './whip-browser.ts'

const camera = { source: 'camera', sound: true, width: 640, height: 360, bitrate: 800_000 } as const

/** Publishes and watches through a gateway, and says over what. */
async function through(gateway: Gateway, publishers: Browser, browser: Browser): Promise<{ up: Path; down: Path }> {
  const studio = await publishers.newPage()
  const page = await browser.newPage()
  await publish(studio, gateway.http, 'live/whip-way', camera)
  await live('live/whip-way', gateway)
  await watchBare(page, gateway.http, 'live/whip-way', true)
  const first = await firstFrame(page)
  await passing(2000)
  const seen = await look(page)
  const up = await path(studio)
  const down = await path(page)
  console.log(
    `published over ${up.protocol} to ${up.remote}, watched over ${down.protocol} from ${down.remote}: ` +
      `first frame after ${first.toFixed(0)} ms, ${seen.video['framesDecoded']} decoded, ${seen.video['freezeCount']} freezes, ` +
      `${seen.audio['packetsReceived']} packets of sound`,
  )
  expect(seen.video['framesDecoded']).toBeGreaterThan(15)
  expect(seen.audio['packetsReceived']).toBeGreaterThan(50)
  expect(seen.video['packetsLost']).toBe(0)
  expect(await unpublish(studio)).toBe(200)
  await studio.context().close()
  await page.context().close()
  return { up, down }
}

type Path = Awaited<ReturnType<typeof path>>

test('over IPv6 a browser publishes and another watches', async ({ publishers, browser }) => {
  const gateway = await startGateway({ MILLRACE_HTTP_ADDRESS: '[::1]:0', MILLRACE_WEBRTC_ADDRESS: '[::1]:0' })
  try {
    const { up, down } = await through(gateway, publishers, browser)
    for (const way of [up, down]) {
      expect(way.protocol).toBe('udp')
      expect(way.remote).toContain('::1')
    }
  } finally {
    await gateway.stop()
  }
})

test('with UDP closed a browser publishes and another watches over TCP', async ({ publishers, browser }) => {
  const behind = await startBehind()
  // The address that candidates name: no UDP gets through there, TCP does.
  await behind.network(0, { loss: 1 }, { loss: 1 })
  const [, port] = behind.webrtc.split(':')
  const sockets = new Set<Socket>()
  const relay = createServer((socket: Socket) => {
    const onward = connect(Number(port), '127.0.0.1')
    for (const [one, other] of [[socket, onward], [onward, socket]] as const) {
      sockets.add(one)
      one.setNoDelay(true)
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  })
  await new Promise<void>((resolve) => relay.listen(Number(port), '127.0.0.2', resolve))
  try {
    const { up, down } = await through(behind, publishers, browser)
    expect(up.protocol).toBe('tcp')
    expect(down.protocol).toBe('tcp')
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => relay.close(resolve))
    await behind.stop()
  }
})
