/** Invented streams, shaped like the API's. Numbers wander a little so that pages move. */

export const SERVER = { version: '0.1.0', rtmp_port: 1935, rtsp_port: 0, http_port: 8080, webrtc_port: 8000 }

const WARNINGS = {
  b_frames: {
    code: 'b_frames',
    title: 'B-frames are left out: viewers see 10 of 30 frames a second',
    detail: 'Browsers cannot play B-frames over WebRTC. 66 % of this stream’s frames are B-frames and are dropped.',
    remedy: 'OBS: Settings → Output → Streaming, set “Max B-frames” to 0 (x264: Tune “zerolatency”).',
  },
  long_keyframe_interval: {
    code: 'long_keyframe_interval',
    title: 'Keyframes are 8.3 s apart',
    detail: 'After packet loss the picture stands until the next keyframe.',
    remedy: 'OBS: Settings → Output → Streaming, set “Keyframe interval” to 2 s.',
  },
  audio_unplayable: {
    code: 'audio_unplayable',
    title: 'The sound cannot be played in browsers',
    detail: 'HE-AAC cannot be turned into Opus by this build.',
    remedy: 'Set the encoder’s audio to AAC-LC.',
  },
  publisher_gone: {
    code: 'publisher_gone',
    title: 'The publisher has left',
    detail: 'The stream is kept for 15 s in case it comes back.',
    remedy: 'Nothing to do: viewers stay connected and go on as soon as it is back.',
  },
}

const wander = (value, share = 0.22) => Math.round(value * (1 + (Math.random() - 0.5) * share))

const players = (how, why) => [
  { what: 'browsers (WebRTC)', how, why },
  { what: 'RTSP', how: 'pass', why: '' },
  { what: 'RTMP', how: 'pass', why: '' },
]

function video(bitrate, over = {}) {
  return {
    id: 1, kind: 'video', codec: 'H264', profile: 'High 4.0', width: 1280, height: 720, frame_rate: 30,
    bitrate: wander(bitrate), keyframe_interval: 2, b_frame_share: 0, frames: 1000, keyframes: 17, b_frames: 0,
    derived_from: 0, playable: 'pass', note: '', players: players('pass', ''), ...over,
  }
}

function audio(over = {}) {
  return {
    id: 2, kind: 'audio', codec: 'AAC', profile: 'AAC-LC', sample_rate: 48000, channels: 2, bitrate: wander(160_000),
    derived_from: 0, playable: 'derive', note: 'turned into Opus for browsers', players: players('derive', 'turned into Opus'), ...over,
  }
}

export function stream(name, over = {}) {
  const tracks = over.tracks ?? [video(2_500_000), audio()]
  return {
    name, live: true, generation: 1, since: new Date(Date.now() - 8_040_000).toISOString(),
    publisher: { protocol: 'rtmp', remote: '127.0.0.1:51324', encoder: 'obs-output module (libobs version 31.0.2)' },
    viewers: 3, bitrate: tracks.reduce((sum, t) => sum + t.bitrate, 0), warnings: [], ...over, tracks,
  }
}

const demo = () => stream('live/demo', { publisher: { protocol: 'rtmp', remote: '127.0.0.1:40112', encoder: 'Lavf61.7.100' } })

const obs = () =>
  stream('live/studio-a', {
    since: new Date(Date.now() - 754_000).toISOString(),
    tracks: [video(6_000_000, { width: 1920, height: 1080, frame_rate: 30, keyframe_interval: 8.33, b_frame_share: 0.66, players: players('derive', 'turned into H.264 without B-frames') }), audio()],
    viewers: 128,
    warnings: [WARNINGS.b_frames, WARNINGS.long_keyframe_interval],
  })

const gone = () =>
  stream('garden/front-gate', {
    live: false,
    since: new Date(Date.now() - 93_600_000).toISOString(),
    publisher: { protocol: 'rtmp', remote: '10.0.0.7:40000', encoder: '' },
    tracks: [video(0, { width: 640, height: 360, frame_rate: 0, profile: 'Baseline 3.0' })],
    viewers: 1,
    warnings: [WARNINGS.publisher_gone],
  })

const many = () =>
  ['main-stage', 'side-stage', 'backstage', 'keynote', 'workshop-1', 'workshop-2', 'lobby', 'roof', 'drone'].map((key, i) =>
    stream(`event/${key}`, {
      since: new Date(Date.now() - 40_000 * 3 ** i).toISOString(),
      tracks: [
        video(1_200_000 + 700_000 * i, { frame_rate: i % 3 === 2 ? 59.94 : 30, width: i % 2 ? 1920 : 1280, height: i % 2 ? 1080 : 720 }),
        i === 5
          ? audio({ profile: 'HE-AAC', playable: 'no', note: WARNINGS.audio_unplayable.detail })
          : audio({ sample_rate: i % 2 ? 44100 : 48000 }),
      ],
      viewers: [0, 1, 12, 240, 3, 0, 7, 1, 41][i],
      warnings: i === 5 ? [WARNINGS.audio_unplayable] : [],
    }),
  )

const NAMES = ['main-stage', 'side-stage', 'keynote', 'lobby', 'roof', 'drone', 'garden', 'harbour', 'bridge', 'tower', 'court', 'pool']
const PLACES = ['berlin', 'oslo', 'lisbon', 'tokyo', 'lima']

/** Two hundred and thirty streams; they are invented anew at each look, always the same but for their numbers. */
const crowd = () =>
  Array.from({ length: 230 }, (_, i) => {
    const place = PLACES[i % PLACES.length]
    const name = `${place}/${NAMES[Math.floor(i / 5) % NAMES.length]}-${1 + Math.floor(i / 60)}`
    return stream(name, {
      since: new Date(Date.now() - (60 + i * i * 13) * 1000).toISOString(),
      publisher: { protocol: ['rtmp', 'whip', 'rtsp'][i % 3], remote: `198.51.100.${i}:4${1000 + i}`, encoder: i % 3 === 0 ? 'obs-output module (libobs version 31.0.2)' : '' },
      viewers: Math.floor(900 / (1 + i)) + (i % 4),
      live: i % 29 !== 7,
      ...(i % 23 === 4 ? { warnings: [WARNINGS.long_keyframe_interval] } : {}),
    })
  }).sort((a, b) => (a.name < b.name ? -1 : 1))

/** Name -> the streams of now. */
export const scenarios = {
  crowd,
  none: () => [],
  one: () => [demo()],
  three: () => [gone(), demo(), obs()],
  swapped: () => [gone(), { ...demo(), viewers: 500 }, obs()],
  cluster: () => [demo(), obs()],
  twelve: () => [gone(), demo(), obs(), ...many()].sort((a, b) => (a.name < b.name ? -1 : 1)),
  down: () => 503,
}
