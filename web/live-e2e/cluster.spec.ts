import { expect } from '@playwright/test'
import { test } from './fixtures.ts'
import { type Gateway, startGateway } from './gateway.ts'
import { counts, frames, moreFrames, posts, sessions, sound, watchOver } from './probe.ts'
import { passing, until } from './publisher.ts'
import { atMost } from './times.ts'

/** A node of a cluster on a loopback address of its own; the first one carries the directory. */
function node(id: string, address: string, first?: Gateway): Promise<Gateway> {
  const meet: Record<string, string> =
    first === undefined
      ? { MILLRACE_CLUSTER_NATS_LISTEN: `${address}:0` }
      : { MILLRACE_CLUSTER_NATS_URL: first.listens('directory') ?? '' }
  return startGateway({
    MILLRACE_CLUSTER_SECRET: 'of the tests in the browser, no secret at all',
    MILLRACE_CLUSTER_MAX_CHILDREN: '1',
    MILLRACE_NODE_ID: id,
    MILLRACE_RELAY_ADDRESS: `${address}:0`,
    MILLRACE_HTTP_ADDRESS: `${address}:0`,
    MILLRACE_RTMP_ADDRESS: `${address}:0`,
    MILLRACE_WEBRTC_ADDRESS: `${address}:0`,
    ...meet,
  })
}

async function knows(gateway: Gateway, nodes: number): Promise<void> {
  await until(`${nodes} nodes have met`, async () => {
    const response = await fetch(`http://${gateway.http}/api/v1/cluster`)
    const state = (await response.json()) as { connected: boolean; nodes: unknown[] }
    return state.connected && state.nodes.length === nodes
  })
}

test('picture and sound at the end of a tree, and in the same session when the node between dies', async ({ browser, publish }) => {
  const edge = await node('edge', '127.0.0.4')
  const alive = new Set([edge])
  try {
    await until('a directory is served', () => Promise.resolve(edge.listens('directory') !== undefined))
    const origin = await node('origin', '127.0.0.2', edge)
    alive.add(origin)
    const relay = await node('relay', '127.0.0.3', edge)
    alive.add(relay)
    for (const one of alive) await knows(one, 3)
    const publisher = await publish('zerolatency.flv', 'live/tree', origin)

    const middle = await browser.newPage()
    await watchOver(middle)
    await middle.goto(`http://${relay.http}/watch/live/tree`)
    await moreFrames(middle, 10)

    const end = await browser.newPage()
    await watchOver(end)
    await end.goto(`http://${edge.http}/watch/live/tree`)
    await moreFrames(end, 5)
    const [post] = await posts(end)
    const first = (await frames(end))[0]
    if (post === undefined || first === undefined) throw new Error('no POST or no frame')
    console.log(`first frame ${(first.now - post).toFixed(0)} ms after the POST, through two hops that had to be made`)
    atMost('the first frame', first.now - post, 400)
    await until('the tree is known', async () => {
      const response = await fetch(`http://${edge.http}/api/v1/cluster/streams/live/tree`)
      const { nodes = [] } = (await response.json()) as { nodes?: { node: string; parent: string }[] }
      return nodes.some(({ node, parent }) => node === 'edge' && parent === 'relay')
    })
    expect((await sound(end)).rms).toBeGreaterThan(0.01)

    await middle.context().close()
    const died = await end.evaluate(() => performance.now())
    await relay.kill()
    alive.delete(relay)
    await moreFrames(end, 150)
    await passing(1000)
    const shown = await frames(end)
    let gap = 0
    for (const [i, frame] of shown.entries()) if (i > 0 && frame.now > died) gap = Math.max(gap, frame.now - (shown[i - 1]?.now ?? 0))
    console.log(`the node between is killed: the picture stood for ${gap.toFixed(0)} ms`)
    atMost('without a picture', gap, 2000)
    expect(await sessions(end), 'sessions').toBe(1)
    expect((await counts(end)).firCount).toBe(0)
    expect((await sound(end)).rms).toBeGreaterThan(0.01)
    await publisher.kill()
  } finally {
    for (const one of alive) await one.stop()
  }
})
