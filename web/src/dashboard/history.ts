/** The course of several numbers over time, for charts. Oldest samples fall out; silences become gaps. */
export class History<K extends string> {
  readonly #keys: readonly K[]
  readonly #keepS: number
  readonly #silenceS: number
  readonly #at: number[] = []
  readonly #values: Record<K, (number | null)[]>

  /** A pause of more than silenceS between two samples was a silence: no line is drawn through it. */
  constructor(keys: readonly K[], silenceS: number, keepS = 600) {
    this.#keys = keys
    this.#silenceS = silenceS
    this.#keepS = keepS
    this.#values = Object.fromEntries(keys.map((key) => [key, []])) as unknown as Record<K, (number | null)[]>
  }

  /** at is seconds since 1970. Samples of the past are not taken: a clock may be set back. */
  push(at: number, sample: Record<K, number | null>): void {
    const last = this.#at.at(-1)
    if (last !== undefined && at <= last) {
      if (last - at < this.#silenceS) return
      this.#drop(this.#at.length)
    } else if (last !== undefined && at - last > this.#silenceS) {
      this.#add(last + this.#silenceS / 2, null)
    }
    this.#add(at, sample)
    const first = this.#at.findIndex((t) => t >= at - this.#keepS)
    this.#drop(first)
  }

  #add(at: number, sample: Record<K, number | null> | null): void {
    this.#at.push(at)
    for (const key of this.#keys) this.#values[key].push(sample === null ? null : sample[key])
  }

  #drop(count: number): void {
    if (count <= 0) return
    this.#at.splice(0, count)
    for (const key of this.#keys) this.#values[key].splice(0, count)
  }

  /** When the samples were taken. */
  get times(): readonly number[] {
    return this.#at
  }

  of(key: K): readonly (number | null)[] {
    return this.#values[key]
  }

  /** What a number was at the sample nearest to a time; null: not known. */
  near(key: K, at: number): number | null {
    let best = -1
    for (const [i, t] of this.#at.entries()) if (best < 0 || Math.abs(t - at) < Math.abs((this.#at[best] ?? 0) - at)) best = i
    return this.#values[key][best] ?? null
  }

  /** The least and the greatest that is known; null without any. */
  range(key: K): { least: number; most: number } | null {
    const known = this.#values[key].filter((v) => v !== null)
    return known.length === 0 ? null : { least: Math.min(...known), most: Math.max(...known) }
  }
}
