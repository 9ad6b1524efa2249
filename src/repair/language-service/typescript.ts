/**
 * Finds a TypeScript whose API has the language service, in the kernel's own project first. TypeScript is an optional
 * peer of this package: 7 has no such API, so the 6 that is published beside it is what is asked for.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type ts from '@typescript/typescript6'

export type TypeScript = typeof ts

const packageNames = ['@typescript/typescript6', 'typescript'] as const

/** @returns the API, or one sentence that says what was found instead and what to install. */
export function findTypeScript(folders: readonly string[]): TypeScript | string {
  const unsuitable: string[] = []
  for (const folder of folders) {
    const require = createRequire(join(folder, 'from-here.js'))
    for (const name of packageNames) {
      const version = versionOf(require, name)
      if (version === undefined) continue
      const api = load(require, name)
      if (api !== undefined) return api
      unsuitable.push(`${name} ${version}`)
    }
  }
  const found = unsuitable.length === 0 ? 'none is installed' : `${[...new Set(unsuitable)].join(', ')} has none`
  return `no TypeScript with a language service was found (${found}); to have code mended: npm install --save-dev @typescript/typescript6`
}

function versionOf(require: NodeJS.Require, name: string): string | undefined {
  try {
    return JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8')).version
  } catch {
    // Not installed there.
    return undefined
  }
}

function load(require: NodeJS.Require, name: string): TypeScript | undefined {
  try {
    const api: Partial<TypeScript> = require(name)
    return typeof api.createLanguageService === 'function' ? (api as TypeScript) : undefined
  } catch {
    // A package without a main module, as TypeScript 7 is one, or one that is half installed.
    return undefined
  }
}
