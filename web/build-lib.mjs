import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'vite'

/**
 * Builds the modules for other sites: node build-lib.mjs [folder]. Each is one file that needs no other, with its types
 * beside it.
 */
const root = import.meta.dirname
const out = join(root, process.argv[2] ?? 'lib-dist')

rmSync(out, { recursive: true, force: true })
mkdirSync(out, { recursive: true })
for (const name of ['player', 'publisher']) {
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    build: {
      target: 'es2022',
      cssTarget: ['chrome109', 'edge109', 'firefox115', 'safari16'],
      outDir: out,
      emptyOutDir: false,
      lib: { entry: `src/lib/${name}.ts`, formats: ['es'], fileName: () => `millrace-${name}.js` },
      // Vite leaves the spaces in such modules for other bundlers' sake; browsers load these as they are.
      rollupOptions: { output: { minify: true } },
    },
  })
  writeFileSync(join(out, `millrace-${name}.d.ts`), `export * from './types/lib/${name}.js'\n`)
}

const types = join(out, 'types')
execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.lib.json', '--outDir', types], { cwd: root, stdio: 'inherit' })
const needed = new Set()
for (const name of ['player', 'publisher']) need(join(types, 'lib', `${name}.d.ts`))
for (const entry of readdirSync(types, { recursive: true, withFileTypes: true })) {
  const path = join(entry.parentPath, entry.name)
  if (entry.isFile() && !needed.has(path)) rmSync(path)
}

for (const folder of ['parts', 'publish', 'lib', '.'].map((f) => join(types, f))) {
  if (existsSync(folder) && readdirSync(folder).length === 0) rmSync(folder, { recursive: true })
}

/** Keeps a file of types and those that it names. Sources name each other by their own ending; types stand beside .js files. */
function need(path) {
  if (needed.has(path)) return
  needed.add(path)
  const text = readFileSync(path, 'utf8').replace(/((?:from|import\()\s*'\.[^']*)\.ts'/g, "$1.js'")
  writeFileSync(path, text)
  for (const [, name] of text.matchAll(/(?:from|import\()\s*'(\.[^']*)\.js'/g)) need(join(dirname(path), `${name}.d.ts`))
}
