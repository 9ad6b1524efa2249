/**
 * What a candidate may read: its own trial folder, the kernel's folder, the files of its import graph, the packages that
 * those import (and theirs in turn), and this package. Runs in the driver, which may look anywhere; the list becomes
 * flags of the candidate's process, and what bubblewrap binds. It follows imports by their text, so a specifier computed at
 * run time is not found.
 */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TrialJob } from '../src/repair/trial.ts'

/** `src/` and `sandbox/` lie beside each other, in the checkout and in dist/ alike. */
const ownRoot = fileURLToPath(new URL('../', import.meta.url))

/** Absolute paths; a folder stands for everything below it. */
export function readablePaths(job: TrialJob): string[] {
  const reach = new Reach()
  for (const own of ['src', 'sandbox']) reach.add(join(ownRoot, own))
  reach.addPackageFiles(ownRoot)
  reach.add(job.folder)
  const urls = new Set([job.entryUrl, ...job.files, ...Object.keys(job.overlay)])
  if (job.checkUrl !== undefined) urls.add(job.checkUrl)
  reach.add(dirname(fileURLToPath(job.entryUrl)))
  // A set is walked in the order of adding, what is added meanwhile included.
  for (const url of urls) {
    const file = fileURLToPath(url)
    reach.add(file)
    reach.addPackageFiles(dirname(file))
    const onDisk = readText(file) ?? ''
    if (importsByMap.test(onDisk))
      for (const name of packagesMapped(dirname(file))) reach.addPackage(name, dirname(file))
    for (const text of [job.overlay[url]?.text ?? '', onDisk]) {
      for (const name of packagesIn(text)) reach.addPackage(name, dirname(file))
    }
    // The text on disk alone: a candidate must not choose what it may read by importing it.
    for (const next of filesIn(onDisk, url)) if (urls.size < filesFollowed) urls.add(next)
  }
  return [...reach.paths]
}

/** Of one import graph; a kernel of more is no kernel, and its candidate is told what it may not read. */
const filesFollowed = 2000

class Reach {
  readonly paths = new Set<string>()
  readonly #seen = new Set<string>()

  /** The path as written and where its links lead: Node looks at both. */
  add(path: string): string | undefined {
    this.paths.add(withoutEndSlash(path))
    try {
      const real = realpathSync(path)
      this.paths.add(real)
      return real
    } catch {
      // Not there. It may be asked for all the same, and "not found" is then the answer, as outside the sandbox.
      return undefined
    }
  }

  /** Node asks every package.json upwards for the type of a file. */
  addPackageFiles(folder: string): void {
    for (const parent of upwards(folder)) this.add(join(parent, 'package.json'))
  }

  /** The package as Node would find it from this folder, with its own dependencies. */
  addPackage(name: string, from: string): void {
    for (const parent of upwards(from)) {
      if (parent.endsWith(`${sep}node_modules`)) continue
      const candidate = join(parent, 'node_modules', name)
      // Those passed on the way up are allowed too: Node probes them, and a denial there would end its search.
      const real = this.add(candidate)
      if (real === undefined) continue
      this.#addDependencies(real)
      return
    }
  }

  #addDependencies(folder: string): void {
    if (this.#seen.has(folder)) return
    this.#seen.add(folder)
    for (const name of dependenciesOf(join(folder, 'package.json'))) this.addPackage(name, folder)
  }
}

function withoutEndSlash(path: string): string {
  return path.length > 1 && path.endsWith(sep) ? path.slice(0, -1) : path
}

function* upwards(folder: string): Generator<string> {
  for (let current = withoutEndSlash(folder); ; current = dirname(current)) {
    yield current
    if (dirname(current) === current) return
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // A file that is gone is the candidate's own failure to import; it will say so.
    return undefined
  }
}

const specifierPattern = /\b(?:from|import|require)\s*\(?\s*(['"])([^'"\n]+)\1/g

/** Names of the packages that a source text imports. */
export function packagesIn(text: string): Set<string> {
  const names = new Set<string>()
  for (const match of text.matchAll(specifierPattern)) {
    const specifier = match[2] ?? ''
    if (/^(?:[./#]|[a-z]+:)/i.test(specifier) || isBuiltin(specifier)) continue
    const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0]
    if (name !== undefined && isPackageName(name)) names.add(name)
  }
  return names
}

const importsByMap = /\b(?:from|import|require)\s*\(?\s*['"]#/

/** Packages that the `imports` of the nearest package.json lead to, under whatever condition. */
export function packagesMapped(folder: string): Set<string> {
  for (const parent of upwards(folder)) {
    const text = readText(join(parent, 'package.json'))
    if (text === undefined) continue
    try {
      const { imports } = JSON.parse(text) as { imports?: unknown }
      return packagesIn(
        targetsIn(imports)
          .map((target) => `import ${JSON.stringify(target)}`)
          .join('\n'),
      )
    } catch {
      // No JSON: Node will refuse the package itself, with a better message.
      return new Set()
    }
  }
  return new Set()
}

function targetsIn(imports: unknown): string[] {
  if (typeof imports === 'string') return [imports]
  return typeof imports === 'object' && imports !== null ? Object.values(imports).flatMap(targetsIn) : []
}

/** File URLs of what a source text imports by a relative path, those that exist. */
function filesIn(text: string, url: string): string[] {
  return [...text.matchAll(specifierPattern)]
    .map((match) => match[2] ?? '')
    .filter((specifier) => /^\.{1,2}\/[^%?#]+\.(?:[cm]?[jt]s|json)$/.test(specifier))
    .map((specifier) => new URL(specifier, url).href)
    .filter((next) => statSync(fileURLToPath(next), { throwIfNoEntry: false })?.isFile() === true)
}

/** No `..` or the like: the name becomes part of a path that the candidate may read. */
function isPackageName(name: string): boolean {
  return /^(?:@[a-z0-9~_-][a-z0-9._~-]*\/)?[a-z0-9~_-][a-z0-9._~-]*$/i.test(name)
}

function dependenciesOf(packageFile: string): string[] {
  if (!existsSync(packageFile)) return []
  try {
    const content = JSON.parse(readFileSync(packageFile, 'utf8')) as Record<string, unknown>
    return ['dependencies', 'optionalDependencies', 'peerDependencies']
      .flatMap((key) => {
        const group = content[key]
        return typeof group === 'object' && group !== null ? Object.keys(group) : []
      })
      .filter(isPackageName)
  } catch {
    // A package.json that is no JSON: Node will refuse the package itself, with a better message.
    return []
  }
}
