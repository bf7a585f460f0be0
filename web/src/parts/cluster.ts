import { ApiError } from '../api.ts'
import { type Cluster, type ClusterNode, describeDirectory, describeTree, fetchCluster, fetchTree, hopTime, layOut, type Place, type Tree } from '../cluster.ts'
import { h, setAttribute, setText, svg } from '../dom.ts'
import { bitrate, count, percent } from '../format.ts'
import { Poller } from '../poller.ts'

const EVERY_MS = 3000
/** Streams whose trees can be looked at: each that is open is asked for again and again. */
const MAX_STREAMS = 50

/** Measures of the picture, in its own units. */
const COLUMN = 216
const ROW = 58
const BOX = { width: 152, height: 42 }

/** The nodes of the cluster and the way of each stream through them; nothing where a gateway is alone. */
export class ClusterView {
  readonly #section: HTMLElement
  readonly #note = h('p', { class: 'cluster-note' })
  readonly #directory = h('p', { class: 'cluster-directory' })
  readonly #rows = h('tbody')
  readonly #trees = h('div', { class: 'trees' })
  readonly #open = new Map<string, TreeView>()
  readonly #poller = new Poller({
    fetch: fetchCluster,
    everyMs: EVERY_MS,
    onValue: (c) => this.#show(c),
    onError: (error) => {
      if (error instanceof ApiError && error.denied) this.#poller.stop()
    },
  })

  constructor(section: HTMLElement) {
    this.#section = section
    const heads = ['Node', 'Region', 'Role', 'Viewers', 'Streams', 'Sends', 'Processors', 'Version']
    section.append(
      h('h2', { id: 'cluster-title' }, 'Nodes'),
      this.#note,
      h(
        'div',
        { class: 'table', tabindex: 0, role: 'region', 'aria-label': 'Nodes, as a table' },
        h('table', {}, h('thead', {}, h('tr', {}, ...heads.map((t) => h('th', { scope: 'col' }, t)))), this.#rows),
      ),
      this.#directory,
      this.#trees,
    )
  }

  /** Begins to ask; for those of whom it is not known that they may not. */
  begin(): void {
    this.#poller.start()
  }

  /** The streams that there are. */
  streams(names: string[]): void {
    const wanted = new Set(names.slice(0, MAX_STREAMS))
    for (const [name, view] of this.#open) {
      if (wanted.has(name)) continue
      view.close()
      this.#open.delete(name)
    }
    for (const name of wanted) {
      if (this.#open.has(name)) continue
      const view = new TreeView(name)
      this.#open.set(name, view)
      this.#trees.append(view.element)
    }
  }

  #show(cluster: Cluster): void {
    this.#section.hidden = !cluster.clustered
    if (!cluster.clustered) return
    const cut = cluster.connected ? '' : `${cluster.node} is cut off from the others, so this may be old: ${cluster.cause}`
    setText(this.#note, cut)
    this.#note.hidden = cut === ''
    this.#rows.replaceChildren(...cluster.nodes.map((node) => row(node, node.id === cluster.node, node.id === cluster.directory?.leader)))
    this.#directory.hidden = cluster.directory === undefined
    if (cluster.directory === undefined) return
    const { words, urgent } = describeDirectory(cluster.directory)
    setText(this.#directory, words)
    setAttribute(this.#directory, 'data-bad', urgent)
  }
}

function row(node: ClusterNode, here: boolean, leads: boolean): HTMLElement {
  const { viewers, streams, bitrate: bits, cpu } = node.load
  const cells = [node.region || '–', node.role, String(viewers), String(streams), bitrate(bits), percent(cpu), node.version]
  return h(
    'tr',
    { 'data-node': node.id },
    h(
      'th',
      { scope: 'row' },
      node.id,
      here && h('span', { class: 'tag' }, 'this one'),
      leads && h('span', { class: 'tag', title: 'The directory is written through it' }, 'leads'),
      node.draining && h('span', { class: 'tag tag-warn' }, 'draining'),
    ),
    ...cells.map((text) => h('td', {}, text)),
  )
}

/** One stream's tree, looked at while it is open. */
class TreeView {
  readonly element: HTMLDetailsElement
  readonly #body = h('div', { class: 'tree', tabindex: 0, role: 'region' })
  readonly #poller: Poller<Tree>

  constructor(name: string) {
    this.element = h('details', { 'data-tree': name }, h('summary', {}, `The way of ${name}`), this.#body)
    this.#body.setAttribute('aria-label', `The way of ${name} through the nodes`)
    this.#poller = new Poller({
      fetch: (signal) => fetchTree(name, signal),
      everyMs: EVERY_MS,
      onValue: (tree) => this.#body.replaceChildren(picture(tree)),
      onError: () => this.#body.replaceChildren(h('p', { class: 'cluster-note' }, 'No node is known to have this stream now.')),
    })
    this.element.addEventListener('toggle', () => (this.element.open ? this.#poller.start() : this.#poller.stop()))
  }

  close(): void {
    this.#poller.stop()
    this.element.remove()
  }
}

/** The tree from left to right: a box for each node, a line for each link with what it takes. */
export function picture(tree: Tree): SVGElement {
  const places = layOut(tree.nodes)
  const columns = Math.max(0, ...places.map((p) => p.column))
  const rows = Math.max(0, ...places.map((p) => p.row))
  const width = columns * COLUMN + BOX.width + 2
  const height = Math.ceil(rows * ROW + BOX.height + 2)
  const image = svg('svg', { width, height, viewBox: `-1 -1 ${width} ${height}`, role: 'img', 'aria-label': describeTree(tree.nodes) })
  image.append(...places.flatMap(link), ...places.map(box))
  return image
}

function link({ node, column, row: at, parent }: Place): SVGElement[] {
  if (parent === null) return []
  const from = { x: parent.column * COLUMN + BOX.width, y: parent.row * ROW + BOX.height / 2 }
  const to = { x: column * COLUMN, y: at * ROW + BOX.height / 2 }
  const middle = (from.x + to.x) / 2
  const label = svg('text', { class: 'hop', x: middle, y: (from.y + to.y) / 2 - 5, 'text-anchor': 'middle' })
  label.textContent = hopTime(node.hop_latency)
  return [svg('path', { class: 'link', d: `M${from.x} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}` }), label]
}

/** Names are as long as their owners like. */
const MAX_NAME = 18

function box({ node, column, row: at }: Place): SVGElement {
  const x = column * COLUMN
  const y = at * ROW
  const name = svg('text', { class: 'name', x: x + 10, y: y + 18 })
  name.textContent = node.node.length > MAX_NAME ? `${node.node.slice(0, MAX_NAME - 1)}…` : node.node
  const below = svg('text', { class: 'below', x: x + 10, y: y + 34 })
  below.textContent = node.parent === '' ? `origin · ${count(node.viewers, 'viewer')}` : `${hopTime(node.latency)} · ${count(node.viewers, 'viewer')}`
  return svg('g', {}, svg('rect', { x, y, rx: 8, ...BOX }), name, below)
}
