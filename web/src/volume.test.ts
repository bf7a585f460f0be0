import { afterEach, expect, test, vi } from 'vitest'
import { rememberedVolume, rememberVolume, stepVolume } from './volume.ts'

afterEach(() => void vi.unstubAllGlobals())

test('steps stay on the scale', () => {
  expect([stepVolume(1, 1), stepVolume(0.97, -1), stepVolume(0, -1), stepVolume(0.5, 1)]).toEqual([1, 0.9, 0, 0.55])
})

test('a volume is remembered, nonsense and forbidden storage are full volume', () => {
  const store = new Map<string, string>()
  vi.stubGlobal('localStorage', {
    getItem: (k: string) => store.get(k) ?? null,
    setItem: (k: string, v: string) => void store.set(k, v),
  })
  expect(rememberedVolume()).toBe(1)
  rememberVolume(0.35)
  expect(rememberedVolume()).toBe(0.35)
  store.set('millrace.volume', 'loud')
  expect(rememberedVolume()).toBe(1)
  vi.stubGlobal('localStorage', undefined)
  rememberVolume(0.2)
  expect(rememberedVolume()).toBe(1)
})
