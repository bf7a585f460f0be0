import { ApiError } from '../api.ts'
import { fetchMayAdmin, fetchOverview, fetchPast, type Happening, type Overview as Numbers, type Past } from '../dashboard/api.ts'
import type { Context, View } from '../dashboard/context.ts'
import { Courses } from '../dashboard/courses.ts'
import { Feed } from '../dashboard/feed.ts'
import { Login } from '../dashboard/login.ts'
import { Overview } from '../dashboard/overview.ts'
import { StreamView } from '../dashboard/stream.ts'
import { Top } from '../dashboard/top.ts'
import { h, need, setAttribute, setText } from '../dom.ts'
import { nameFromPath } from '../name.ts'
import { Poller } from '../poller.ts'
import { carry, pageToken } from '../token.ts'

/** The dashboard: what a node is doing, for those who run it. Its two faces share what they know, so that going there and back loses no past. */

const EVERY_MS = 1000
/** What is handed to a stream's list of events of those that came before it. */
const PAST = 200
/** One answer that fails to come is not worth a word. */
const TELL_AFTER = 2

class Dashboard {
  readonly #main = need('#dashboard')
  readonly #banner = h('p', { class: 'banner', role: 'status', hidden: true })
  readonly #login = new Login((token) => this.#enter(token))
  readonly #top: Top
  readonly #feed = new Feed()
  readonly #context: Context
  /** Made when the gateway lets us look: it asks for things of its own. */
  #overview: Overview | null = null
  /** What the node was like before. */
  #before: Past | null = null
  readonly #poller: Poller<Numbers>
  readonly #past: Happening[] = []
  #view: View | null = null
  #mayAdmin = false
  #rightsAsked = false
  #answered = 0
  #scrolled = 0

  constructor() {
    this.#context = {
      feed: this.#feed,
      courses: new Courses(),
      mayAdmin: () => this.#mayAdmin,
      notAdmin: () => {
        this.#mayAdmin = false
        this.#view?.refresh()
      },
    }
    this.#top = new Top(need('#top-side'), () => this.#view?.redraw(), () => this.#leave())
    this.#main.append(this.#banner, this.#login.element)
    this.#poller = new Poller({
      fetch: (signal) => this.#look(signal),
      everyMs: EVERY_MS,
      onValue: (numbers) => this.#take(numbers),
      onError: (error, failures) => this.#fail(error, failures),
    })
    this.#feed.on('happening', (one) => {
      this.#past.push(one)
      if (this.#past.length > PAST) this.#past.shift()
    })
    this.#listen()
    this.#start()
  }

  #listen(): void {
    document.addEventListener('click', (event) => this.#onClick(event))
    window.addEventListener('popstate', () => this.#route())
    // Also a token that somebody changes by hand.
    window.addEventListener('hashchange', () => this.#restart())
    setInterval(() => document.visibilityState === 'visible' && this.#view?.tick(Date.now() / 1000), EVERY_MS)
  }

  #start(): void {
    this.#top.credential()
    setAttribute(need('#brand'), 'href', carry('/', pageToken()))
    setAttribute(need('#here'), 'href', carry('/dashboard', pageToken()))
    this.#rightsAsked = false
    this.#poller.start()
  }

  #restart(): void {
    this.#poller.stop()
    this.#start()
  }

  async #askRights(): Promise<void> {
    this.#rightsAsked = true
    try {
      this.#mayAdmin = await fetchMayAdmin()
    } catch {
      // Not to be found out: the button is there, and its refusal is told.
      this.#mayAdmin = true
    }
    this.#view?.refresh()
  }

  /** The first time with what was before: the charts begin with it, where it can be had. */
  async #look(signal: AbortSignal): Promise<Numbers> {
    const numbers = await fetchOverview(signal)
    if (this.#overview === null) this.#before = await fetchPast(signal).catch(() => null)
    return numbers
  }

  #take(numbers: Numbers): void {
    const now = Date.now() / 1000
    const back = this.#view === null || this.#main.dataset['stale'] === 'true'
    this.#answered = now
    this.#login.hide()
    this.#tell(numbers.draining ? 'This node lets everybody go and takes nobody any more.' : '', false)
    this.#top.answers(numbers)
    if (!this.#rightsAsked) void this.#askRights()
    if (this.#overview === null) {
      this.#overview = new Overview(this.#context)
      if (this.#before !== null) this.#overview.begin(this.#before, now)
      this.#before = null
    }
    this.#overview.push(numbers, now)
    if (this.#view === null) {
      this.#feed.start()
      this.#overview.start()
      this.#route()
    } else if (back) {
      this.#view.refresh()
    }
  }

  #fail(error: unknown, failures: number): void {
    if (error instanceof ApiError && error.denied) {
      this.#ask(error)
      return
    }
    if (failures < TELL_AFTER) return
    const said = error instanceof ApiError ? error.problem.detail || error.problem.title : ''
    const old = this.#answered === 0 ? '' : ` What you see is of ${new Date(this.#answered * 1000).toLocaleTimeString('en-GB')}.`
    this.#tell(`${said === '' ? 'The gateway does not answer.' : `The gateway says: ${said}.`}${old} This page keeps trying.`.replace('..', '.'), true)
    this.#top.silent('no answer')
  }

  #tell(words: string, stale: boolean): void {
    setText(this.#banner, words)
    this.#banner.hidden = words === ''
    setAttribute(this.#main, 'data-stale', String(stale))
  }

  /** Nothing is asked until there is another credential: wrong ones are held against their address. */
  #ask(error: ApiError): void {
    this.#poller.stop()
    this.#feed.stop()
    this.#overview?.stop()
    this.#show(null)
    this.#tell('', false)
    this.#top.signedOut()
    this.#login.show(error)
  }

  #enter(token: string): void {
    history.replaceState(history.state, '', carry(location.pathname, token))
    this.#restart()
  }

  #leave(): void {
    history.replaceState(history.state, '', location.pathname)
    // What was seen with the credential is not to be seen without it.
    location.reload()
  }

  #onClick(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (link === null || link.dataset['route'] === undefined || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return
    event.preventDefault()
    if (this.#view === this.#overview) this.#scrolled = scrollY
    history.pushState(null, '', link.href)
    this.#route()
    this.#view?.element.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true })
  }

  /** Shows what the address says. */
  #route(): void {
    const name = nameFromPath(location.pathname)
    if (name === '') {
      this.#show(this.#overview)
      scrollTo(0, this.#scrolled)
    } else if (!(this.#view instanceof StreamView) || this.#view.name !== name) {
      const view = new StreamView(name, this.#context, this.#past)
      this.#show(view)
      view.start()
      scrollTo(0, 0)
    }
  }

  #show(view: View | null): void {
    if (this.#view === view) return
    // The overview goes on behind a stream: it keeps the past of all of them.
    if (this.#view !== this.#overview) this.#view?.stop()
    this.#view?.element.remove()
    this.#view = view
    if (view !== null) {
      this.#main.append(view.element)
      view.tick(Date.now() / 1000)
    }
    document.title = view === null || view === this.#overview ? 'Dashboard – Millrace' : `${view.title} – Dashboard – Millrace`
  }
}

new Dashboard()
