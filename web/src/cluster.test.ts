import { expect, test } from 'vitest'
import { describeDirectory, describeTree, hopTime, layOut, type TreeNode } from './cluster.ts'

const node = (name: string, parent: string, more: Partial<TreeNode> = {}): TreeNode => ({
  node: name,
  parent,
  viewers: 0,
  hops: 0,
  latency: 0,
  hop_latency: 0,
  ...more,
})

test('a tree has a column for each hop, and parents stand before the middle of their children', () => {
  const places = layOut([node('o', ''), node('a', 'o'), node('b', 'o'), node('c', 'a'), node('d', 'a')])
  const at = Object.fromEntries(places.map((p) => [p.node.node, [p.column, p.row]]))
  expect(at).toEqual({ o: [0, 1], a: [1, 0.5], c: [2, 0], d: [2, 1], b: [1, 2] })
})

test('what does not fit together is drawn all the same, once', () => {
  const places = layOut([node('a', 'gone'), node('b', 'a'), node('b', 'a'), node('x', 'y'), node('y', 'x')])
  expect(places.map((p) => p.node.node)).toEqual(['a', 'b'])
})

test('in words', () => {
  expect(describeTree([node('o', ''), node('e', 'o', { viewers: 1, hop_latency: 0.0004 })])).toBe(
    'o has it from its publisher, 0 viewers; e from o in 0.4 ms, 1 viewer',
  )
  expect(hopTime(0.0123)).toBe('12 ms')
})

test('the directory in words', () => {
  const copy = (server: string, there = true, current = there) => ({ server, there, current })
  expect(describeDirectory({ leader: 'a', wanted: 3, copies: [copy('a'), copy('b'), copy('c')] })).toEqual({
    words: 'The directory is led by a; 3 of 3 copies up to date.',
    urgent: false,
  })
  expect(describeDirectory({ leader: 'a', wanted: 0, copies: [copy('a'), copy('b', true, false)] })).toEqual({
    words: 'The directory is led by a; 1 of 2 copies up to date; catching up: b.',
    urgent: false,
  })
  expect(describeDirectory({ leader: '', wanted: 3, copies: [copy('a'), copy('b', false), copy('c', false)] })).toEqual({
    words: 'Nobody leads the directory; 1 of 3 copies up to date; gone: b, c.',
    urgent: true,
  })
  expect(describeDirectory({ leader: 'a', wanted: 3, copies: [copy('a')] }).urgent).toBe(true)
  expect(describeDirectory({ leader: 'a', wanted: 1, copies: [copy('a')] }).words).toBe('The directory is led by a; 1 of 1 copy up to date.')
  expect(describeDirectory({ leader: '', wanted: 3, copies: [] }).words).toContain('not known')
})
