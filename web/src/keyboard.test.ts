import { expect, test } from 'vitest'
import { commandOf, type KeyPress } from './keyboard.ts'

const press = (key: string, over: Partial<KeyPress> = {}) =>
  commandOf({ key, ctrlKey: false, metaKey: false, altKey: false, repeat: false, target: 'BODY', ...over })

test.each([
  [' ', 'toggle'],
  ['k', 'toggle'],
  ['K', 'toggle'],
  ['m', 'mute'],
  ['f', 'fullscreen'],
  ['i', 'stats'],
  ['s', 'stats'],
  ['ArrowUp', 'louder'],
  ['ArrowLeft', 'softer'],
  ['x', null],
  ['Tab', null],
])('%j is %s', (key, command) => expect(press(key)).toBe(command))

test('the browser goes first', () => {
  expect(press('f', { ctrlKey: true })).toBe(null)
  expect(press('m', { metaKey: true })).toBe(null)
  expect(press(' ', { target: 'BUTTON' })).toBe(null)
  expect(press('k', { target: 'BUTTON' })).toBe('toggle')
  expect(press('ArrowUp', { target: 'INPUT' })).toBe(null)
  expect(press('m', { target: 'INPUT' })).toBe('mute')
  expect(press('m', { target: 'TEXTAREA' })).toBe(null)
})

test('a key held down repeats only the volume', () => {
  expect(press('ArrowDown', { repeat: true })).toBe('softer')
  expect(press('m', { repeat: true })).toBe(null)
})
