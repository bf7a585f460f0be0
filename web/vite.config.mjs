import { readFileSync } from 'node:fs'
import { defineConfig } from 'vite'
import { mockApi } from './mock/api.mjs'
import { sourceHash } from './source-hash.mjs'

// Node 20 lacks what vitest reports failures with.
Map.groupBy ??= (items, key) => {
  const groups = new Map()
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item])
  return groups
}

const root = import.meta.dirname
const gateway = process.env.MILLRACE_URL ?? 'http://127.0.0.1:8080'
const scenario = process.env.MILLRACE_MOCK

/** The logo stands once in the sources and inline in every page, so that it takes the page's colours. */
const logo = {
  name: 'logo',
  transformIndexHtml: (html) => html.replaceAll('<!--logo-->', readFileSync(`${root}/src/logo.svg`, 'utf8').trim()),
}

/** The paths of the pages, as embed.go serves them. */
const pages = {
  name: 'pages',
  transformIndexHtml: (html, { server }) =>
    server && scenario ? html.replace('<head>', '<head><script src="/mock/gateway.js"></script>') : html,
  configureServer(server) {
    if (scenario) server.middlewares.use(mockApi(() => scenario))
    server.middlewares.use((request, _, next) => {
      if (request.url.startsWith('/watch/')) request.url = '/watch.html'
      if (/^\/publish(\/|$)/.test(request.url)) request.url = '/publish.html'
      if (request.url.startsWith('/diagnose/')) request.url = '/diagnose.html'
      if (/^\/dashboard(\/|$)/.test(request.url)) request.url = '/dashboard.html'
      next()
    })
  },
}

/** Leaves the sources' hash in dist, so that a test can tell without npm whether dist is up to date. */
const stamp = {
  name: 'stamp',
  apply: 'build',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'source-hash.txt', source: `${sourceHash(root)}\n` })
  },
}

export default defineConfig({
  root,
  appType: 'mpa',
  plugins: [logo, pages, stamp],
  build: {
    target: 'es2022',
    cssTarget: ['chrome109', 'edge109', 'firefox115', 'safari16'],
    outDir: 'dist',
    emptyOutDir: true,
    // The Content-Security-Policy allows no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rollupOptions: { input: ['index.html', 'watch.html', 'publish.html', 'dashboard.html', 'diagnose.html', '404.html'] },
  },
  server: {
    host: '127.0.0.1',
    headers: { 'X-Policy-In-Production': readFileSync(`${root}/csp.txt`, 'utf8') },
    proxy: scenario ? {} : { '/api': gateway, '/whep': gateway, '/whip': gateway, '/sessions': gateway },
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
})
