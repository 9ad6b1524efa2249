/**
 * A copy of a user's fleet to drill on. It lies in the system's temporary folder, each file at the path that it has at
 * home below a new root, so that relative imports, `package.json`s upwards and depths stay as they were; packages
 * that are found on the way up at home are linked at the same height, so bare imports lead to the same ones. What a
 * kernel reads or writes by absolute paths of its own is not followed. The user's files are read, and nothing else.
 */
import { copyFileSync, existsSync, lstatSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { dirname, extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LazaretError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { FleetSpec, KernelSpec } from '../../base/spec.ts'
import { filesImportedBy } from './imports.ts'

export interface FleetCopy {
  /** Where a file of the user's fleet lies in the copy; itself where it is run from where it is: below node_modules. */
  placeOf(path: string): string
  /** Files in the copy. */
  readonly files: number
}

const modules = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'])
/** Beside an entry, where its folder is too large to be copied as a whole. */
const besides = ['check', 'fallback']

/** @param root absolute, real, must exist. @throws LazaretError OPTION_INVALID where the modules alone are too many. */
export function copyFleet(fleet: FleetSpec, root: string): FleetCopy {
  const copier = new Copier(root)
  const entries = fleet.kernels.flatMap(modulesOf).filter((path) => !isOfPackages(path))
  // The shortest first: what lies below it is copied with it.
  const folders = [...new Set(entries.map(dirname))].sort((a, b) => a.length - b.length)
  for (const folder of folders) copier.folder(folder)
  for (const entry of entries) copier.entry(entry)
  copier.imports()
  copier.surroundings()
  return { placeOf: (path) => (isOfPackages(path) ? path : copier.placeOf(path)), files: copier.size }
}

/** Absolute paths of a kernel's own modules: its entry and its fallback. */
export function modulesOf({ entryUrl, degraded }: KernelSpec): string[] {
  const { fallbackUrl } = degraded
  return [entryUrl, ...(fallbackUrl === undefined ? [] : [fallbackUrl])].map((url) => fileURLToPath(url))
}

export function isOfPackages(path: string): boolean {
  return path.includes(`${sep}node_modules${sep}`)
}

class Copier {
  readonly #root: string
  /** Absolute paths at home. */
  readonly #copied = new Set<string>()
  #bytes = 0

  constructor(root: string) {
    this.#root = root
  }

  get size(): number {
    return this.#copied.size
  }

  placeOf(path: string): string {
    return join(this.#root, path)
  }

  /** With everything below it; nothing of it where it is too large. */
  folder(folder: string): void {
    const found = filesBelow(folder, this.#root)
    for (const file of found ?? []) this.#copy(file)
  }

  entry(entry: string): void {
    this.#copy(entry)
    const names = besides.flatMap((name) => [...modules].map((extension) => join(dirname(entry), name + extension)))
    for (const path of names) if (existsSync(path)) this.#copy(path)
  }

  /** What the copied modules import by relative paths, and those in turn. */
  imports(): void {
    // A set is walked in the order of adding, what is added meanwhile included.
    for (const file of this.#copied) {
      if (!modules.has(extname(file))) continue
      for (const next of filesImportedBy(file)) if (!isOfPackages(next)) this.#copy(next)
    }
  }

  /** What Node and TypeScript look for on the way up from a module. */
  surroundings(): void {
    const folders = new Set([...this.#copied].flatMap((file) => upwards(dirname(file))))
    for (const folder of folders) {
      for (const name of ['package.json', 'tsconfig.json']) {
        if (existsSync(join(folder, name))) this.#copy(join(folder, name))
      }
      this.#linkPackages(join(folder, 'node_modules'))
    }
  }

  /** Each by itself: what the sandbox shows a candidate is packages, and not the folder that they lie in. */
  #linkPackages(packages: string): void {
    for (const name of packagesIn(packages)) {
      const link = this.placeOf(join(packages, name))
      mkdirSync(dirname(link), { recursive: true })
      symlinkSync(join(packages, name), link, 'dir')
    }
  }

  #copy(file: string): void {
    if (this.#copied.has(file)) return
    this.#bytes += statSync(file).size
    if (this.#copied.size >= limits.drillFiles || this.#bytes > limits.drillBytes) {
      const text = `The drill copies ${limits.drillFiles} files and ${limits.drillBytes} bytes of a fleet at most; the modules that this one imports are more.`
      throw new LazaretError('OPTION_INVALID', text, { hint: 'Drill a smaller fleet file, with some of its kernels.' })
    }
    const place = this.placeOf(file)
    mkdirSync(dirname(place), { recursive: true })
    copyFileSync(file, place)
    this.#copied.add(file)
  }
}

/** Ordinary files, and links to some. Undefined where they are too many. @param except a folder that is left out. */
function filesBelow(root: string, except: string): string[] | undefined {
  const files: string[] = []
  const folders = [root]
  let bytes = 0
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) {
        // Hidden folders are those of tools, and of the runtime itself.
        if (entry.name !== 'node_modules' && !entry.name.startsWith('.') && path !== except) folders.push(path)
        continue
      }
      const found = entry.isSymbolicLink() ? statSync(path, { throwIfNoEntry: false }) : lstatSync(path)
      if (found?.isFile() !== true) continue
      bytes += found.size
      files.push(path)
      if (files.length > limits.drillFiles || bytes > limits.drillBytes) return undefined
    }
  }
  return files
}

/** Names of those in a node_modules folder, scopes included; none where there is no such folder. */
function packagesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).filter((name) => !name.startsWith('.'))
  return names.flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(folder, name)).map((part) => `${name}/${part}`) : [name],
  )
}

function upwards(folder: string): string[] {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...upwards(parent)]
}
