/**
 * Import paths that Node does not find: another spelling, folder or extension. Node decides what is broken here, not
 * TypeScript, which takes `./a.js` for `a.ts` and knows paths of its own. Reads folders, writes nothing.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { builtinModules, isBuiltin } from 'node:module'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import type ts from '@typescript/typescript6'
import { type Correction, edited } from './corrections.ts'
import type { Crash } from './crash.ts'
import { nearestFew } from './near.ts'
import { nearestManifest, type Project } from './project.ts'

const extensions = ['.ts', '.js', '.mts', '.mjs', '.cts', '.cjs', '.json']
const perPath = 4

/** An import that leads nowhere, and where it may have been meant to lead, likeliest first. */
interface Astray {
  readonly file: string
  readonly span: ts.TextSpan
  /** `"./total" in kernel.ts:3`. */
  readonly where: string
  readonly meant: readonly string[]
}

/**
 * Corrections for each import of the files that ran which leads nowhere. Node reports the first of them only, so where
 * there are several all at once comes first.
 */
export function pathCorrections(project: Project, crash: Crash): Correction[] {
  const astray = project.files.flatMap((file) => astrayIn(project, file, crash))
  const each = astray.flatMap((one) => one.meant.map((newText) => redirected(project, [{ ...one, newText }])))
  if (astray.length < 2) return each
  return [
    redirected(
      project,
      astray.map((one) => ({ ...one, newText: one.meant[0] ?? '' })),
    ),
    ...each,
  ]
}

function astrayIn(project: Project, file: string, crash: Crash): Astray[] {
  const source = project.sourceFile(file)
  if (source === undefined) return []
  return specifiersOf(project.ts, source).flatMap((node) => {
    const meant = node.text.startsWith('.') ? pathsFor(project, file, node.text) : namesFor(file, node.text, crash)
    if (meant.length === 0) return []
    const span = { start: node.getStart(source) + 1, length: node.getWidth(source) - 2 }
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
    return [{ file, span, where: `"${node.text}" in ${project.short(file)}:${line}`, meant }]
  })
}

function redirected(project: Project, ways: readonly (Astray & { readonly newText: string })[]): Correction {
  const texts = new Map(project.texts)
  for (const file of new Set(ways.map((way) => way.file))) {
    texts.set(
      file,
      edited(
        project.text(file),
        ways.filter((way) => way.file === file),
      ),
    )
  }
  const what = ways.map(({ newText, where }) => `import "${newText}" for ${where}`).join(', and ')
  return { texts, what, reveals: true }
}

/** Texts after `from` and in `import()`, without those that are erased with their types. */
function specifiersOf(api: Project['ts'], source: ts.SourceFile): ts.StringLiteral[] {
  const found: ts.StringLiteral[] = []
  const add = (node: ts.Node | undefined) => {
    if (node !== undefined && api.isStringLiteral(node)) found.push(node)
  }
  const visit = (node: ts.Node): void => {
    if (api.isImportDeclaration(node) && node.importClause?.isTypeOnly !== true) {
      add(node.moduleSpecifier)
    } else if (api.isExportDeclaration(node) && !node.isTypeOnly) add(node.moduleSpecifier)
    else if (api.isCallExpression(node) && node.expression.kind === api.SyntaxKind.ImportKeyword) {
      add(node.arguments[0])
    }
    api.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
}

/** Where a relative import that leads nowhere may have been meant to lead, likeliest first. */
function pathsFor(project: Project, importer: string, specifier: string): string[] {
  const folder = dirname(importer)
  const target = resolve(folder, specifier)
  if (isFile(target)) return []
  const others = project.importable.filter((path) => path !== importer)
  const stem = stemOf(target)
  const found = [
    ...extensions.map((extension) => join(dirname(target), stem + extension)),
    ...extensions.map((extension) => join(target, `index${extension}`)),
    ...walk(folder, specifier),
    ...others.filter((path) => stemOf(path) === stem),
    ...nearestFew(stem, new Set(others.map(stemOf)), 2).flatMap((near) =>
      others.filter((path) => stemOf(path) === near),
    ),
  ]
  const files = [...new Set(found)].filter((path) => path !== importer && isFile(path))
  return files.slice(0, perPath).map((path) => specifierFor(folder, path))
}

function stemOf(path: string): string {
  const name = basename(path)
  const extension = extensions.find((ending) => name.endsWith(ending)) ?? ''
  return name.slice(0, name.length - extension.length)
}

function specifierFor(folder: string, path: string): string {
  const plain = relative(folder, path).split(sep).join('/')
  return plain.startsWith('.') ? plain : `./${plain}`
}

/** Follows the path part by part, by the nearest entry where a part is not there. */
function walk(from: string, specifier: string): string[] {
  const parts = specifier.split('/')
  const last = parts.pop() ?? ''
  let folder = from
  for (const part of parts) {
    const next = existsSync(join(folder, part)) ? part : nearestFew(part, entriesOf(folder, 'folders'), 1)[0]
    if (next === undefined) return []
    folder = join(folder, next)
  }
  const files = entriesOf(folder, 'files')
  const stems = [stemOf(last), ...nearestFew(stemOf(last), files.map(stemOf), 2)]
  return stems.flatMap((stem) => files.filter((name) => stemOf(name) === stem).map((name) => join(folder, name)))
}

function entriesOf(folder: string, kind: 'files' | 'folders'): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => (kind === 'files' ? entry.isFile() : entry.isDirectory()) && !entry.name.startsWith('.'))
    .map(({ name }) => name)
}

/** A built-in module or a package of another name; packages only where the error names this one. */
function namesFor(importer: string, specifier: string, crash: Crash): string[] {
  if (isBuiltin(specifier) || specifier.startsWith('#') || /^[a-z]+:\/\//.test(specifier)) return []
  if (specifier.startsWith('node:')) {
    const known = builtinModules.map((name) => (name.startsWith('node:') ? name : `node:${name}`))
    return nearestFew(specifier, known, 2)
  }
  const words = specifier.match(/[\w$]+/g) ?? []
  if (!words.some((word) => crash.names.has(word))) return []
  const packages = packagesFor(dirname(importer))
  return packages.includes(specifier) ? [] : nearestFew(specifier, packages, 2)
}

/** What the kernel's own package declares. */
function packagesFor(folder: string): string[] {
  const manifest = nearestManifest(folder)
  if (manifest === undefined) return ['lazaret/kernel']
  try {
    const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(readFileSync(manifest, 'utf8'))
    return ['lazaret/kernel', ...Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })]
  } catch {
    // A manifest that is no JSON declares nothing.
    return ['lazaret/kernel']
  }
}
