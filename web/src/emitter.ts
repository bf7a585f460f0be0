/** A typed list of listeners; what the player and a WHEP session tell others through. */
export class Emitter<Events extends object> {
  #listeners = new Map<keyof Events, Set<(value: never) => void>>()

  /** Calls fn at every event of that name until the returned function is called. */
  on<K extends keyof Events>(name: K, fn: (value: Events[K]) => void): () => void {
    const set = this.#listeners.get(name) ?? new Set()
    this.#listeners.set(name, set)
    set.add(fn)
    return () => set.delete(fn)
  }

  protected emit<K extends keyof Events>(name: K, value: Events[K]): void {
    for (const fn of this.#listeners.get(name) ?? []) (fn as (value: Events[K]) => void)(value)
  }
}
