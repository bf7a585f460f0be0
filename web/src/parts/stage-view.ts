import type { CaptureFailure } from '../publish/capture.ts'
import type { PublishStatus } from '../publish/status.ts'
import { captureWords, INSECURE, publishWords, UNSUPPORTED } from '../publish/words.ts'
import { OPEN, type Source, type StageCurtainView } from './stage-curtain.ts'

/** What of the publish page decides what lies over the preview. */
export interface StageSituation {
  /** Why this browser cannot publish at all. */
  obstacle: 'insecure' | 'unsupported' | null
  /** Where this page is, and whether it is Firefox's (which has its own way to make an exception). */
  origin: string
  path: string
  sources: Source[]
  /** The browser is asking its user. */
  asking: Source | null
  failure: CaptureFailure | null
  /** Whether anything is captured, and whether that has a picture. */
  captured: boolean
  hasPicture: boolean
  status: PublishStatus
}

/** Pure. */
export function stageView(s: StageSituation): StageCurtainView {
  if (s.obstacle === 'insecure') return { ...OPEN, mode: 'failed', words: INSECURE, ways: insecureWays(s) }
  if (s.obstacle === 'unsupported') return { ...OPEN, mode: 'failed', words: UNSUPPORTED }
  if (s.asking !== null) return { ...OPEN, mode: 'asking', words: askingWords(s.asking) }
  if (s.failure !== null) {
    // What could be tried instead stands beside what failed.
    return { ...OPEN, mode: 'failed', words: captureWords(s.failure), again: s.captured ? 'Try again' : '', sources: s.captured ? [] : s.sources }
  }
  if (!s.captured) return { ...OPEN, mode: 'choose', words: CHOOSE, sources: s.sources }
  const { state, reason, retryAt } = s.status
  const words = publishWords(s.status)
  const link: StageCurtainView['link'] = reason === 'name_taken' ? ['Choose another name', '/publish'] : null
  if (state === 'failed') {
    const wantsToken = reason === 'unauthorized'
    return { ...OPEN, mode: 'failed', words, again: wantsToken ? '' : 'Try again', wantsToken, link }
  }
  if (state === 'retrying') return { ...OPEN, mode: 'retrying', words, again: 'Try now', retryAt, link }
  if (state === 'stalled') return { ...OPEN, mode: 'retrying', words, trying: true }
  if (state === 'connecting' && reason !== null) return { ...OPEN, mode: 'retrying', words, trying: true }
  if (!s.hasPicture) return { ...OPEN, mode: 'sound', words: SOUND_ONLY }
  return OPEN
}

const CHOOSE = { title: 'What do you want to show?', detail: 'You see it here first. It goes out when you press “Go live”.', remedy: '' }
const SOUND_ONLY = { title: 'Sound alone', detail: 'There is no picture. Switch the camera on to have one.', remedy: '' }

function askingWords(source: Source): StageCurtainView['words'] {
  const what = { camera: 'camera and microphone', screen: 'what to share', microphone: 'the microphone' }[source]
  const detail = source === 'screen' ? 'Choose a screen, a window or a tab in its question.' : 'Press “Allow” in its question.'
  return { title: `The browser is asking about ${what}`, detail, remedy: '' }
}

/** What can be done about a page that came over plain http. */
function insecureWays({ origin, path }: StageSituation): StageCurtainView['ways'] {
  const url = new URL(origin)
  const port = url.port === '' ? '' : `:${url.port}`
  return [
    ['On the machine that the server runs on', `http://localhost${port}${path}`],
    ['From elsewhere: put https in front of the server, and open', `https://${url.hostname}${path}`],
    ['For a trial, in Chrome or Edge: open this, and enter the next line there', 'chrome://flags/#unsafely-treat-insecure-origin-as-secure'],
    ['The line to enter there', origin],
  ]
}
