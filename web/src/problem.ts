/** What a server says about a refused request: application/problem+json (RFC 9457), or the bare status. */
export interface Problem {
  status: number
  title: string
  detail: string
  /** What programs tell it from others of its status by; absent where the status says enough. */
  type?: string
}

/** The type of problems with the source of a stream that the gateway fetches itself. */
export const SOURCE_PROBLEM = 'urn:millrace:problem:source'

/** Longer texts than this are not for people. */
const MAX_TEXT = 500

export async function readProblem(response: Response): Promise<Problem> {
  const problem: Problem = { status: response.status, title: response.statusText, detail: '' }
  if (!(response.headers.get('Content-Type') ?? '').includes('json')) return problem
  try {
    const body: unknown = await response.json()
    if (body !== null && typeof body === 'object') {
      const { title, detail, type } = body as Record<string, unknown>
      if (typeof title === 'string') problem.title = title.slice(0, MAX_TEXT)
      if (typeof detail === 'string') problem.detail = detail.slice(0, MAX_TEXT)
      if (type === SOURCE_PROBLEM) problem.type = type
    }
  } catch {
    // A body that is not JSON after all: the status has to do.
  }
  return problem
}

/** Retry-After in milliseconds: seconds or an HTTP date (RFC 9110 10.2.3); 0 when absent or unreadable, an hour at most. */
export function retryAfterMs(header: string | null, now: number): number {
  if (header === null) return 0
  const value = header.trim()
  // An HTTP date begins with the name of its day; Date.parse alone takes "-5" for a year.
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : /^[A-Z]/i.test(value) ? Date.parse(value) - now : 0
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), 3_600_000) : 0
}
