import { fetchCluster, fetchTree, type Tree } from '../cluster.ts'
import { h } from '../dom.ts'
import { picture } from '../parts/cluster.ts'
import { Poller } from '../poller.ts'

const EVERY_MS = 3000

/** By which nodes a stream goes; nothing where the node is alone. */
export class Way {
  readonly element: HTMLElement
  readonly #body = h('div', { class: 'tree', tabindex: 0, role: 'region', 'aria-labelledby': 'way-title' })
  readonly #poller: Poller<Tree | null>
  #clustered: boolean | null = null

  constructor(stream: string) {
    const head = h('div', { class: 'panel-head' }, h('h2', { id: 'way-title' }, 'The way through the nodes'))
    this.element = h('section', { class: 'panel cluster', hidden: true }, head, this.#body)
    this.#poller = new Poller({
      fetch: async (signal) => {
        this.#clustered ??= (await fetchCluster(signal)).clustered
        return this.#clustered ? fetchTree(stream, signal) : null
      },
      everyMs: EVERY_MS,
      onValue: (tree) => {
        if (tree === null) return this.#poller.stop()
        this.element.hidden = false
        this.#body.replaceChildren(picture(tree))
      },
      onError: () => (this.element.hidden = true),
    })
  }

  start(): void {
    this.#poller.start()
  }

  stop(): void {
    this.#poller.stop()
  }
}
