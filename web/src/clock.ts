/** How many sender reports are looked back on: at one a second, clocks that drift are followed within half a minute. */
const WINDOW = 30

/**
 * The server's wall clock as seen from here, learned from RTCP sender reports.
 *
 * A report says what time it was at the server; it reaches us half a round trip later, or later still when it was
 * queued. Every delay makes the server's clock look slower than it is, so the largest offset seen is the best one, and
 * the shortest round trip the one that belongs to it.
 */
export class ServerClock {
  #offsets: number[] = []
  #roundTrips: number[] = []
  #lastReport = 0

  /**
   * Takes a report: the server's time in it, our time at its arrival (both milliseconds since 1970) and the round
   * trip in milliseconds. The same report may be given many times.
   */
  observe(reportTime: number, arrival: number, roundTrip: number): void {
    if (reportTime === this.#lastReport) return
    this.#lastReport = reportTime
    this.#offsets.push(reportTime - arrival)
    this.#roundTrips.push(roundTrip)
    if (this.#offsets.length > WINDOW) this.#offsets.shift()
    if (this.#roundTrips.length > WINDOW) this.#roundTrips.shift()
  }

  /** The server's time at our time `now`, or null while no report has come. */
  at(now: number): number | null {
    return this.#offsets.length === 0 ? null : now + Math.max(...this.#offsets) + Math.min(...this.#roundTrips) / 2
  }
}
