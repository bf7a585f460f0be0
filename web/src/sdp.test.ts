import { expect, test } from 'vitest'
import { preferStereo, restartFragment, withRestart, withStartBitrate } from './sdp.ts'

const OFFER = ['v=0', 'a=rtpmap:111 opus/48000/2', 'a=fmtp:111 minptime=10;useinbandfec=1', 'a=rtpmap:96 H264/90000', ''].join('\r\n')

test('stereo is asked for where Opus is offered', () => {
  expect(preferStereo(OFFER)).toContain('a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;sprop-stereo=1\r\n')
  expect(preferStereo(preferStereo(OFFER))).toBe(preferStereo(OFFER))
  expect(preferStereo(OFFER.replace('minptime', 'sprop-stereo=1;minptime'))).toContain(';stereo=1\r\n')
  expect(preferStereo('v=0\r\n')).toBe('v=0\r\n')
})

test('a restart is asked for with the first m-line alone', () => {
  const sdp = [
    'v=0',
    'a=group:BUNDLE 0 1',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'c=IN IP4 0.0.0.0',
    'a=ice-ufrag:u',
    'a=ice-pwd:p',
    'a=ice-options:trickle',
    'a=mid:0',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'a=ice-ufrag:u',
    'a=mid:1',
    '',
  ].join('\r\n')
  expect(restartFragment(sdp).split('\r\n')).toEqual([
    'a=group:BUNDLE 0 1',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'a=ice-ufrag:u',
    'a=ice-pwd:p',
    'a=mid:0',
    '',
  ])
})

test('an answer after a restart has new credentials in every section and candidates in the first', () => {
  const answer = 'v=0\no=x 4 9 IN\na=ice-ufrag:s\nm=video 9\na=ice-ufrag:o\na=ice-pwd:o\na=candidate:1\na=end-of-candidates\na=rid:h recv\nm=audio 9\n'
  const fragment = 'a=ice-ufrag:n\r\na=ice-pwd:p\r\nm=video 9\r\na=ice-ufrag:n\r\na=ice-pwd:p\r\na=candidate:2\r\n'
  expect(withRestart(answer, fragment).split('\r\n')).toEqual(
    ['v=0', 'o=x 4 10 IN', 'm=video 9', 'a=rid:h recv', 'a=ice-ufrag:n', 'a=ice-pwd:p', 'a=candidate:2', 'm=audio 9', 'a=ice-ufrag:n', 'a=ice-pwd:p', ''],
  )
})

test('a start bitrate is written beside every video codec and nothing else', () => {
  const answer = [
    'v=0',
    'm=audio 9 X 111',
    'a=rtpmap:111 opus/48000/2',
    'a=fmtp:111 stereo=1',
    'm=video 9 X 102 103 96 97',
    'a=rtpmap:102 H264/90000',
    'a=fmtp:102 packetization-mode=1',
    'a=rtpmap:103 rtx/90000',
    'a=fmtp:103 apt=102',
    'a=rtpmap:96 VP8/90000',
    '',
  ]
  const expected = answer.with(6, 'a=fmtp:102 packetization-mode=1;x-google-start-bitrate=1500')
  expected.splice(10, 0, 'a=fmtp:96 x-google-start-bitrate=1500')
  expect(withStartBitrate(answer.join('\r\n'), 1500.4).split('\r\n')).toEqual(expected)
})
