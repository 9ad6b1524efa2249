/**
 * Files that a module names by relative paths (imports, `require`, `new URL(..., import.meta.url)`) or by a `#name` of its
 * package.json. It goes by the text: a path computed at run time is not found, and one in a comment is.
 */
import { readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, isAbsolute, resolve } from 'node:path'

const patterns = [
  /\b(?:from|import|require)\s*\(?\s*(['"])((?:\.{1,2}\/|#)[^'"\n]+)\1/g,
  /\bnew URL\(\s*(['"])(\.{1,2}\/[^'"\n]+)\1\s*,\s*import\.meta\.url/g,
]
/** As CommonJS completes a path. */
const endings = ['', '.js', '.cjs', '.json', '/index.js']

/** Absolute paths of those that exist. */
export function filesImportedBy(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const names = patterns.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[2] ?? ''))
  return names.flatMap((name) => {
    const found = name.startsWith('#') ? ofPackage(name, file) : resolve(dirname(file), name.replace(/[?#].*$/, ''))
    const path = found === undefined ? undefined : endings.map((ending) => found + ending).find(isFile)
    return path === undefined ? [] : [path]
  })
}

function ofPackage(name: string, file: string): string | undefined {
  try {
    const path = createRequire(file).resolve(name)
    return isAbsolute(path) ? path : undefined
  } catch {
    // Not one of this package's, or for import alone: the kernel's own failure to load says so.
    return undefined
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}
