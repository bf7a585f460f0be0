import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'

/** The package as npm would have it, installed in a project that knows nothing of ours. */

const web = join(import.meta.dirname, '..')

const CONSUMER = `
import { Player, type Status, wordsFor } from 'millrace-web'
import { MillracePlayer } from 'millrace-web/player'
import { checkBrowser, CODECS, Publisher, publishWords } from 'millrace-web/publisher'

const element: MillracePlayer = document.createElement('millrace-player')
element.addEventListener('status', (event) => { const status: Status = event.detail; console.log(wordsFor(status).title) })
const player = new Player({ video: document.createElement('video'), endpoint: '/whep/live/x' })
player.on('firstframe', (ms: number) => console.log(ms))
const publisher = new Publisher({ endpoint: '/whip/live/x', settings: { codec: 'VP8', simulcast: true } })
publisher.on('status', (status) => console.log(publishWords(status).title))
navigator.mediaDevices.getUserMedia({ video: true }).then((media) => publisher.start(media))
checkBrowser().then(({ codecs }) => console.log(codecs.includes(CODECS[0])))
// @ts-expect-error: there is no such codec
new Publisher({ endpoint: '/x', settings: { codec: 'MJPEG' } })
`

test('the package has what it says, with types', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-package-'))
  try {
    const tarball = execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: web, encoding: 'utf8' }).trim()
    const installed = join(folder, 'node_modules', 'millrace-web')
    mkdirSync(installed, { recursive: true })
    execFileSync('tar', ['xzf', join(folder, tarball.split('\n').at(-1) ?? ''), '-C', installed, '--strip-components=1'])
    expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toBe(readFileSync(join(web, '..', 'LICENSE'), 'utf8'))

    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'consumer.ts'), CONSUMER)
    for (const resolution of ['nodenext', 'bundler']) {
      const options = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2023,dom,dom.iterable', '--types', '']
      const module = resolution === 'nodenext' ? 'nodenext' : 'esnext'
      const tsc = [join(web, 'node_modules', 'typescript', 'bin', 'tsc'), ...options, '--module', module, '--moduleResolution', resolution]
      execFileSync(process.execPath, [...tsc, 'consumer.ts'], { cwd: folder, stdio: 'inherit' })
    }

    // Sites are built on servers too, where there is no page: loading must do no harm.
    const script = `import * as a from 'millrace-web'; import * as b from 'millrace-web/publisher'; console.log(typeof a.Player, typeof b.Publisher)`
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], { cwd: folder, encoding: 'utf8' })
    expect(printed.trim()).toBe('function function')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
