import { expect, test } from 'vitest'
import { DEFAULT_CHOICES, sensible } from './choices.ts'

test('what was remembered is taken as far as it makes sense', () => {
  expect(sensible(null)).toEqual(DEFAULT_CHOICES)
  expect(sensible({ codec: 'AV1', height: 1080, simulcast: true, camera: 'c' })).toEqual({
    ...DEFAULT_CHOICES,
    codec: 'AV1',
    height: 1080,
    simulcast: true,
    camera: 'c',
  })
  const mad = { codec: 'MJPEG', height: 13, frameRate: 1e9, bitrate: -1, prefer: 'x', simulcast: 'yes', camera: 3, further: 1 }
  expect(sensible(mad)).toEqual(DEFAULT_CHOICES)
})
