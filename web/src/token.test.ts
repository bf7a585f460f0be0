import { expect, test } from 'vitest'
import { carry, tokenOf } from './token.ts'

test('a token stands behind the # or in the query', () => {
  expect(tokenOf({ hash: '', search: '' })).toBe('')
  expect(tokenOf({ hash: '', search: '?token=a%2Bb&x=1' })).toBe('a+b')
  expect(tokenOf({ hash: '#token=h', search: '?token=q' })).toBe('h')
  expect(tokenOf({ hash: '#section', search: '?token=q' })).toBe('q')
})

test('a token is carried on, so that it is read again', () => {
  expect(carry('/watch/live/a', '')).toBe('/watch/live/a')
  const [, hash] = carry('/watch/live/a', 'a+b&c=d').split('#')
  expect(tokenOf({ hash: `#${hash}`, search: '' })).toBe('a+b&c=d')
})
