import type { Status } from './status.ts'
import type { Reason } from './reason.ts'

/** What a person is told. */
export interface Words {
  title: string
  detail: string
  /** What the viewer (or the publisher) can do, "" if nothing. */
  remedy: string
}

/** What each reason is called. */
export const REASONS: Record<Reason, Words> = {
  not_live: {
    title: 'Waiting for the stream',
    detail: 'Nobody is publishing it at the moment.',
    remedy: 'The picture starts by itself as soon as the stream is there.',
  },
  source_down: {
    title: 'The source of this stream does not answer',
    detail: 'The server fetches it from elsewhere and cannot reach it now.',
    remedy: 'The picture starts by itself as soon as it can.',
  },
  publisher_gone: {
    title: 'The publisher has left or paused',
    detail: 'The connection stands, but nothing is coming in.',
    remedy: 'The picture goes on by itself as soon as the stream is back.',
  },
  picture_paused: {
    title: 'The picture has stopped',
    detail: 'Sound is still coming in, the publisher sends no video.',
    remedy: 'The picture goes on by itself as soon as there is one.',
  },
  server_unreachable: {
    title: 'The server cannot be reached',
    detail: 'It may be restarting, or your network connection is down.',
    remedy: '',
  },
  server_error: {
    title: 'The server has a problem',
    detail: 'It could not start the playback.',
    remedy: 'If this goes on, its log says why.',
  },
  overloaded: {
    title: 'The server is full',
    detail: 'It takes no more viewers at the moment.',
    remedy: '',
  },
  forbidden: {
    title: 'You may not watch this stream',
    detail: 'It needs a permission that this page does not have.',
    remedy: 'Ask the publisher for a link that includes one.',
  },
  refused: {
    title: 'The server refused to play this',
    detail: '',
    remedy: '',
  },
  codec_refused: {
    title: 'This browser cannot play the stream',
    detail: 'Browser and stream have no video or audio format in common.',
    remedy: 'The publisher can choose H.264 video without B-frames and AAC or Opus sound.',
  },
  udp_blocked: {
    title: 'The video cannot get through',
    detail: 'The server answers, but no UDP packet of it arrives. A firewall or VPN may be in the way.',
    remedy: 'Try another network, or ask for the server’s WebRTC port to be opened for UDP.',
  },
  connection_lost: {
    title: 'The connection was lost',
    detail: '',
    remedy: '',
  },
  decode_stalled: {
    title: 'The picture cannot be decoded',
    detail: 'Data arrives, but this browser makes no picture of it.',
    remedy: 'If this goes on, the stream’s encoder settings need a look; see the notes under the player.',
  },
  unsupported: {
    title: 'This browser has no WebRTC',
    detail: 'It is switched off, or the browser is too old.',
    remedy: 'Any current version of Chrome, Edge, Firefox or Safari plays the stream.',
  },
}

const STATES: Record<Status['state'], Words> = {
  idle: { title: 'Ready', detail: '', remedy: '' },
  connecting: { title: 'Connecting', detail: '', remedy: '' },
  waiting: REASONS.not_live,
  playing: { title: 'Live', detail: '', remedy: '' },
  stalled: { title: 'The stream has stopped', detail: '', remedy: '' },
  retrying: { title: 'Reconnecting', detail: '', remedy: '' },
  failed: { title: 'This does not work', detail: '', remedy: '' },
  paused: { title: 'Paused', detail: 'Playback resumes at the live picture.', remedy: '' },
}

/** Puts a status into words; the server's own words, when it has some, go before ours where it refused us. */
export function wordsFor(status: Status): Words {
  const words = status.reason === null ? STATES[status.state] : REASONS[status.reason]
  const theirs = status.reason === 'refused' || status.reason === 'source_down' || status.reason === 'codec_refused' || status.reason === 'server_error'
  return theirs && status.said !== '' ? { ...words, detail: status.said } : words
}
