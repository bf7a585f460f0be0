/** The addresses that a server's answer names, and answers that name only some of them. Pure. */

export type Transport = 'udp' | 'tcp'

export interface Candidate {
  transport: Transport
  address: string
  port: number
}

/** a=candidate:foundation component transport priority address port typ type … (RFC 8839 5.1) */
const CANDIDATE = /^a=candidate:\S+ \d+ (udp|tcp) \d+ (\S+) (\d+) typ \S+(.*)$/i

/** What can be connected to. Of TCP that is where the server listens (RFC 6544 4.5: passive). */
export function candidatesOf(sdp: string): Candidate[] {
  const found = new Map<string, Candidate>()
  for (const line of sdp.split(/\r?\n/)) {
    const candidate = read(line)
    if (candidate !== null) found.set(describe(candidate), candidate)
  }
  return [...found.values()]
}

/** The answer as it is for a browser that shall try one transport only. */
export function only(transport: Transport, sdp: string): string {
  return sdp
    .split('\r\n')
    .filter((line) => !line.startsWith('a=candidate:') || read(line)?.transport === transport)
    .join('\r\n')
}

/** "UDP 192.0.2.1:8000" */
export function describe({ transport, address, port }: Candidate): string {
  return `${transport.toUpperCase()} ${address.includes(':') ? `[${address}]` : address}:${port}`
}

/** From where an address can be reached, as far as it shows. */
export function reachOf(address: string): 'here' | 'inside' | 'anywhere' {
  const a = address.toLowerCase()
  if (/^127\./.test(a) || a === '::1') return 'here'
  const inside = /^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|f[cd]|fe[89ab])/
  return inside.test(a) || a.endsWith('.local') ? 'inside' : 'anywhere'
}

function read(line: string): Candidate | null {
  const [, transport = '', address = '', port = '', rest = ''] = CANDIDATE.exec(line) ?? []
  if (transport === '') return null
  const tcp = transport.toLowerCase() === 'tcp'
  if (tcp && !/ tcptype passive\b/i.test(rest)) return null
  return { transport: tcp ? 'tcp' : 'udp', address, port: Number(port) }
}
