/**
 * Builds the dashboard's page into dist/page, which the package ships: nothing is built at run time. `--ssr` builds the
 * same views as a module for Node, which writes an incident as a file that needs no script.
 */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const page = (path: string) => fileURLToPath(new URL(`src/dashboard/page/${path}`, import.meta.url))

export default defineConfig(({ isSsrBuild }) => ({
  root: page('.'),
  // Relative, so that it works under any prefix.
  base: './',
  publicDir: false,
  logLevel: 'warn',
  ssr: { noExternal: true },
  build: {
    outDir: fileURLToPath(new URL(isSsrBuild ? 'dist/page-static' : 'dist/page', import.meta.url)),
    emptyOutDir: true,
    // The licences of what is bundled.
    license: { fileName: 'LICENSES.md' },
    assetsInlineLimit: 0,
    rolldownOptions: { input: isSsrBuild ? page('static.tsx') : page('index.html') },
  },
}))
