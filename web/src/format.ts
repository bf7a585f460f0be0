/** Numbers as people read them. "–" stands for what is not known. */
export const UNKNOWN = '–'

/** Bits per second: "160 kb/s", "2.7 Mb/s". */
export function bitrate(bps: number | null | undefined): string {
  if (bps == null || !Number.isFinite(bps)) return UNKNOWN
  if (bps < 1000) return `${Math.round(bps)} b/s`
  if (bps < 999_500) return `${Math.round(bps / 1000)} kb/s`
  return bps < 999.5e6 ? `${(bps / 1e6).toFixed(bps < 99.5e6 ? 1 : 0)} Mb/s` : `${(bps / 1e9).toFixed(1)} Gb/s`
}

/** "640 B", "38 kB", "184 MB", "1.9 GB". */
export function bytes(n: number | null | undefined): string {
  if (n == null || !Number.isFinite(n)) return UNKNOWN
  if (n < 999.5) return `${Math.round(n)} B`
  if (n < 999_500) return `${(n / 1e3).toFixed(n < 9950 ? 1 : 0)} kB`
  return n < 999.5e6 ? `${(n / 1e6).toFixed(n < 9.95e6 ? 1 : 0)} MB` : `${(n / 1e9).toFixed(1)} GB`
}

/** Frames a second, as measured: a decimal only where it says something: "30", "10.2". */
export function frameRate(fps: number | null | undefined): string {
  if (fps == null || !Number.isFinite(fps) || fps < 0) return UNKNOWN
  const rounded = Math.round(fps)
  return fps >= 20 || Math.abs(fps - rounded) < 0.15 ? String(rounded) : fps.toFixed(1)
}

export function resolution(width: number | null | undefined, height: number | null | undefined): string {
  return width && height ? `${width}×${height}` : UNKNOWN
}

/** "38 ms", "1.4 s". */
export function milliseconds(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return UNKNOWN
  return ms < 999.5 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}

/** A share 0..1: "0 %", "0.4 %", "66 %". */
export function percent(share: number | null | undefined): string {
  if (share == null || !Number.isFinite(share)) return UNKNOWN
  const value = share * 100
  return value > 0 && value < 9.95 ? `${value.toFixed(1)} %` : `${Math.round(value)} %`
}

/** How long something has been going on: "12 s", "4 min", "2 h 14 min", "3 d 2 h". */
export function duration(seconds: number | null | undefined): string {
  if (seconds == null || !Number.isFinite(seconds)) return UNKNOWN
  const s = Math.max(0, Math.floor(seconds))
  if (s < 60) return `${s} s`
  const min = Math.floor(s / 60)
  if (min < 60) return `${min} min`
  const h = Math.floor(min / 60)
  if (h < 24) return `${h} h ${min % 60} min`
  return `${Math.floor(h / 24)} d ${h % 24} h`
}

/** "2 viewers", "1 viewer". */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`
}

export function channels(n: number | null | undefined): string {
  if (!n) return UNKNOWN
  return n === 1 ? 'mono' : n === 2 ? 'stereo' : n === 6 ? '5.1' : `${n} channels`
}

/** Samples a second: "48 kHz", "44.1 kHz". */
export function sampleRate(hz: number | null | undefined): string {
  return hz ? `${hz / 1000} kHz` : UNKNOWN
}

/** The spelling people know: "H264" -> "H.264". */
export function codec(name: string | null | undefined): string {
  if (!name) return UNKNOWN
  const known: Record<string, string> = { H264: 'H.264', H265: 'H.265', HEVC: 'H.265', OPUS: 'Opus', MP3: 'MP3' }
  return known[name.toUpperCase()] ?? name
}

/** "rtmp" -> "RTMP". */
export function protocol(name: string): string {
  return name.toUpperCase()
}

/** A time that runs: "0:07", "12:34", "1:02:03". */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  const two = (n: number) => String(n).padStart(2, '0')
  const h = Math.floor(s / 3600)
  return h === 0 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
}
