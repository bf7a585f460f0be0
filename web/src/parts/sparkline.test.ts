import { expect, test } from 'vitest'
import { linePath } from './sparkline.ts'

test('one value is no line', () => {
  expect(linePath([])).toBe('')
  expect(linePath([5])).toBe('')
})

test('the line ends at the right edge and begins where its first value belongs', () => {
  const full = linePath(new Array(60).fill(10))
  expect(full.startsWith('M0.0 7.8')).toBe(true)
  expect(full.endsWith('L100.0 7.8')).toBe(true)
  expect(linePath([0, 100])).toBe('M98.3 30.0L100.0 7.8')
})

test('zeros and nonsense stay inside the picture', () => {
  expect(linePath([0, 0])).toBe('M98.3 30.0L100.0 30.0')
  expect(linePath([-5, 1])).toBe('M98.3 30.0L100.0 7.8')
})
