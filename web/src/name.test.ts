import { expect, test } from 'vitest'
import { nameFromPath, validName, watchPath } from './name.ts'

test.each(['live/demo', 'a', 'A-z_0.9~', 'a/b/c', '...', 'x'.repeat(255)])('%s is a name', (name) => {
  expect(validName(name)).toBe(true)
})

test.each(['', '/', 'live/', '/live', 'a//b', 'a/../b', '.', 'a b', 'a?b', 'ä', '<b>', 'x'.repeat(256)])('%s is none', (name) => {
  expect(validName(name)).toBe(false)
})

test('a name goes into the watch path and comes back', () => {
  expect(watchPath('live/demo')).toBe('/watch/live/demo')
  expect(nameFromPath('/watch/live/demo')).toBe('live/demo')
  expect(nameFromPath('/watch/live/demo/')).toBe('live/demo')
  expect(nameFromPath('/watch/a%20b')).toBe('a b')
  expect(nameFromPath('/watch/%E0%A4%A')).toBe('')
  expect(nameFromPath('/watch/')).toBe('')
  expect(nameFromPath('/')).toBe('')
})
