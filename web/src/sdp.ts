/** What is read from and written into session descriptions. Pure. */

/** Without stereo=1 in the receiver's own description browsers decode Opus in mono, and send it so (RFC 7587 6.1). */
export function preferStereo(sdp: string): string {
  return withOpus(withOpus(sdp, 'stereo'), 'sprop-stereo')
}

function withOpus(sdp: string, parameter: string): string {
  const pt = /^a=rtpmap:(\d+) opus\/48000\/2/im.exec(sdp)?.[1]
  if (pt === undefined) return sdp
  return sdp.replace(new RegExp(`^(a=fmtp:${pt} )(?!(?:.*[ ;])?${parameter}=)(.*)$`, 'm'), `$1$2;${parameter}=1`)
}

/**
 * Lets Chromium and its kin begin to encode at that rate (kilobits per second). Their own is 300: for the first seconds
 * they would send a small picture over any line. Others ignore it.
 */
export function withStartBitrate(answer: string, kbps: number): string {
  const { session, media } = split(answer)
  const parameter = `x-google-start-bitrate=${Math.round(kbps)}`
  const sections = media.map((lines) => {
    if (!lines[0]?.startsWith('m=video')) return lines
    return lines.flatMap((line) => {
      const pt = /^a=rtpmap:(\d+) (?:H264|VP8|VP9|AV1)\//i.exec(line)?.[1]
      if (pt !== undefined && !lines.some((l) => l.startsWith(`a=fmtp:${pt} `))) return [line, `a=fmtp:${pt} ${parameter}`]
      const codec = /^a=fmtp:(\d+) (?!apt=)/.exec(line)?.[1]
      return codec === undefined ? [line] : [`${line};${parameter}`]
    })
  })
  return join([...session, ...sections.flat()])
}

/** What a server is sent to restart ICE (RFC 9725 4.3.3): the credentials of a new offer, under its first m-line. */
export function restartFragment(offer: string): string {
  const { session, media } = split(offer)
  const first = media[0] ?? []
  const lines = [
    ...pick(session, ['a=ice-options:', 'a=group:']),
    first[0] ?? '',
    ...pick(first, ['a=mid:', 'a=ice-ufrag:', 'a=ice-pwd:', 'a=candidate:']),
  ]
  return join(lines)
}

/**
 * The server's answer as it is after an ICE restart: with the credentials and candidates of the fragment that it
 * answered with. Nothing else changes.
 */
export function withRestart(answer: string, fragment: string): string {
  const news = fragment.split(/\r?\n/)
  const credentials = [...new Set(pick(news, ['a=ice-ufrag:', 'a=ice-pwd:']))]
  const candidates = pick(news, ['a=candidate:', 'a=end-of-candidates'])
  const { session, media } = split(answer)
  const old = ['a=ice-ufrag:', 'a=ice-pwd:', 'a=candidate:', 'a=end-of-candidates']
  const keep = (lines: string[]) => lines.filter((l) => !old.some((o) => l.startsWith(o)))
  const sections = media.map((m, i) => [...keep(m), ...credentials, ...(i === 0 ? candidates : [])])
  return join([...keep(session).map(nextVersion), ...sections.flat()])
}

/** A changed description has a greater version (RFC 8866 5.2). */
function nextVersion(line: string): string {
  return line.replace(/^(o=\S+ \S+ )(\d+)/, (_, before: string, version: string) => `${before}${BigInt(version) + 1n}`)
}

function pick(lines: string[], prefixes: string[]): string[] {
  return lines.filter((l) => prefixes.some((p) => l.startsWith(p)))
}

function join(lines: string[]): string {
  return lines.map((l) => `${l}\r\n`).join('')
}

/** The lines of the session and of each m-section. */
function split(sdp: string): { session: string[]; media: string[][] } {
  const session: string[] = []
  const media: string[][] = []
  for (const line of sdp.split(/\r?\n/)) {
    if (line === '') continue
    if (line.startsWith('m=')) media.push([])
    ;(media.at(-1) ?? session).push(line)
  }
  return { session, media }
}
