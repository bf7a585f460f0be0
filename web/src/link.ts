/** Link header fields (RFC 8288): what a server says there is besides a session. */

export interface Link {
  /** As it stands in the header: absolute or relative to the request's address. */
  target: string
  rel: string
  /** All other parameters, names in small letters. */
  parameters: Record<string, string>
}

/** More than any server has to say. */
const MAX_LINKS = 64

/** Reads the value of a Link header, in which the browser has joined all fields by commas. What cannot be read is left out. */
export function parseLinks(header: string | null): Link[] {
  const links: Link[] = []
  // Some servers, and the examples of WHEP's extensions, forget a semicolon between parameters.
  const reader = /\s*<([^>]*)>((?:(?:\s*;\s*|\s+)[\w!#$&+.^`|~*-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]*))?)*)\s*;?\s*(?:,|$)/gy
  for (let match = reader.exec(header ?? ''); match !== null && match[0] !== ''; match = reader.exec(header ?? '')) {
    const { rel = '', ...parameters } = parseParameters(match[2] ?? '')
    links.push({ target: match[1] ?? '', rel, parameters })
    if (links.length === MAX_LINKS) break
  }
  return links
}

function parseParameters(text: string): Record<string, string> {
  const out: Record<string, string> = {}
  for (const [, name, quoted, bare] of text.matchAll(/[;\s]\s*([^\s=;]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*)))?/g)) {
    // The first of a name counts (RFC 8288 3.3 says so of rel).
    out[(name ?? '').toLowerCase()] ??= quoted?.replace(/\\(.)/g, '$1') ?? bare ?? ''
  }
  return out
}

/** The STUN and TURN servers among the links (RFC 9725 4.6). */
export function iceServers(links: Link[]): RTCIceServer[] {
  return links
    .filter((l) => l.rel === 'ice-server' && /^(stun|turn)s?:/.test(l.target))
    .map(({ target, parameters: { username, credential } }) => ({
      urls: target,
      ...(username === undefined ? {} : { username }),
      ...(credential === undefined ? {} : { credential }),
    }))
}
