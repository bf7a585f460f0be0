import type { Feed } from './feed.ts'
import type { Courses } from './courses.ts'

/** What the parts of the dashboard share. */
export interface Context {
  feed: Feed
  /** Of the streams, as long as the page is open. */
  courses: Courses
  /** Whether whoever looks may end sessions, as far as is known. */
  mayAdmin: () => boolean
  /** It was refused after all. */
  notAdmin: () => void
}

/** One of the dashboard's two faces. */
export interface View {
  readonly element: HTMLElement
  readonly title: string
  start(): void
  stop(): void
  /** Called each second, with or without news; now is seconds since 1970. */
  tick(now: number): void
  /** The theme is another one. */
  redraw(): void
  /** The gateway answers: a look is taken at once. */
  refresh(): void
}
