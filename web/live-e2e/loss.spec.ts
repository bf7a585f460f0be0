import { expect, test } from '@playwright/test'
import { startBehind, type Behind } from './loss-network.ts'
import { counts, frames, moreFrames, watchOver } from './probe.ts'
import { passing, Publisher } from './publisher.ts'

let behind: Behind
test.beforeAll(async () => { behind = await startBehind() })
test.afterAll(async () => { await behind.stop() })
const SECS = Number(process.env.SECS ?? 4)
for (const [loss, audio] of [[0.05, true], [0.05, false], [0, true]] as const) test(`explore ${loss} ${audio}`, async ({ page }) => {
  const p = new Publisher('zerolatency.flv', 'live/x', behind)
  await p.live()
  await behind.network(60)
  await page.goto(`http://${behind.http}/healthz`)
  await page.evaluate(async (audio) => {
    const w = window as any
    document.body.innerHTML = '<video muted autoplay playsinline></video>'
    const video = document.querySelector('video')!
    const pc = new RTCPeerConnection(); w.pc = pc; w.frames = []
    pc.addTransceiver('video', { direction: 'recvonly' })
    if (audio) pc.addTransceiver('audio', { direction: 'recvonly' })
    const ms = new MediaStream(); pc.ontrack = (e) => { ms.addTrack(e.track) }
    video.srcObject = ms
    const shown = (now: number, m: any) => { w.frames.push({ now, ...m }); video.requestVideoFrameCallback(shown) }
    video.requestVideoFrameCallback(shown)
    await pc.setLocalDescription()
    await new Promise<void>((r) => { if (pc.iceGatheringState === 'complete') r(); pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && r() })
    w.offer = pc.localDescription!.sdp
    const resp = await fetch('/whep/live/x', { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: pc.localDescription!.sdp })
    w.answer = await resp.text()
    await pc.setRemoteDescription({ type: 'answer', sdp: w.answer })
  }, audio)
  await page.waitForFunction(() => (window as any).frames.length > 60)
  if (process.env.SDP) console.log(await page.evaluate(() => (window as any).offer + '\n\n' + (window as any).answer))
  let prev: any = {}
  const tick = async (label: string) => {
    await passing(1000)
    const { st, f } = await page.evaluate(async () => {
      const w = window as any; const st: any = {}
      for (const [, r] of await w.pc.getStats()) if (r.type === 'inbound-rtp') st[r.kind] = r
      return { st, f: w.frames.splice(0) }
    })
    const lag = f.map((x: any) => x.presentationTime - x.rtpTimestamp / 90).sort((a: any, b: any) => a - b)
    const gaps = f.slice(1).map((x: any, i: number) => x.presentationTime - f[i].presentationTime)
    let line = `${label.padEnd(6)} rvfc ${f.length} presented ${f.at(-1).presentedFrames - f[0].presentedFrames + 1} gap ${Math.max(...gaps).toFixed(0)} lag ${(lag[lag.length >> 1]).toFixed(0)}`
    for (const k of ['video', 'audio']) if (st[k]) {
      const a = st[k], b = prev[k] ?? {}
      const d = (n: string) => a[n] - (b[n] ?? 0)
      const e = d('jitterBufferEmittedCount')
      line += ` | ${k} delay ${(d('jitterBufferDelay') / e * 1000).toFixed(0)} target ${(d('jitterBufferTargetDelay') / e * 1000).toFixed(0)} min ${(d('jitterBufferMinimumDelay') / e * 1000).toFixed(0)} nack ${d('nackCount')} rtx ${d('retransmittedPacketsReceived')} dec ${d('framesDecoded')} drop ${d('framesDropped')} conc ${d('concealedSamples')} frz ${d('freezeCount')} jit ${a.jitter}`
    }
    console.log(line); prev = st
  }
  for (let i = 0; i < SECS; i++) await tick('calm')
  await behind.network(60, { loss })
  for (let i = 0; i < SECS * 2; i++) await tick('loss')
  await behind.network(60)
  for (let i = 0; i < SECS; i++) await tick('after')
  await p.kill()
})
