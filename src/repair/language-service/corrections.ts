/**
 * What may be done about one problem that TypeScript sees. Only what says better what the author meant: a name, an
 * import, a path, an await. What merely silences the checker (stubs that throw, `any`, widened parameters, defaults that
 * are guesses) is never offered, whatever the service would give.
 */
import { builtinModules, isBuiltin } from 'node:module'
import type ts from '@typescript/typescript6'
import { nearestFew } from './near.ts'
import type { Problem, Project, Texts } from './project.ts'
import { statementCorrections } from './statements.ts'

export interface Correction {
  readonly texts: Texts
  /** Completes "to ...": `write "put" for "puts" in kernel.ts:12`. */
  readonly what: string
  /** It brings a name in, of which nothing was known before: what is complained about then may have been there always. */
  readonly reveals: boolean
}

/** Names of the service's fixes that are offered, and whether they reveal. */
const offered: ReadonlyMap<string, boolean> = new Map([
  ['import', true],
  ['spelling', false],
  ['addMissingAwait', false],
  ['addMissingAwaitToInitializer', false],
  ['fixAwaitInSyncFunction', false],
  ['fixImportNonExportedMember', true],
  ['convertToTypeOnlyImport', false],
  ['forgottenThisPropertyAccess', false],
  ['addMissingNewOperator', false],
  ['fixConvertConstToLet', false],
])

/** Module has no such export: 2305, 2614 and, with a guess, 2724. */
const noSuchExport: ReadonlySet<number> = new Set([2305, 2614, 2724])
const perProblem = 4

export function correctionsOf(project: Project, problem: Problem): Correction[] {
  const own = noSuchExport.has(problem.code) ? renamedImports(project, problem) : []
  const all = [...ofService(project, problem), ...own, ...statementCorrections(project, problem)]
  const known = new Set<string>()
  const distinct = all.filter(({ texts }) => {
    const key = JSON.stringify([...texts])
    return !known.has(key) && known.add(key)
  })
  return distinct.slice(0, perProblem)
}

function ofService(project: Project, problem: Problem): Correction[] {
  const { service, ts: api } = project
  const { file, start, length, code } = problem
  const format = { ...api.getDefaultFormatCodeSettings('\n'), semicolons: api.SemicolonPreference.Ignore }
  const preferences: ts.UserPreferences = {
    ...{ importModuleSpecifierPreference: 'relative', preferTypeOnlyAutoImports: true },
    quotePreference: quotesOf(project.text(file)),
  }
  const fixes = service.getCodeFixesAtPosition(file, start, start + length, [code], format, preferences)
  return fixes
    .filter(({ fixName }) => offered.has(fixName))
    .sort((a, b) => farness(a) - farness(b))
    .slice(0, perProblem)
    .flatMap((fix) => {
      const texts = applied(project, fix)
      const isOurs = texts !== undefined && [...texts.keys()].every((path) => project.files.includes(path))
      if (!isOurs) return []
      const what = `${described(fix)} at ${project.short(file)}:${problem.line}`
      return [{ texts, what, reveals: offered.get(fix.fixName) === true }, ...alike(project, problem, fix)]
    })
}

/** Imports from the kernel's own files come before those of Node, and these before packages; shorter ones before longer. */
function farness({ fixName, description }: ts.CodeFixAction): number {
  if (fixName !== 'import') return 0
  const specifier = /["']([^"']+)["']/.exec(description)?.[1] ?? ''
  if (specifier.startsWith('.')) return specifier.length
  return (isBuiltin(specifier) ? 1 : 2) * 1000 + specifier.length
}

export function quotesOf(text: string): 'single' | 'double' {
  return /\bfrom\s+"/.test(text) ? 'double' : 'single'
}

/** In the service's words, with a built-in module spelt as it will be imported. */
function described({ description }: ts.CodeFixAction): string {
  const text = description.replace(/(?<=from ")[\w/]+(?=")/, (name) => (isBuiltin(name) ? `node:${name}` : name))
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function applied(project: Project, fix: ts.CodeFixAction): Texts | undefined {
  const texts = new Map(project.texts)
  for (const { fileName, textChanges, isNewFile } of fix.changes) {
    if (isNewFile) return undefined
    texts.set(fileName, edited(project.text(fileName), textChanges.map(withScheme)))
  }
  return texts
}

/** Built-in modules are imported with their scheme, which no package can take from them. */
function withScheme(change: ts.TextChange): ts.TextChange {
  const newText = change.newText.replace(/(\bfrom\s+["'])([\w/]+)(?=["'])/g, (all, head: string, name: string) =>
    builtinModules.includes(name) ? `${head}node:${name}` : all,
  )
  return { ...change, newText }
}

export function edited(text: string, changes: readonly ts.TextChange[]): string {
  return changes
    .toSorted((a, b) => b.span.start - a.span.start)
    .reduce((so, { span, newText }) => so.slice(0, span.start) + newText + so.slice(span.start + span.length), text)
}

/** The same change wherever the file has the same problem: a name that is misspelt twice is misspelt in one way. */
function alike(project: Project, problem: Problem, fix: ts.CodeFixAction): Correction[] {
  const [change, more] = fix.changes.flatMap(({ textChanges }) => textChanges)
  if (fix.fixName !== 'spelling' || change === undefined || more !== undefined) return []
  const places = project.problems().filter(({ key }) => key === problem.key)
  if (places.length < 2) return []
  const offset = change.span.start - problem.start
  const changes = places.map(({ start }) => ({
    newText: change.newText,
    span: { start: start + offset, length: change.span.length },
  }))
  const texts = new Map(project.texts).set(problem.file, edited(project.text(problem.file), changes))
  const what = `${described(fix)} in ${places.length} places of ${project.short(problem.file)}`
  return [{ texts, what, reveals: false }]
}

/** The export that was meant: named so in the import alone, or wherever the file uses it. */
function renamedImports(project: Project, problem: Problem): Correction[] {
  const { ts: api, checker } = project
  const source = project.sourceFile(problem.file)
  const found = source && findNode(api, source, problem.start, api.isImportSpecifier)
  if (source === undefined || found === undefined) return []
  const module = checker.getSymbolAtLocation(found.parent.parent.parent.moduleSpecifier)
  if (module === undefined) return []
  const exported = checker.getExportsOfModule(module).map(({ name }) => name)
  const named = found.propertyName ?? found.name
  const span = { start: named.getStart(source), length: named.getWidth(source) }
  return nearestFew(named.text, exported, 2).flatMap((newText) => {
    const here = { span, newText }
    const uses = found.propertyName === undefined ? usesOf(project, source, found.name, newText) : []
    const what = `import "${newText}" for "${named.text}" in ${project.short(problem.file)}:${problem.line}`
    const variants = uses.length === 0 ? [[here]] : [[here, ...uses], [here]]
    return variants.map((changes) => ({
      texts: new Map(project.texts).set(problem.file, edited(source.text, changes)),
      ...{ what, reveals: true },
    }))
  })
}

function usesOf(project: Project, source: ts.SourceFile, name: ts.Identifier, newText: string): ts.TextChange[] {
  const { ts: api, checker } = project
  const symbol = checker.getSymbolAtLocation(name)
  const changes: ts.TextChange[] = []
  const visit = (node: ts.Node): void => {
    if (api.isIdentifier(node) && node !== name && node.text === name.text) {
      const isShort = api.isShorthandPropertyAssignment(node.parent)
      const meant = isShort ? checker.getShorthandAssignmentValueSymbol(node.parent) : checker.getSymbolAtLocation(node)
      const span = { start: node.getStart(source), length: node.getWidth(source) }
      if (meant === symbol) changes.push({ span, newText: isShort ? `${name.text}: ${newText}` : newText })
    }
    api.forEachChild(node, visit)
  }
  visit(source)
  return changes
}

/** The innermost node of this kind that holds the position. */
export function findNode<T extends ts.Node>(
  api: Project['ts'],
  source: ts.SourceFile,
  position: number,
  is: (node: ts.Node) => node is T,
): T | undefined {
  let found: T | undefined
  const visit = (node: ts.Node): void => {
    if (position < node.getStart(source) || position >= node.getEnd()) return
    if (is(node)) found = node
    api.forEachChild(node, visit)
  }
  visit(source)
  return found
}
