import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Visibility } from '../poller.ts'
import { Feed } from './feed.ts'

class Page extends EventTarget implements Visibility {
  visibilityState = 'visible'
  show(visible: boolean): void {
    this.visibilityState = visible ? 'visible' : 'hidden'
    this.dispatchEvent(new Event('visibilitychange'))
  }
}

interface Line {
  lastId: string | null
  send: (text: string) => void
  end: () => void
  aborted: () => boolean
}

const lines: Line[] = []
const past: object[] = []
const event = (seq: number) => ({ id: `boot-${seq}`, seq, at: '2026-01-01T00:00:00Z', node: 'n', kind: 'viewers.first' })
const told = (seq: number) => `id: boot-${seq}\nevent: viewers.first\ndata: ${JSON.stringify(event(seq))}\n\n`

function gateway(url: string, init: RequestInit): Promise<Response> {
  const headers = init.headers as Record<string, string>
  if (headers['Accept'] !== 'text/event-stream') {
    expect(url).toContain('limit=')
    return Promise.resolve(Response.json({ events: past }))
  }
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      init.signal?.addEventListener('abort', () => controller.error(init.signal?.reason))
      lines.push({
        lastId: headers['Last-Event-ID'] ?? null,
        send: (text) => controller.enqueue(encoder.encode(text)),
        end: () => controller.close(),
        aborted: () => init.signal?.aborted ?? false,
      })
    },
  })
  return Promise.resolve(new Response(body, { headers: { 'Content-Type': 'text/event-stream' } }))
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('fetch', gateway)
  lines.length = past.length = 0
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function setup() {
  const page = new Page()
  const feed = new Feed(page)
  const log: string[] = []
  feed.on('happening', ({ id }) => log.push(id))
  feed.on('missed', (n) => log.push(`missed ${n}`))
  feed.on('open', (open) => log.push(open ? 'open' : 'closed'))
  feed.start()
  return { feed, page, log }
}

test('tells of the past, then of what happens, each once', async () => {
  past.push(event(1), event(2))
  const { feed, log } = setup()
  await vi.waitFor(() => expect(lines).toHaveLength(1))
  expect(lines[0]?.lastId).toBe('boot-2')
  lines[0]?.send(told(2) + told(3).slice(0, 9))
  lines[0]?.send(`${told(3).slice(9)}: still here\n\nevent: missed\ndata: {"missed":7}\n\n`)
  await vi.waitFor(() => expect(log).toEqual(['boot-1', 'boot-2', 'open', 'boot-3', 'missed 7']))
  feed.stop()
})

test('takes up after the last one when the line breaks', async () => {
  const { feed, log } = setup()
  await vi.waitFor(() => expect(lines).toHaveLength(1))
  expect(lines[0]?.lastId).toBeNull()
  lines[0]?.send(told(5))
  await vi.waitFor(() => expect(log).toContain('boot-5'))
  lines[0]?.end()
  await vi.waitFor(() => expect(log.at(-1)).toBe('closed'))
  await vi.advanceTimersByTimeAsync(2000)
  await vi.waitFor(() => expect(lines).toHaveLength(2))
  expect(lines[1]?.lastId).toBe('boot-5')
  feed.stop()
  expect(lines[1]?.aborted()).toBe(true)
})

test('a line that says nothing for long is given up', async () => {
  const { feed } = setup()
  await vi.waitFor(() => expect(lines).toHaveLength(1))
  await vi.advanceTimersByTimeAsync(39_000)
  expect(lines[0]?.aborted()).toBe(false)
  await vi.advanceTimersByTimeAsync(5000)
  expect(lines[0]?.aborted()).toBe(true)
  await vi.waitFor(() => expect(lines).toHaveLength(2))
  feed.stop()
})

test('nothing is asked while the page is hidden', async () => {
  const { feed, page } = setup()
  await vi.waitFor(() => expect(lines).toHaveLength(1))
  page.show(false)
  expect(lines[0]?.aborted()).toBe(true)
  await vi.advanceTimersByTimeAsync(120_000)
  expect(lines).toHaveLength(1)
  page.show(true)
  await vi.waitFor(() => expect(lines).toHaveLength(2))
  feed.stop()
})
