import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test as plain } from '@playwright/test'
import { chooseLayer, look, watchBare } from './loss-page.ts'
import { moreFrames, pixels, sound, watchOver } from './probe.ts'
import { base, common, live, passing, until } from './publisher.ts'

const repository = join(import.meta.dirname, '..', '..')

interface Fixtures {
  /** Begins to publish one of the clips of Enhanced RTMP under a name; it ends with the test. */
  enhanced: (clip: string, name: string) => Promise<void>
}

interface Shared {
  /** The encoder's executable: Debian's ffmpeg is too old to be one. */
  encoder: string
}

const test = plain.extend<Fixtures, Shared>({
  encoder: [
    async ({}, use) => {
      const dir = mkdtempSync(join(tmpdir(), 'millrace-ertmp-'))
      const binary = join(dir, 'ertmp')
      execFileSync('go', ['build', '-o', binary, './cmd/millrace/e2e/ertmp'], { cwd: repository, stdio: 'inherit' })
      await use(binary)
      rmSync(dir, { recursive: true })
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  enhanced: async ({ encoder }, use) => {
    const children: ChildProcess[] = []
    await use(async (clip, name) => {
      children.push(spawn(encoder, ['-clip', clip, `rtmp://${common().rtmp}/${name}`], { stdio: 'inherit' }))
      await live(name)
    })
    await Promise.all(
      children.map((child) => {
        const exited = new Promise((resolve) => child.once('exit', resolve))
        return child.kill('SIGTERM') ? exited : undefined
      }),
    )
  },
})

for (const { clip, codec, tone, playable } of [
  { clip: 'av1', codec: 'AV1', tone: 880, playable: 'pass' },
  { clip: 'vp9', codec: 'VP9', tone: 880, playable: 'pass' },
  { clip: 'hevc', codec: 'H264', tone: 440, playable: 'derive' },
]) {
  test(`${clip} over Enhanced RTMP plays as ${codec}`, async ({ page, enhanced }) => {
    const name = `live/ertmp-${clip}`
    await enhanced(clip, name)
    await watchOver(page)
    await page.goto(`${base()}/watch/${name}`)
    await moreFrames(page, 15)
    const before = await pixels(page)
    await moreFrames(page, 30)
    const after = await pixels(page)
    const changed = before.filter((value, i) => Math.abs(value - (after[i] ?? 0)) > 16).length
    expect(changed, 'pixels that differ a second later').toBeGreaterThan(50)
    const heard = await sound(page)
    expect(heard.rms, 'loudness').toBeGreaterThan(0.01)
    expect(Math.abs(heard.peakHz - tone), 'the tone').toBeLessThan(20)
    const playing = await page.evaluate(async () => {
      const peer = (window as unknown as { live: { peers: RTCPeerConnection[] } }).live.peers.at(-1)
      const stats = [...((await peer?.getStats())?.values() ?? [])]
      const video = stats.find((r) => r.type === 'inbound-rtp' && r.kind === 'video')
      const codec = stats.find((r) => r.id === video?.codecId)
      return { codec: String(codec?.mimeType), width: Number(video?.frameWidth), lost: Number(video?.packetsLost), decoded: Number(video?.framesDecoded) }
    })
    console.log(`${clip} over Enhanced RTMP: ${JSON.stringify(playing)}, tone at ${heard.peakHz.toFixed(0)} Hz`)
    expect(playing).toMatchObject({ codec: `video/${codec}`, width: 640, lost: 0 })
    const stream = (await (await fetch(`${base()}/api/v1/streams/${name}`)).json()) as { tracks: { playable: string; derived_from: number }[] }
    expect(stream.tracks.filter((track) => track.derived_from === 0).map((track) => track.playable)).toEqual([playable, playable])
  })
}

test('two pictures of one publisher: a viewer chooses by the layer extension', async ({ page, enhanced }) => {
  const name = 'live/ertmp-ladder'
  await enhanced('ladder', name)
  await watchBare(page, common().http, name, true)
  const width = () => page.evaluate(() => document.querySelector('video')?.videoWidth)
  await until('the larger picture is shown', async () => (await width()) === 640)
  for (const [wish, want] of [
    [{ rid: '1' }, 320],
    [{}, 640],
    [{ maxWidth: 400 }, 320],
    [{}, 640],
  ] as const) {
    expect(await chooseLayer(page, wish)).toBe(200)
    await until(`the picture is ${want} wide`, async () => (await width()) === want)
    await passing(500)
  }
  const seen = await look(page)
  console.log(`ladder over Enhanced RTMP: ${seen.frames.length} frames, ${seen.video['freezeCount']} freezes, ${seen.video['pliCount']} keyframes asked for`)
  expect(seen.video['packetsLost']).toBe(0)
})
