import { afterEach, expect, test, vi } from 'vitest'
import { captureWords } from './words.ts'
import { failureOf, openDevices, openScreen } from './capture.ts'

afterEach(() => void vi.unstubAllGlobals())

const error = (name: string, message = '') => Object.assign(new Error(message), { name })
const CHOICE = { camera: '', microphone: '', height: 720, frameRate: 30, speech: true }

/** A browser that answers each question with the next of the answers. */
function browser(answers: (unknown | Error)[], kinds: string[] = []) {
  const asked: MediaStreamConstraints[] = []
  const answer = async (constraints: MediaStreamConstraints) => {
    asked.push(constraints)
    const next = answers.shift()
    if (next instanceof Error) throw next
    return next
  }
  const mediaDevices = { getUserMedia: answer, getDisplayMedia: answer, enumerateDevices: async () => kinds.map((kind) => ({ kind })) }
  vi.stubGlobal('navigator', { mediaDevices })
  return asked
}

test.each([
  ['NotAllowedError', 'Permission denied', 'denied'],
  ['NotAllowedError', 'Permission denied by system', 'denied_by_system'],
  ['NotAllowedError', 'Permission dismissed', 'dismissed'],
  ['NotAllowedError', 'Access denied by permissions policy', 'not_allowed_here'],
  ['SecurityError', '', 'not_allowed_here'],
  ['NotFoundError', 'Requested device not found', 'no_device'],
  ['OverconstrainedError', '', 'no_device'],
  ['NotReadableError', 'Could not start video source', 'in_use'],
  ['AbortError', '', 'in_use'],
  ['TypeError', '', 'failed'],
] as const)('%s “%s” is %s, and there are words for it', (name, message, failure) => {
  expect(failureOf(error(name, message))).toBe(failure)
  expect(captureWords(failure).title).not.toBe('')
})

test('devices are asked for by what was chosen', async () => {
  const asked = browser(['stream'])
  expect(await openDevices({ ...CHOICE, camera: 'cam', speech: false })).toBe('stream')
  expect(asked[0]).toEqual({
    video: { deviceId: { exact: 'cam' }, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
    audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: { ideal: 2 } },
  })
})

test('a device of last time that is gone is replaced by another', async () => {
  const asked = browser([error('OverconstrainedError'), 'stream'])
  expect(await openDevices({ ...CHOICE, camera: 'old', microphone: null })).toBe('stream')
  expect(asked[1]?.video).not.toHaveProperty('deviceId')
  expect(asked[1]?.audio).toBe(false)
})

test.each([
  [['audioinput'], 'no_camera'],
  [['videoinput'], 'no_microphone'],
  [[], 'no_device'],
])('with %j it is told what is missing', async (kinds, failure) => {
  browser([error('NotFoundError')], kinds as string[])
  await expect(openDevices(CHOICE)).rejects.toMatchObject({ failure })
})

test('a screen that is not chosen after all is no failure', async () => {
  browser([error('NotAllowedError', 'Permission denied'), error('NotAllowedError', 'Permission denied by system'), 'stream'])
  expect(await openScreen(CHOICE)).toBe(null)
  await expect(openScreen(CHOICE)).rejects.toMatchObject({ failure: 'denied_by_system' })
  expect(await openScreen(CHOICE)).toBe('stream')
})
