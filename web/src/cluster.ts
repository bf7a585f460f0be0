import { get } from './api.ts'
import { namePath } from './name.ts'

/** What the gateway that is asked knows of the other nodes. */
export interface Cluster {
  /** The id of the one that is asked. */
  node: string
  /** False: it is alone by its configuration. */
  clustered: boolean
  connected: boolean
  cause: string
  nodes: ClusterNode[]
  /** Not of one that is alone. */
  directory?: Directory
}

/** Where the list of who has what is kept. */
export interface Directory {
  /** Through which all is written; "" where none leads, or it is not known. */
  leader: string
  /** 0 where the node that is asked does not say how many there should be. */
  wanted: number
  copies: { server: string; there: boolean; current: boolean }[]
}

export interface ClusterNode {
  id: string
  region: string
  role: string
  version: string
  draining: boolean
  /** Seconds since it was last heard of. */
  silent: number
  load: { viewers: number; streams: number; bitrate: number; cpu: number }
}

/** By which nodes a stream goes, the origin first. */
export interface Tree {
  stream: string
  nodes: TreeNode[]
}

export interface TreeNode {
  node: string
  /** "" for the origin. */
  parent: string
  viewers: number
  hops: number
  /** Seconds from the origin's to here, and the link's part of it. */
  latency: number
  hop_latency: number
}

export function fetchCluster(signal?: AbortSignal): Promise<Cluster> {
  return get<Cluster>('/api/v1/cluster', signal)
}

export function fetchTree(name: string, signal?: AbortSignal): Promise<Tree> {
  return get<Tree>(`/api/v1/cluster/streams/${namePath(name)}`, signal)
}

/** The directory in words; urgent where it may soon be gone, or is. */
export function describeDirectory({ leader, wanted, copies }: Directory): { words: string; urgent: boolean } {
  if (copies.length === 0) return { words: 'Where the directory is kept is not known now.', urgent: false }
  const away = copies.filter((c) => !c.there).map((c) => c.server)
  const late = copies.filter((c) => c.there && !c.current).map((c) => c.server)
  const all = Math.max(wanted, copies.length)
  const words = [
    leader === '' ? 'Nobody leads the directory' : `The directory is led by ${leader}`,
    `${copies.length - away.length - late.length} of ${all} ${all === 1 ? 'copy' : 'copies'} up to date`,
    away.length > 0 && `gone: ${away.join(', ')}`,
    late.length > 0 && `catching up: ${late.join(', ')}`,
  ]
  return { words: `${words.filter(Boolean).join('; ')}.`, urgent: leader === '' || away.length > 0 || copies.length < wanted }
}

/** Where a node stands in the picture: columns are hops, rows such that no lines cross. */
export interface Place {
  node: TreeNode
  column: number
  row: number
  parent: Place | null
}

/** Lays a tree out. Nodes whose parent is not among them stand like origins; each is drawn once, whatever the answer says. */
export function layOut(nodes: TreeNode[]): Place[] {
  const known = new Set(nodes.map((n) => n.node))
  const placed: Place[] = []
  const seen = new Set<string>()
  let rows = 0
  const add = (node: TreeNode, parent: Place | null): void => {
    if (seen.has(node.node)) return
    seen.add(node.node)
    const place: Place = { node, column: parent === null ? 0 : parent.column + 1, row: 0, parent }
    placed.push(place)
    const first = rows
    for (const child of nodes) if (child.parent === node.node) add(child, place)
    if (rows === first) rows++
    place.row = (first + rows - 1) / 2
  }
  for (const node of nodes) if (node.parent === '' || !known.has(node.parent)) add(node, null)
  return placed
}

/** "0.4 ms", "12 ms". */
export function hopTime(seconds: number): string {
  const ms = seconds * 1000
  return `${ms < 9.95 ? ms.toFixed(1) : Math.round(ms)} ms`
}

/** The tree in words, for those who do not see it. */
export function describeTree(nodes: TreeNode[]): string {
  return nodes
    .map(({ node, parent, viewers, hop_latency }) => {
      const from = parent === '' ? 'has it from its publisher' : `from ${parent} in ${hopTime(hop_latency)}`
      return `${node} ${from}, ${viewers} ${viewers === 1 ? 'viewer' : 'viewers'}`
    })
    .join('; ')
}
