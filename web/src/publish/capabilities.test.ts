import { expect, test } from 'vitest'
import { checksOf } from '../parts/checks.ts'
import { checkBrowser, type Environment, obstacle } from './capabilities.ts'

function environment(over: Partial<Environment> = {}, devices: string[] = ['videoinput', 'audioinput', 'audiooutput']): Environment {
  return {
    isSecureContext: true,
    RTCPeerConnection: class {},
    RTCRtpSender: { getCapabilities: () => ({ codecs: [{ mimeType: 'video/VP8', clockRate: 90_000 }] }) },
    navigator: {
      mediaDevices: {
        getUserMedia: () => {},
        getDisplayMedia: () => {},
        enumerateDevices: async () => devices.map((kind) => ({ kind })),
      },
    },
    ...over,
  }
}

test('a browser that can do all of it', async () => {
  const c = await checkBrowser(environment())
  expect(c).toEqual({ secure: true, webrtc: true, camera: true, screen: true, codecs: ['VP8'], cameras: 1, microphones: 1 })
  expect(obstacle(c)).toBe(null)
  expect(checksOf(c).every((check) => check.ok)).toBe(true)
})

test('a page that is not secure sees no devices, and that is what is told', async () => {
  const c = await checkBrowser(environment({ isSecureContext: false, navigator: {} }))
  expect(c).toMatchObject({ secure: false, camera: false, screen: false, cameras: null })
  expect(obstacle(c)).toBe('insecure')
  expect(checksOf(c).find((check) => check.label === 'Secure page')).toMatchObject({ ok: false, text: 'no: https is needed' })
})

test('a phone shares no screen and publishes all the same', async () => {
  const env = environment()
  delete env.navigator.mediaDevices?.getDisplayMedia
  const c = await checkBrowser(env)
  expect(c).toMatchObject({ camera: true, screen: false })
  expect(obstacle(c)).toBe(null)
})

test('without WebRTC, or without anything to capture, nothing goes', async () => {
  const { RTCPeerConnection: _, ...without } = environment()
  expect(obstacle(await checkBrowser(without))).toBe('unsupported')
  expect(obstacle(await checkBrowser(environment({ navigator: { mediaDevices: {} } })))).toBe('unsupported')
})

test('what is not plugged in is told before it is asked for', async () => {
  const c = await checkBrowser(environment({}, ['audioinput']))
  expect(c).toMatchObject({ cameras: 0, microphones: 1 })
  expect(checksOf(c).find((check) => check.label === 'Camera')).toMatchObject({ ok: false, text: 'none found' })
})

test('a browser that cannot say what it sends, or fails to list, is not broken by that', async () => {
  const env = environment({ RTCRtpSender: {} })
  env.navigator.mediaDevices = { getUserMedia: () => {}, enumerateDevices: () => Promise.reject(new Error('no')) }
  expect(await checkBrowser(env)).toMatchObject({ codecs: [], cameras: null, camera: true })
})
