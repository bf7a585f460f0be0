import { expect, test } from 'vitest'
import { EventParser } from './sse.ts'

test('events, comments, ids that stay, data of several lines', () => {
  const parser = new EventParser()
  const text = ': hello\n\nid: a-1\nevent: viewers.first\ndata: {"x":1}\n\ndata:one\ndata: two\nretry: 5\n\n'
  expect(parser.push(text)).toEqual([
    { id: 'a-1', event: 'viewers.first', data: '{"x":1}' },
    { id: 'a-1', event: 'message', data: 'one\ntwo' },
  ])
})

test('every way to cut the stream and every end of line gives the same', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = ['id: 1', 'event: x', 'data: a', '', ': ping', '', 'data: b', '', '', 'x'].join(end)
    for (let cut = 0; cut <= text.length; cut++) {
      const parser = new EventParser()
      const events = [...parser.push(text.slice(0, cut)), ...parser.push(text.slice(cut))]
      expect(events.map((e) => e.data), `${JSON.stringify(end)} cut at ${cut}`).toEqual(['a', 'b'])
    }
  }
})

test('an event that never ends is not kept', () => {
  const parser = new EventParser()
  expect(() => parser.push('x'.repeat(2 << 20))).toThrow('without an end')
  const lines = new EventParser()
  expect(() => lines.push(`data: ${'x'.repeat(1000)}\n`.repeat(2000))).toThrow('without an end')
})
