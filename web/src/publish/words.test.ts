import { expect, test } from 'vitest'
import { OPEN } from '../parts/stage-curtain.ts'
import { type StageSituation, stageView } from '../parts/stage-view.ts'
import { publishWords } from './words.ts'

const situation = (over: Partial<StageSituation> = {}): StageSituation => ({
  obstacle: null,
  origin: 'http://192.168.1.5:8080',
  path: '/publish/live/x',
  sources: ['camera', 'screen', 'microphone'],
  asking: null,
  failure: null,
  captured: true,
  hasPicture: true,
  status: { state: 'idle', reason: null, said: '', retryAt: null },
  ...over,
})
const status = (state: string, reason: string | null = null, said = '', retryAt: number | null = null) =>
  ({ state, reason, said, retryAt }) as StageSituation['status']

test('the words of the server stand where it knows better', () => {
  expect(publishWords(status('failed', 'codec_refused', 'Its video has none of H264.')).detail).toBe('Its video has none of H264.')
  expect(publishWords(status('failed', 'name_taken', 'x')).detail).toBe('A stream has one publisher at a time.')
  expect(publishWords(status('live'))).toEqual({ title: '', detail: '', remedy: '' })
})

test('a page that is not secure says what to do about it', () => {
  const view = stageView(situation({ obstacle: 'insecure', captured: false }))
  expect(view.mode).toBe('failed')
  expect(view.ways.map(([, value]) => value)).toEqual([
    'http://localhost:8080/publish/live/x',
    'https://192.168.1.5/publish/live/x',
    'chrome://flags/#unsafely-treat-insecure-origin-as-secure',
    'http://192.168.1.5:8080',
  ])
  expect(stageView(situation({ obstacle: 'unsupported' })).words.title).toBe('This browser cannot publish')
})

test('from the choice to the picture', () => {
  expect(stageView(situation({ captured: false }))).toMatchObject({ mode: 'choose', sources: ['camera', 'screen', 'microphone'] })
  expect(stageView(situation({ captured: false, asking: 'screen' }))).toMatchObject({ mode: 'asking', sources: [] })
  expect(stageView(situation({ captured: false, failure: 'denied' }))).toMatchObject({ mode: 'failed', again: '' })
  expect(stageView(situation({ captured: false, failure: 'denied' })).sources).toHaveLength(3)
  expect(stageView(situation({ failure: 'in_use' }))).toMatchObject({ again: 'Try again', sources: [] })
  expect(stageView(situation())).toBe(OPEN)
  expect(stageView(situation({ hasPicture: false })).mode).toBe('sound')
})

test('from the line to its end', () => {
  expect(stageView(situation({ status: status('connecting') }))).toBe(OPEN)
  expect(stageView(situation({ status: status('live') }))).toBe(OPEN)
  expect(stageView(situation({ status: status('stalled', 'connection_lost') }))).toMatchObject({ mode: 'retrying', trying: true })
  expect(stageView(situation({ status: status('retrying', 'server_unreachable', '', 5) }))).toMatchObject({
    mode: 'retrying',
    again: 'Try now',
    retryAt: 5,
  })
  expect(stageView(situation({ status: status('connecting', 'server_unreachable') }))).toMatchObject({ mode: 'retrying', trying: true })
  expect(stageView(situation({ status: status('failed', 'name_taken') }))).toMatchObject({ mode: 'failed', again: 'Try again', wantsToken: false })
  expect(stageView(situation({ status: status('failed', 'unauthorized') }))).toMatchObject({ mode: 'failed', again: '', wantsToken: true })
})
