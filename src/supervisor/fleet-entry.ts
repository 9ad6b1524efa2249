/** Finds the module that `entry` names. It does not load it: what is in it is seen in the kernel's own thread. */
import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { clipShown, type InputProblem, type KeyPath, showValue } from '../base/input-problem.ts'

const extensions = ['.ts', '.js', '.mts', '.mjs']
const accepted = `a module that exists, ending in ${extensions.join(', ')}`

export type Entry =
  | { readonly url: string }
  | { readonly accepted: string; readonly got: string; readonly advice: string }

/** @param baseDir absolute; `entry` is relative to it. The URL is that of the real path, behind symbolic links. */
export function findEntry(entry: string, baseDir: string): Entry {
  const refuse = (why: string, advice: string): Entry => ({ accepted, got: `${showValue(entry)}, ${why}`, advice })
  const file = resolve(baseDir, entry)
  const where = `Paths are relative to ${clipShown(baseDir, 200)}.`
  if (!extensions.includes(extname(file))) return refuse('which ends otherwise', 'Name the module itself.')
  try {
    const real = realpathSync(file)
    if (!statSync(real).isFile()) return refuse('which is no file', 'Name the module itself.')
    if (!extensions.includes(extname(real))) {
      return refuse(`a link to ${showValue(basename(real))}`, 'Name or link a module.')
    }
    accessSync(real, constants.R_OK)
    return { url: pathToFileURL(real).href }
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? 'ERROR'
    if (code !== 'ENOENT') return refuse(`which cannot be read (${code})`, `Check its rights. ${where}`)
    const stem = file.slice(0, -extname(file).length)
    const beside = extensions.map((extension) => stem + extension).find((other) => existsSync(other))
    if (beside === undefined) return refuse('which does not exist', where)
    const name = basename(beside)
    const compiled = /\.m?js$/.test(name) ? ', as in a published package: name the compiled file' : ': name that one'
    return refuse('which does not exist', `${clipShown(name)} stands beside it${compiled}.`)
  }
}

/** The URLs of several modules, in their order; what is not found is a problem at the key that names it. */
export function findEntries(
  entries: readonly { readonly at: KeyPath; readonly path: string }[],
  baseDir: string,
): { urls: (string | undefined)[]; problems: InputProblem[] } {
  const problems: InputProblem[] = []
  const urls = entries.map(({ at, path }) => {
    const found = findEntry(path, baseDir)
    if ('url' in found) return found.url
    problems.push({ path: at, ...found })
    return undefined
  })
  return { urls, problems }
}
