import { get } from '../api.ts'
import { namePath } from '../name.ts'

/** What a check came to, as the gateway's API says it. */
export type Verdict = 'ok' | 'unknown' | 'warning' | 'bad'

/** The gateway's areas, and the two of which only a browser knows. */
export type Area = 'publisher' | 'stream' | 'gateway' | 'network' | 'way' | 'browser'

export interface Check {
  /** Of the check, the same whatever it found. */
  id: string
  /** Of what it found, if that is trouble. */
  code?: string
  area: Area
  verdict: Verdict
  title: string
  /** The facts, with numbers. */
  seen: string
  /** What it costs. */
  why?: string
  /** What to set, and where. */
  remedy?: string
}

/** GET /api/v1/streams/{stream}/diagnosis. */
export interface Diagnosis {
  stream: string
  at: string
  verdict: Verdict
  caller: { address: string; proxied: boolean; secure: boolean }
  checks: Check[]
}

export function fetchDiagnosis(name: string, signal?: AbortSignal): Promise<Diagnosis> {
  return get<Diagnosis>(`/api/v1/streams/${namePath(name)}/diagnosis`, signal)
}

/** The worst of the checks; what is unknown is no trouble. */
export function worst(checks: Check[]): Verdict {
  if (checks.some((c) => c.verdict === 'bad')) return 'bad'
  return checks.some((c) => c.verdict === 'warning') ? 'warning' : 'ok'
}
