import { expect, test } from 'vitest'
import { SessionError } from '../session-error.ts'
import type { Stats } from '../stats.ts'
import type { Candidate, Transport } from './candidates.ts'
import { receptionChecks, wayChecks } from './findings.ts'
import type { Reception, Try } from './probe.ts'

const place = { host: 'gateway.example', seenAs: '192.168.1.20' }

function candidates(transport: Transport, ...addresses: string[]): Candidate[] {
  return addresses.map((address) => ({ transport, address, port: 8000 }))
}

function tried(transport: Transport, outcome: Try['outcome'], over: Partial<Try> = {}): Try {
  return {
    transport,
    candidates: outcome === 'absent' ? [] : candidates(transport, '192.168.1.5'),
    outcome,
    error: null,
    connectMs: outcome === 'connected' ? 12 : null,
    roundTripMs: 3,
    local: '192.168.1.20:5000',
    hasNetwork: true,
    hasDetours: false,
    ...over,
  }
}

test('both ways work', () => {
  const checks = wayChecks(tried('udp', 'connected'), tried('tcp', 'connected'), place)
  expect(checks.map((c) => c.verdict)).toEqual(['ok', 'ok'])
  expect(checks[0]?.seen).toBe('Connected in 12 ms to UDP 192.168.1.5:8000 from 192.168.1.20:5000; a round trip takes 3 ms.')
})

test('UDP is blocked and TCP is not: it plays, and the port is named', () => {
  const [udp, tcp] = wayChecks(tried('udp', 'blocked'), tried('tcp', 'connected'), place)
  expect(udp).toMatchObject({ code: 'udp_blocked', verdict: 'warning' })
  expect(udp?.remedy).toContain('open UDP port 8000')
  expect(tcp?.verdict).toBe('ok')
})

test('a server without TCP is told what to set', () => {
  const [, tcp] = wayChecks(tried('udp', 'connected'), tried('tcp', 'absent'), place)
  expect(tcp).toMatchObject({ code: 'tcp_absent', verdict: 'warning' })
  expect(tcp?.remedy).toContain('webrtc.tcp')
})

const nothing: [string, Partial<Try>, typeof place, string][] = [
  ['a firewall', { candidates: candidates('udp', '192.168.1.5') }, place, 'ufw allow 8000/udp'],
  ['private addresses, seen from outside', {}, { ...place, seenAs: '203.0.113.9' }, 'webrtc.public_ips to its outer address'],
  ['loopback, seen from elsewhere', { candidates: candidates('udp', '127.0.0.1') }, place, 'loopback'],
  ['another address than the page', { candidates: candidates('udp', '198.51.100.9') }, { ...place, host: '198.51.100.1' }, 'webrtc.public_ips to 198.51.100.1'],
]
for (const [name, over, where, remedy] of nothing) {
  test(`nothing gets through: ${name}`, () => {
    const [udp, tcp] = wayChecks(tried('udp', 'blocked', over), tried('tcp', 'blocked'), where)
    expect(udp).toMatchObject({ code: 'udp_blocked', verdict: 'bad' })
    expect(udp?.remedy).toContain(remedy)
    expect(tcp).toMatchObject({ code: 'tcp_blocked', verdict: 'bad' })
  })
}

test('a relay that works makes of trouble what could be better', () => {
  const blocked = [tried('udp', 'blocked'), tried('tcp', 'blocked')] as const
  expect(wayChecks(...blocked, place, true).map((c) => [c.id, c.verdict])).toEqual([['udp', 'warning'], ['tcp', 'warning'], ['relay', 'ok']])
  expect(wayChecks(...blocked, place, false).at(-1)).toMatchObject({ code: 'relay_blocked', verdict: 'bad' })
})

test('a browser that lets WebRTC see no network is told from a firewall', () => {
  const [udp] = wayChecks(tried('udp', 'blocked', { hasNetwork: false }), tried('tcp', 'connected'), place)
  expect(udp).toMatchObject({ code: 'webrtc_shut_in', verdict: 'bad' })
})

const refusals: [number, string][] = [[409, 'session_not_live'], [401, 'session_forbidden'], [403, 'session_forbidden'], [503, 'session_refused']]
for (const [status, code] of refusals) {
  test(`a refusal with ${status}`, () => {
    const error = new SessionError('refused', '', { status, title: 'No', detail: 'It is so.' })
    const checks = wayChecks(tried('udp', 'refused', { error }), tried('tcp', 'refused', { error }), place)
    expect(checks).toHaveLength(1)
    expect(checks[0]).toMatchObject({ code, verdict: 'bad', seen: `It said: ${status}, It is so.` })
  })
}

const last = { packetsReceived: 900, framesDecoded: 0, fps: 30, videoBitrate: 2e6, audioBitrate: 1e5 } as Stats
const good: Reception = { firstFrameMs: 80, width: 1280, height: 720, seconds: 3, received: 1000, lost: 0, last }

test('what came through', () => {
  const [frame, loss] = receptionChecks(good, true, 'UDP')
  expect(frame).toMatchObject({ verdict: 'ok', seen: 'It was there 80 ms after it was asked for, 1280×720, 30 frames a second.' })
  expect(loss?.seen).toBe('0 of 1000 packets were lost in 3 s over UDP (0 %), 2.1 Mb/s came in.')
  expect(receptionChecks(null, true, 'UDP')).toEqual([])
})

test('lost packets are counted against all', () => {
  expect(receptionChecks({ ...good, lost: 5 }, true, 'UDP')[1]).toMatchObject({ code: 'loss', verdict: 'warning' })
  expect(receptionChecks({ ...good, lost: 100 }, true, 'UDP')[1]).toMatchObject({ code: 'loss', verdict: 'bad' })
})

test('no picture: nothing came, or nothing could be made of it', () => {
  const none = { ...last, packetsReceived: 0 }
  expect(receptionChecks({ ...good, firstFrameMs: null, received: 0, last: none }, true, 'UDP')[0]).toMatchObject({ code: 'no_packets', verdict: 'bad' })
  expect(receptionChecks({ ...good, firstFrameMs: null }, true, 'UDP')[0]).toMatchObject({ code: 'not_decoded', verdict: 'bad' })
})
