import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { parseLinks } from './link.ts'
import { readLayers, type Rendition, Renditions } from './renditions.ts'

const LINKS = [
  '<sse>; rel="urn:ietf:params:whep:ext:core:server-sent-events"; events="active,layers,reconnect"',
  '<layer>; rel="urn:ietf:params:whep:ext:core:layer"',
].join(', ')
const THREE = JSON.stringify({
  '0': [
    { rid: 'l', bitrate: 100_000, width: 320, height: 180 },
    { rid: 'h', bitrate: 2_000_000, width: 1280, height: 720 },
    { rid: 'm', width: 640, heigth: 360 },
  ],
})

class FakeSource extends EventTarget {
  static all: FakeSource[] = []
  closed = false
  readonly url: string
  constructor(url: string) {
    super()
    this.url = url
    FakeSource.all.push(this)
  }
  say(type: string, data: string) {
    this.dispatchEvent(new MessageEvent(type, { data }))
  }
  close() {
    this.closed = true
  }
}

let page: EventTarget & { visibilityState: string }

beforeEach(() => {
  FakeSource.all = []
  page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  vi.stubGlobal('EventSource', FakeSource)
  vi.stubGlobal('document', page)
})
afterEach(() => void vi.unstubAllGlobals())

function setup(links = LINKS) {
  const requests: string[] = []
  const changes: Rendition[][] = []
  const moves: (string | null)[] = []
  const session = {
    links: parseLinks(links),
    refuses: false,
    resolve: (target: string) => new URL(target, 'http://box/sessions/1/').href,
    async request(target: string, init: RequestInit) {
      requests.push(`${target} ${String(init.body)}`)
      if (session.refuses) throw new Error('422')
      return new Response(null, { status: 201, headers: { Location: 'sse/1' } })
    },
  }
  const renditions = new Renditions(session, { onChange: (r) => changes.push(r), onReconnect: (url) => moves.push(url) })
  return { renditions, session, requests, changes, moves, last: () => FakeSource.all.at(-1) as FakeSource }
}

test('subscribes, lists, chooses, and goes back to automatic', async () => {
  const { renditions, requests, changes, last } = setup()
  await renditions.start(null)
  expect(requests).toEqual(['sse ["layers","reconnect"]'])
  expect(last().url).toBe('http://box/sessions/1/sse/1')
  last().say('layers', THREE)
  last().say('layers', THREE)
  expect(changes.map((c) => c.map((r) => r.rid))).toEqual([['h', 'm', 'l']])
  expect(await renditions.choose('m')).toBe(true)
  expect(await renditions.choose(null)).toBe(true)
  expect(requests.slice(1)).toEqual(['layer {"rid":"m"}', 'layer {}'])
  renditions.stop()
  expect(last().closed).toBe(true)
  expect(changes.at(-1)).toEqual([])
})

test('a choice of an earlier session is told as soon as it can be', async () => {
  const { renditions, requests, last } = setup()
  await renditions.start('m')
  last().say('layers', '{"0":[{"rid":"h"}]}')
  expect(requests).toHaveLength(1)
  last().say('layers', THREE)
  expect(requests[1]).toBe('layer {"rid":"m"}')
})

test('a server without the extensions is not bothered', async () => {
  const { renditions, requests } = setup('')
  await renditions.start(null)
  expect(requests).toEqual([])
  expect(FakeSource.all).toEqual([])
  renditions.stop()
})

test('a refusal is told, and broken extensions are none', async () => {
  const { renditions, session } = setup()
  session.refuses = true
  await renditions.start(null)
  expect(FakeSource.all).toEqual([])
  expect(await renditions.choose('h')).toBe(false)
})

test('a hidden page holds no connection', async () => {
  const { renditions, last } = setup()
  page.visibilityState = 'hidden'
  await renditions.start(null)
  expect(FakeSource.all).toEqual([])
  page.visibilityState = 'visible'
  page.dispatchEvent(new Event('visibilitychange'))
  expect(FakeSource.all).toHaveLength(1)
  page.visibilityState = 'hidden'
  page.dispatchEvent(new Event('visibilitychange'))
  expect(last().closed).toBe(true)
  renditions.stop()
  page.visibilityState = 'visible'
  page.dispatchEvent(new Event('visibilitychange'))
  expect(FakeSource.all).toHaveLength(1)
})

test('the server may ask for a new session, elsewhere', async () => {
  const { renditions, moves, last } = setup()
  await renditions.start(null)
  last().say('reconnect', '{}')
  last().say('reconnect', '{"url":"https://other.example/whep/live/x"}')
  last().say('reconnect', '{"url":"/whep/x"}')
  last().say('reconnect', 'rubbish')
  expect(moves).toEqual([null, 'https://other.example/whep/live/x', 'http://box/whep/x', null])
})

test('layers are read whatever their form', () => {
  expect(readLayers(THREE)[1]).toEqual({ rid: 'm', width: 640, height: 360, bitrate: 0 })
  expect(readLayers('{"1":{"active":[{"rid":"a","height":1},{"rid":"b","height":2}]}}').map((r) => r.rid)).toEqual(['b', 'a'])
  // Temporal layers of one picture are no choice.
  expect(readLayers('{"0":[{"rid":"a","temporalLayerId":0},{"rid":"a","temporalLayerId":1}]}')).toEqual([])
  for (const odd of ['', 'null', '[]', '{"0":null}', '{"0":[1,null,{"rid":""}]}', '{"0":{"layers":3}}']) expect(readLayers(odd)).toEqual([])
})
