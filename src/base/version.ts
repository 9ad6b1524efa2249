/** The version of this package, as its package.json says. */
import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'

export function version(): string {
  const file = findPackageJSON(import.meta.url)
  if (file === undefined) return 'unknown'
  return String((JSON.parse(readFileSync(file, 'utf8')) as { version?: unknown }).version)
}
