import type { Words } from '../words.ts'
import type { CaptureFailure } from './capture.ts'
import type { Limitation } from './stats.ts'
import type { PublishReason, PublishStatus } from './status.ts'
import type { StudioNotice } from './studio.ts'

const REASONS: Record<PublishReason, Words> = {
  name_taken: {
    title: 'Somebody publishes under this name',
    detail: 'A stream has one publisher at a time.',
    remedy: '',
  },
  unauthorized: {
    title: 'Publishing here needs a token',
    detail: 'The server does not know you by what this page has sent.',
    remedy: 'Whoever runs the server can give you one.',
  },
  codec_refused: {
    title: 'The server does not take this format',
    detail: 'It has no video or audio format in common with what this browser offered.',
    remedy: 'Choose another codec in the settings.',
  },
  refused: {
    title: 'The server refused the stream',
    detail: '',
    remedy: '',
  },
  server_unreachable: {
    title: 'The server cannot be reached',
    detail: 'It may be restarting, or your network connection is down.',
    remedy: '',
  },
  server_error: {
    title: 'The server has a problem',
    detail: 'It could not take the stream.',
    remedy: 'If this goes on, its log says why.',
  },
  overloaded: {
    title: 'The server is full',
    detail: 'It takes no more publishers at the moment.',
    remedy: '',
  },
  udp_blocked: {
    title: 'The video cannot get through',
    detail: 'The server answers, but no packet gets to its WebRTC port. A firewall or VPN may be in the way.',
    remedy: 'Try another network, or ask for the server’s WebRTC port to be opened for UDP or TCP.',
  },
  connection_lost: {
    title: 'The connection was lost',
    detail: 'Viewers see a standing picture until it is back.',
    remedy: '',
  },
  ended: {
    title: 'The server has ended the stream',
    detail: 'It may be restarting, or somebody else has taken the name over.',
    remedy: '',
  },
  unsupported: {
    title: 'This browser has no WebRTC',
    detail: 'It is switched off, or the browser is too old.',
    remedy: 'Any current version of Chrome, Edge, Firefox or Safari can publish.',
  },
}

/** Puts what stands between a publisher and its viewers into words; the server's own go before ours where it refused us. */
export function publishWords({ reason, said }: PublishStatus): Words {
  if (reason === null) return { title: '', detail: '', remedy: '' }
  const words = REASONS[reason]
  const theirs = reason === 'refused' || reason === 'codec_refused' || reason === 'server_error'
  return theirs && said !== '' ? { ...words, detail: said } : words
}

const CAPTURE: Record<CaptureFailure, Words> = {
  denied: {
    title: 'The browser may not use them',
    detail: 'Access to camera or microphone was refused, now or at an earlier visit.',
    remedy: 'Press the sign left of the address, allow camera and microphone, and try again.',
  },
  denied_by_system: {
    title: 'The system does not let this browser',
    detail: 'The privacy settings of the computer keep this browser from camera, microphone or screen.',
    remedy: 'Allow it there (macOS: Privacy & Security, Windows: Privacy), then restart the browser.',
  },
  dismissed: {
    title: 'The question was closed',
    detail: 'The browser needs a yes before it uses camera or microphone.',
    remedy: 'Try again, and press “Allow”.',
  },
  no_camera: {
    title: 'No camera was found',
    detail: 'None is plugged in, or it is switched off.',
    remedy: 'Plug one in; or share the screen, or publish sound alone.',
  },
  no_microphone: {
    title: 'No microphone was found',
    detail: 'None is plugged in, or it is switched off.',
    remedy: 'Plug one in, and try again.',
  },
  no_device: {
    title: 'No camera and no microphone was found',
    detail: 'None is plugged in, or they are switched off.',
    remedy: 'Plug one in, or share the screen.',
  },
  in_use: {
    title: 'The device does not start',
    detail: 'Another program uses it, or it is not working.',
    remedy: 'Close other programs that use it (calls, OBS), unplug it and plug it in again, then try again.',
  },
  not_allowed_here: {
    title: 'This page may not ask',
    detail: 'It is shown inside another page that keeps it from camera and microphone.',
    remedy: 'Open it in a tab of its own.',
  },
  failed: {
    title: 'This did not work',
    detail: 'The browser gives no reason.',
    remedy: 'Try again, or with another device or browser.',
  },
}

export function captureWords(failure: CaptureFailure): Words {
  return CAPTURE[failure]
}

export const INSECURE: Words = {
  title: 'This page needs https',
  detail: 'Browsers give camera, microphone and screen only to pages that come over https, or from the same machine.',
  remedy: '',
}

export const UNSUPPORTED: Words = {
  title: 'This browser cannot publish',
  detail: 'It has no WebRTC, or no way to a camera or screen.',
  remedy: 'Any current version of Chrome, Edge, Firefox or Safari can.',
}

export const NOTICES: Record<StudioNotice, string> = {
  camera_lost: 'The camera is gone. Viewers see that it is off; plug it in again or choose another.',
  microphone_lost: 'The microphone is gone. Viewers hear nothing; plug it in again or choose another.',
  no_camera: 'No camera was found: this is sound alone.',
  no_microphone: 'No microphone was found: this is a picture without sound.',
}

/** What keeps the picture from being as good as was chosen, "" if nothing does. */
export const LIMITATIONS: Record<Limitation, string> = {
  none: '',
  bandwidth: 'The line is too narrow for the chosen quality: the picture is sent smaller or coarser.',
  cpu: 'This computer cannot encode the chosen quality in time: the picture is sent smaller or slower.',
  other: 'The browser sends less than the chosen quality.',
}
