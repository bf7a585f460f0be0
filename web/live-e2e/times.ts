import { expect } from '@playwright/test'

/** Whether the promises themselves are asserted, as on a machine that does nothing else. */
export const STRICT = process.env['LIVE_STRICT'] !== undefined

const SLACK = STRICT ? 1 : 6

/** Asserts a promised time in milliseconds, with slack. */
export function atMost(what: string, ms: number, promised: number): void {
  expect(ms, `${what}, promised ${promised} ms`).toBeLessThanOrEqual(promised * SLACK)
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

export function summary(values: number[]): string {
  return `median ${median(values).toFixed(0)} ms, worst ${Math.max(...values).toFixed(0)} ms`
}
