/**
 * The built page, held in memory: a file is served if it was there when the folder was read, by the name that it had
 * then. So no path that a request makes up is ever looked for on the disk.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LazaretError } from '../base/errors.ts'

export interface PageFile {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly type: string
  /** Its name holds a hash of what is in it. */
  readonly isHashed: boolean
}

/** Beside the compiled source, or where the sources are run as they are. */
const builtPage = fileURLToPath(
  new URL(import.meta.url.includes('/dist/') ? '../../page/' : '../../dist/page/', import.meta.url),
)

const types: Readonly<Record<string, string>> = {
  ...{ html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8', css: 'text/css; charset=utf-8' },
  ...{ svg: 'image/svg+xml', png: 'image/png', woff2: 'font/woff2', md: 'text/plain; charset=utf-8' },
  ...{ json: 'application/json', map: 'application/json' },
}

export class PageFiles {
  readonly #folder: string
  #files: ReadonlyMap<string, PageFile> = new Map()
  #readAt = -1

  /** @throws LazaretError DASHBOARD_FAILED where there is no built page. */
  constructor(folder: string = builtPage) {
    this.#folder = folder
    this.#refresh()
  }

  /** @param name relative to the page's folder, with slashes. */
  find(name: string): PageFile | undefined {
    return this.#files.get(name)
  }

  /** The page itself, anew where it has been built meanwhile. @param token for the page's requests. */
  index(token: string): string {
    this.#refresh()
    const text = new TextDecoder().decode(this.#files.get('index.html')?.bytes)
    return text.replace('name="lazaret-token" content=""', () => `name="lazaret-token" content="${token}"`)
  }

  #refresh(): void {
    try {
      const builtAt = statSync(`${this.#folder}/index.html`).mtimeMs
      if (builtAt === this.#readAt) return
      this.#files = new Map(readFolder(this.#folder))
      this.#readAt = builtAt
    } catch (cause) {
      // While it is being built anew, what was read before is served.
      if (this.#files.size > 0) return
      throw new LazaretError('DASHBOARD_FAILED', `The page of the dashboard is not in ${this.#folder}.`, {
        hint: 'Build it: npm run build:page',
        cause,
      })
    }
  }
}

function* readFolder(folder: string): Generator<[string, PageFile]> {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = `${entry.parentPath}/${entry.name}`
    const name = path.slice(folder.length).replaceAll('\\', '/').replace(/^\/+/, '')
    const type = types[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream'
    yield [name, { bytes: new Uint8Array(readFileSync(path)), type, isHashed: name.startsWith('assets/') }]
  }
}
