import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Poller, type Visibility } from './poller.ts'

class Page extends EventTarget implements Visibility {
  visibilityState = 'visible'
  show(visible: boolean): void {
    this.visibilityState = visible ? 'visible' : 'hidden'
    this.dispatchEvent(new Event('visibilitychange'))
  }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function setup(answers: (number | Error)[]) {
  const page = new Page()
  const log: string[] = []
  let asked = 0
  const poller = new Poller(
    {
      everyMs: 2000,
      random: () => 0,
      fetch: async () => {
        const answer = answers[Math.min(asked++, answers.length - 1)]
        if (answer instanceof Error) throw answer
        return answer
      },
      onValue: (value) => log.push(`value ${value}`),
      onError: (_, failures) => log.push(`error ${failures}`),
    },
    page,
  )
  return { page, log, poller, asked: () => asked }
}

test('asks at once and then at its pace', async () => {
  const { poller, log } = setup([1, 2, 3])
  poller.start()
  await vi.advanceTimersByTimeAsync(0)
  expect(log).toEqual(['value 1'])
  await vi.advanceTimersByTimeAsync(1999)
  expect(log).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(2001)
  expect(log).toEqual(['value 1', 'value 2', 'value 3'])
  poller.stop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(log).toHaveLength(3)
})

test('asks more slowly while it fails', async () => {
  const bad = new Error('down')
  const { poller, log, asked } = setup([bad, bad, bad, 7, 8])
  poller.start()
  await vi.advanceTimersByTimeAsync(2000 + 4000)
  expect(log).toEqual(['error 1', 'error 2', 'error 3'])
  await vi.advanceTimersByTimeAsync(7999)
  expect(asked()).toBe(3)
  await vi.advanceTimersByTimeAsync(1)
  expect(log.at(-1)).toBe('value 7')
  await vi.advanceTimersByTimeAsync(2000)
  expect(log.at(-1)).toBe('value 8')
  poller.stop()
})

test('is silent while the page is hidden and asks at once when it is seen again', async () => {
  const { page, poller, log, asked } = setup([1, 2])
  poller.start()
  await vi.advanceTimersByTimeAsync(0)
  page.show(false)
  await vi.advanceTimersByTimeAsync(600_000)
  expect(asked()).toBe(1)
  page.show(true)
  await vi.advanceTimersByTimeAsync(0)
  expect(log).toEqual(['value 1', 'value 2'])
  poller.stop()
  page.show(false)
  page.show(true)
  expect(asked()).toBe(2)
})

test('an answer that comes after stop is not told', async () => {
  const { poller, log } = setup([1])
  poller.start()
  poller.stop()
  await vi.advanceTimersByTimeAsync(0)
  expect(log).toEqual([])
})
