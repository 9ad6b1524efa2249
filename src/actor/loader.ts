/**
 * How a kernel's module graph is loaded, in a thread and in the sandbox alike: `lazaret/kernel` is this package's own
 * file wherever the kernel lies; a hotfix is served under the original URL of the file it mends, so that relative and
 * bare imports, `import.meta` and stack traces stay as they were (a copy in another folder breaks them: FACTS H); and
 * every file outside node_modules is noted with its hash and text. The user's files are never written.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'
import { sha256 } from '../base/hash.ts'
import type { LoadedFile, Overlay } from '../base/remedy.ts'

const ownExtension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const kernelModuleUrl = new URL(`./kernel${ownExtension}`, import.meta.url).href
/** `src/` of this package, or `dist/src/` where it is compiled. */
const ownFolderUrl = new URL('../', import.meta.url).href

export interface Loader {
  /** Files loaded since the last call. */
  takeLoaded(): LoadedFile[]
  /** The file that was being loaded last: the one to name when the compiler names none. */
  lastUrl(): string | undefined
}

function isKernelFile(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/') && !url.startsWith(ownFolderUrl)
}

/** As Node decides where neither the name nor a package.json does: a text with syntax of a module is one. */
function formatOf(url: string, text: string): string {
  const kind = /^\s*(?:import\s*["'{*\w]|export\s+[{*\w])|\bimport\.meta\b/m.test(text) ? 'module' : 'commonjs'
  return /\.m?ts$/.test(url) ? `${kind}-typescript` : kind
}

const none: LoadedFile[] = []

/**
 * Registers the hooks in this thread or process; once, before the kernel is imported.
 * @param stripped JavaScript of the overlay's TypeScript, by URL, where somebody has made it already.
 */
export function installLoader(overlay: Overlay, stripped: Readonly<Record<string, string>> = {}): Loader {
  let loaded: LoadedFile[] = []
  let last: string | undefined
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'lazaret/kernel') return { url: kernelModuleUrl, shortCircuit: true }
      return next(specifier, context)
    },
    load(url, context, next) {
      if (!isKernelFile(url)) return next(url, context)
      const plainUrl = url.split(/[?#]/, 1)[0] as string
      last = plainUrl
      const onDisk = readFileSync(fileURLToPath(plainUrl), 'utf8')
      const onDiskSha256 = sha256(onDisk)
      const patched = overlay[plainUrl]
      const serves = patched !== undefined && patched.preimageSha256 === onDiskSha256
      loaded.push({ url: plainUrl, sha256: onDiskSha256, text: serves ? patched.text : onDisk })
      if (!serves) return next(url, context)
      // Node's own loader reads and strips the file on disk first, which fails where that file is what is broken.
      const format = context.format ?? formatOf(plainUrl, patched.text)
      const javascript = Object.hasOwn(stripped, plainUrl) ? stripped[plainUrl] : undefined
      if (format === 'module-typescript' && javascript !== undefined) {
        return { format: 'module', source: javascript, shortCircuit: true }
      }
      return { format, source: patched.text, shortCircuit: true }
    },
  })
  return {
    takeLoaded() {
      if (loaded.length === 0) return none
      const files = loaded
      loaded = []
      return files
    },
    lastUrl: () => last,
  }
}
