import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the built pages are made of; embed_test.go has the same list. */
const SOURCES = [
  '404.html',
  'dashboard.html',
  'diagnose.html',
  'index.html',
  'publish.html',
  'watch.html',
  'vite.config.mjs',
  'build-lib.mjs',
  'tsconfig.json',
  'tsconfig.lib.json',
  'package-lock.json',
  'public',
  'src',
]

/** SHA-256 over the paths and bytes of all sources but tests and their fakes, in the order of their paths. */
export function sourceHash(root) {
  const files = SOURCES.flatMap((s) => (s.includes('.') ? [s] : list(root, s))).sort()
  const hash = createHash('sha256')
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

function list(root, folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((e) => {
    const path = `${folder}/${e.name}`
    if (e.isDirectory()) return list(root, path)
    return /\.(test|fake)\.ts$/.test(e.name) ? [] : [path]
  })
}
