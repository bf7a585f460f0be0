/** Sorting, holding still and paging of long lists. Pure. */

export type Sortable = number | string

export interface Order {
  key: string
  down: boolean
}

/** Sorted by what value gives, equals by their names. Unknown things (NaN, "") stand last either way. */
export function sorted<T>(rows: readonly T[], order: Order, value: (row: T, key: string) => Sortable, name: (row: T) => string): T[] {
  const keyed = rows.map((row) => ({ row, value: value(row, order.key), name: name(row) }))
  const unknown = (v: Sortable) => v === '' || Number.isNaN(v)
  keyed.sort((a, b) => {
    if (unknown(a.value) !== unknown(b.value)) return unknown(a.value) ? 1 : -1
    const difference = compare(a.value, b.value)
    return difference !== 0 ? (order.down ? -difference : difference) : compare(a.name, b.name)
  })
  return keyed.map(({ row }) => row)
}

function compare(a: Sortable, b: Sortable): number {
  if (typeof a === 'string' && typeof b === 'string') return COLLATOR.compare(a, b)
  return a < b ? -1 : a > b ? 1 : 0
}

/** Stream 2 before stream 10. */
const COLLATOR = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** The rows in the order they had before, new ones behind: what somebody points at must not run away. */
export function held<T>(rows: readonly T[], before: readonly string[], name: (row: T) => string): T[] {
  const place = new Map(before.map((key, i) => [key, i]))
  const at = (row: T) => place.get(name(row)) ?? before.length
  return [...rows].sort((a, b) => at(a) - at(b))
}

/** Whether every word is in the text. */
export function matches(text: string, words: string): boolean {
  const lower = text.toLowerCase()
  return words.toLowerCase().split(/\s+/).every((word) => lower.includes(word))
}

export interface Page {
  /** From 0. */
  number: number
  /** At least 1. */
  count: number
  /** The first row and the one after the last. */
  from: number
  to: number
}

/** The page of that number, or the last one if there are no longer so many. */
export function pageOf(rows: number, size: number, number: number): Page {
  const count = Math.max(1, Math.ceil(rows / size))
  const at = Math.min(Math.max(0, number), count - 1)
  return { number: at, count, from: at * size, to: Math.min(rows, (at + 1) * size) }
}
