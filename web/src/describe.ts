import { sourceTrack, type Stream, type Track } from './api.ts'
import * as f from './format.ts'

/** What is known about a stream, in short phrases. Pure. */

/** "H.264 High 4.0", "AAC-LC 48 kHz stereo". A profile that begins with the codec's name stands for both. */
export function trackPhrase(track: Track): string {
  const codec = f.codec(track.codec)
  const profile = track.profile ?? ''
  const name = profile === '' ? codec : profile.startsWith(track.codec) || profile.includes(codec) ? profile : `${codec} ${profile}`
  if (track.kind === 'video') return name
  return [name, track.sample_rate ? f.sampleRate(track.sample_rate) : '', track.channels ? f.channels(track.channels) : '']
    .filter(Boolean)
    .join(' ')
}

/** "H.264 High 4.0 · AAC-LC 48 kHz stereo", of the publisher's own tracks. */
export function codecsPhrase(stream: Stream): string {
  const tracks = [sourceTrack(stream, 'video'), sourceTrack(stream, 'audio')].filter((t) => t !== undefined)
  return tracks.map(trackPhrase).join(' · ')
}

/** "RTMP · OBS 31.0.2". */
export function publisherPhrase(stream: Stream): string {
  const { protocol, encoder } = stream.publisher ?? {}
  return [protocol ? f.protocol(protocol) : '', encoderName(encoder ?? '')].filter(Boolean).join(' · ')
}

/** Encoders call themselves in ways that only their makers know. */
export function encoderName(encoder: string): string {
  const obs = /libobs version ([\w.-]+)/.exec(encoder)
  if (obs) return `OBS ${obs[1]}`
  const lavf = /^Lavf([\d.]+)$/.exec(encoder)
  return lavf ? `ffmpeg (Lavf ${lavf[1]})` : encoder
}

/** Seconds since the publisher came. */
export function age(stream: Stream, now: number): number | null {
  const since = Date.parse(stream.since ?? '')
  return Number.isNaN(since) ? null : (now - since) / 1000
}
