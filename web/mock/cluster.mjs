/** A cluster with invented nodes, and a stream's way through it. */
const node = (id, more = {}) => ({
  id,
  region: 'eu',
  role: 'edge',
  version: '1.4.0',
  http: `http://${id}.example`,
  relay: [],
  draining: false,
  since: '2026-01-01T12:00:00Z',
  silent: 0.4,
  load: { viewers: 120, streams: 2, bitrate: 300_000_000, cpu: 0.31 },
  ...more,
})

const nodes = [
  node('origin-frankfurt', { role: 'origin', load: { viewers: 0, streams: 2, bitrate: 12_000_000, cpu: 0.04 } }),
  node('relay'),
  node('edge-new-york-city-2', { region: 'us', draining: true }),
  node('edge-3', { region: 'us' }),
  node('edge-4', { region: 'us', load: { viewers: 1, streams: 1, bitrate: 2_500_000, cpu: 0.02 } }),
]

const copy = (server, current = true) => ({ server, there: true, current })

const directory = { leader: 'relay', wanted: 3, copies: [copy('edge-3', false), copy('origin-frankfurt'), copy('relay')] }

const ALONE = { node: 'box', clustered: false, connected: true, since: '2026-01-01T12:00:00Z', cause: '', nodes: [] }

/** What /api/v1/cluster says: only the scenario "cluster" has one. */
export const clusterOf = (scenario) => (scenario === 'cluster' ? { ...ALONE, node: 'relay', clustered: true, nodes, directory } : ALONE)

const hop = (id, parent, hops, latency, hop_latency, viewers) => ({ node: id, parent, hops, latency, hop_latency, viewers, region: '', transport: 'quic', rtt: 0, frames: 1000, lost: 0 })

export const treeOf = (stream) => ({
  stream,
  origin: 'origin-frankfurt',
  whole: true,
  nodes: [
    hop('origin-frankfurt', '', 0, 0, 0, 0),
    hop('relay', 'origin-frankfurt', 1, 0.0004, 0.0004, 120),
    hop('edge-new-york-city-2', 'relay', 2, 0.0414, 0.041, 120),
    hop('edge-3', 'edge-new-york-city-2', 3, 0.0418, 0.0004, 119),
    hop('edge-4', 'relay', 2, 0.0424, 0.042, 1),
  ],
})
