import { expect, test } from 'vitest'
import { candidatesOf, describe as words, only, reachOf } from './candidates.ts'

const answer = [
  'v=0',
  'm=video 9 UDP/TLS/RTP/SAVPF 96',
  'a=candidate:1 1 udp 2130706431 192.0.2.7 8000 typ host',
  'a=candidate:2 1 udp 2130706175 2001:db8::7 8000 typ host',
  'a=candidate:3 1 tcp 1520434943 192.0.2.7 8000 typ host tcptype passive',
  'a=candidate:4 1 TCP 1518280447 192.0.2.9 9 typ host tcptype active',
  'a=end-of-candidates',
  '',
].join('\r\n')

test('an answer names what can be connected to', () => {
  expect(candidatesOf(answer + answer).map(words)).toEqual(['UDP 192.0.2.7:8000', 'UDP [2001:db8::7]:8000', 'TCP 192.0.2.7:8000'])
  expect(candidatesOf('a=candidate:garbage')).toEqual([])
})

test('an answer for one transport names the other no more, and nothing else changes', () => {
  expect(candidatesOf(only('udp', answer)).map((c) => c.transport)).toEqual(['udp', 'udp'])
  expect(candidatesOf(only('tcp', answer)).map((c) => c.transport)).toEqual(['tcp'])
  const rest = (sdp: string) => sdp.split('\r\n').filter((l) => !l.startsWith('a=candidate'))
  expect(rest(only('udp', answer))).toEqual(rest(answer))
})

test('from where an address can be reached', () => {
  for (const a of ['127.0.0.2', '::1']) expect(reachOf(a), a).toBe('here')
  for (const a of ['10.1.2.3', '192.168.0.1', '172.16.0.1', '172.31.9.9', '100.64.0.1', 'fd00::1', 'fe80::1', 'abc.local']) {
    expect(reachOf(a), a).toBe('inside')
  }
  for (const a of ['203.0.113.7', '172.32.0.1', '100.128.0.1', '2001:db8::1']) expect(reachOf(a), a).toBe('anywhere')
})
