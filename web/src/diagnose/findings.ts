import * as f from '../format.ts'
import { describe, reachOf, type Transport } from './candidates.ts'
import type { Check, Verdict } from './check.ts'
import type { Reception, Try } from './probe.ts'

/** What the tries say, in words. Pure. */

/** Where the page is, and how the gateway sees this browser. */
export interface Place {
  /** The page's host, without port. */
  host: string
  /** This browser's address as the gateway saw it, "" if it did not say. */
  seenAs: string
}

/** relayed is whether a relay (TURN) helped, null where none was tried. */
export function wayChecks(udp: Try, tcp: Try, place: Place, relayed: boolean | null = null): Check[] {
  const refused = [udp, tcp].find((t) => t.outcome === 'refused')
  if (refused !== undefined) return [refusal(refused)]
  const checks = [way(udp, tcp, place), way(tcp, udp, place)]
  if (relayed === null) return checks
  // It plays after all: what is blocked costs a detour.
  return [...(relayed ? checks.map((c) => (c.verdict === 'bad' ? { ...c, verdict: 'warning' as const } : c)) : checks), relay(relayed)]
}

function relay(works: boolean): Check {
  const check = { id: 'relay', area: 'way' as const, why: 'A relay (TURN) leads around networks that let neither UDP nor TCP through to the gateway’s own port.' }
  if (works) return { ...check, verdict: 'ok', title: 'The relay works', seen: 'What did not get through directly does by the TURN server.' }
  return {
    ...check,
    verdict: 'bad',
    code: 'relay_blocked',
    title: 'The relay does not get through either',
    seen: 'No answer within 8 s by the TURN server that the gateway names.',
    remedy: 'Open its ports (turn.address, turn.tls_address); a network that lets only web traffic out needs turn.tls_address on port 443, see docs/turn.md.',
  }
}

/** The server did not take the request: no packet was sent at all. */
function refusal({ error }: Try): Check {
  const problem = error?.problem
  const check = { id: 'session', code: 'session_refused', area: 'way' as const, verdict: 'bad' as const, why: 'Without a session there are no packets.' }
  if (error?.failure === 'unreachable') {
    return {
      ...check,
      code: 'session_unreachable',
      title: 'The server does not answer the player’s request',
      seen: 'No HTTP answer came.',
      remedy: 'See that the gateway runs and that a proxy before it passes POST /whep/ on.',
    }
  }
  const words = problem?.detail || problem?.title || error?.message || ''
  const seen = `It said: ${problem ? `${problem.status}, ` : ''}${words}`
  if (problem?.status === 409) {
    return { ...check, code: 'session_not_live', title: 'There is nothing to play yet', seen, remedy: 'See “The publisher” above.' }
  }
  if (problem?.status === 401 || problem?.status === 403) {
    return {
      ...check,
      code: 'session_forbidden',
      title: 'This page may not watch the stream',
      seen,
      remedy: 'Open it by a link that has a token in it (…#token=…), which the stream’s owner gives you.',
    }
  }
  return { ...check, title: 'The server refused to play it', seen, remedy: 'What it says is in its log, too.' }
}

function way(t: Try, other: Try, place: Place): Check {
  const name = t.transport.toUpperCase()
  const check = { id: t.transport, area: 'way' as const, why: WHY[t.transport] }
  switch (t.outcome) {
    case 'connected':
      return {
        ...check,
        verdict: 'ok',
        title: `${name} works`,
        seen: `Connected in ${f.milliseconds(t.connectMs)} to ${named(t)}${t.local === '' ? '' : ` from ${t.local}`}; a round trip takes ${f.milliseconds(t.roundTripMs)}.`,
      }
    case 'absent':
      return {
        ...check,
        verdict: t.transport === 'tcp' ? 'warning' : 'bad',
        code: `${t.transport}_absent`,
        title: `The server names no address for ${name}`,
        seen: 'Its answer has no candidate of that kind.',
        remedy: t.transport === 'tcp' ? 'Set webrtc.tcp to true, for networks that let no UDP out.' : 'See webrtc.address and webrtc.public_ips in its configuration.',
      }
    case 'closed':
      return { ...check, verdict: 'bad', code: `${t.transport}_closed`, title: `The server ended the session over ${name}`, seen: `It was connected to ${named(t)}.`, remedy: 'The server’s log says why.' }
    default:
      return { ...check, ...blocked(t, other, place) }
  }
}

const WHY: Record<Transport, string> = {
  udp: 'The picture comes over UDP where it can: what is lost is skipped, and nothing waits for it.',
  tcp: 'TCP is the way out of networks that let no UDP through; on a line that loses packets the picture comes late.',
}

/** Nothing came back from any of the addresses. */
function blocked(t: Try, other: Try, place: Place): { verdict: Verdict; code: string; title: string; seen: string; remedy: string } {
  const name = t.transport.toUpperCase()
  const seen = `No answer within 8 s from ${named(t)}.`
  const port = t.candidates[0]?.port ?? 8000
  if (!t.hasNetwork) {
    return {
      verdict: 'bad',
      code: 'webrtc_shut_in',
      title: `The browser lets WebRTC see no network (${name})`,
      seen: `${seen} The browser has no address of its own to send from.`,
      remedy: 'A setting, a policy or a VPN’s extension keeps WebRTC in: Brave and uBlock Origin have “WebRTC IP handling”, some VPNs “block WebRTC”. Switch it off for this site.',
    }
  }
  if (other.outcome === 'connected') {
    const tcp = t.transport === 'tcp'
    return {
      verdict: 'warning',
      code: `${t.transport}_blocked`,
      title: tcp ? 'TCP does not get through' : 'UDP does not get through, TCP does',
      seen,
      remedy: tcp
        ? `It is not needed here. For viewers whose networks let no UDP out: open TCP port ${port} to the gateway.`
        : `It plays over TCP here. For the better way: open UDP port ${port} to the gateway in its firewall, cloud security group and router; if others get UDP, it is this network or a VPN that blocks it.`,
    }
  }
  return { verdict: 'bad', code: `${t.transport}_blocked`, title: `${name} does not get through`, seen, remedy: wrongAddress(t, place) || firewall(t, port) }
}

/** The addresses themselves show that they cannot lead there. */
function wrongAddress(t: Try, { host, seenAs }: Place): string {
  const reaches = t.candidates.map((c) => reachOf(c.address))
  const set = 'On the gateway set webrtc.public_ips to'
  const numeric = /^[\d.]+$|:/.test(host)
  if (!reaches.includes('anywhere') && seenAs !== '' && reachOf(seenAs) === 'anywhere') {
    return `The server names private addresses only, and you come from the internet (${seenAs}). ${set} its outer address.`
  }
  if (reaches.every((r) => r === 'here') && reachOf(host) !== 'here' && host !== 'localhost') {
    return `The server names its own loopback only, which leads to this machine instead. ${set} the address that viewers reach it by.`
  }
  if (numeric && !t.candidates.some((c) => c.address === host)) {
    return `You reached the page at ${host}, and the server names ${named(t)}. ${set} ${host} if that is right, and open the port there.`
  }
  return ''
}

function firewall(t: Try, port: number): string {
  const name = t.transport.toUpperCase()
  return (
    `Open ${name} port ${port} to the gateway: in its own firewall (ufw allow ${port}/${t.transport}), in the cloud’s security group, in the router’s port forwarding. ` +
    'If other viewers get through, it is this network: try another one, without a VPN. For networks that let nothing out: a TURN server, see docs/turn.md.'
  )
}

function named(t: Try): string {
  return t.candidates.map(describe).join(', ')
}

/** More lost than this is seen by everybody. */
const MUCH_LOST = 0.02
/** What can be repaired without anybody noticing. */
const SOME_LOST = 0.002

/** What came of the media; null where nothing could be measured. */
export function receptionChecks(r: Reception | null, hasPicture: boolean, over: string): Check[] {
  if (r === null) return []
  return [arrival(r, hasPicture), loss(r, over)]
}

function arrival(r: Reception, hasPicture: boolean): Check {
  const what = hasPicture ? 'picture' : 'sound'
  const check = { id: 'first_frame', area: 'way' as const }
  if (r.firstFrameMs !== null) {
    const size = hasPicture && r.width > 0 ? `, ${r.width}×${r.height}` : ''
    const rate = hasPicture && r.last?.fps ? `, ${f.frameRate(r.last.fps)} frames a second` : ''
    return { ...check, verdict: 'ok', title: `The ${what} plays here`, seen: `It was there ${f.milliseconds(r.firstFrameMs)} after it was asked for${size}${rate}.` }
  }
  if (r.received === 0 && (r.last?.packetsReceived ?? 0) === 0) {
    return {
      ...check,
      verdict: 'bad',
      code: 'no_packets',
      title: 'The connection stands and nothing comes over it',
      seen: 'Not one packet of picture or sound arrived.',
      why: 'The publisher has stopped sending, or no keyframe has come yet.',
      remedy: 'See “The stream” above: whether anything comes in, and how far keyframes are apart.',
    }
  }
  return {
    ...check,
    verdict: 'bad',
    code: 'not_decoded',
    title: `Data arrives, and no ${what} is made of it`,
    seen: `${f.count(r.last?.packetsReceived ?? 0, 'packet')} arrived, ${f.count(r.last?.framesDecoded ?? 0, 'frame')} were decoded.`,
    why: 'The browser’s decoder waits for a keyframe, or does not take the encoder’s settings.',
    remedy: 'Set the encoder to H.264 Main or High, 8 bits, 4:2:0 (NV12), without B-frames, with a keyframe every 2 s. Switching hardware acceleration off in the browser’s settings shows whether its decoder is to blame.',
  }
}

function loss(r: Reception, over: string): Check {
  const share = r.received + r.lost === 0 ? 0 : r.lost / (r.received + r.lost)
  const seen = `${r.lost} of ${r.received + r.lost} packets were lost in ${r.seconds.toFixed(0)} s over ${over} (${f.percent(share)}), ${f.bitrate((r.last?.videoBitrate ?? 0) + (r.last?.audioBitrate ?? 0))} came in.`
  const check = { id: 'loss', area: 'way' as const, seen }
  if (share < SOME_LOST) return { ...check, verdict: 'ok', title: 'Packets arrive' }
  return {
    ...check,
    verdict: share < MUCH_LOST ? 'warning' : 'bad',
    code: 'loss',
    title: share < MUCH_LOST ? 'Some packets are lost' : 'Many packets are lost',
    why: 'What is lost is sent again once; what comes too late shows as a freeze.',
    remedy: 'Use a cable or 5 GHz Wi-Fi near the router, and stop downloads on this line. If all viewers lose packets: the gateway’s line is full; lower the stream’s bitrate, or add a node near the viewers (docs/cluster.md).',
  }
}

