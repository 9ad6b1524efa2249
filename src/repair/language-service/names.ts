/**
 * Misspelt names where types are silent: plain JavaScript, `any`, a file that is not checked. The error itself names what
 * was missing and where; the names that are near it come from the object's type where it is known, from what the kernel's
 * files declare, and from the language's own objects. Guesses, all of them: the proof decides.
 */
import type ts from '@typescript/typescript6'
import { type Correction, edited } from './corrections.ts'
import type { Crash, Frame } from './crash.ts'
import { nearestFew } from './near.ts'
import type { Project } from './project.ts'

const perSource = 2

/** @param unchanged files in which nothing was misspelt since the kernel was steady: a wrong message is the likelier cause. */
export function nameCorrections(project: Project, crash: Crash, unchanged: ReadonlySet<string>): Correction[] {
  const frames = crash.frames.filter(
    ({ file, line }) => line > 0 && project.files.includes(file) && !unchanged.has(file),
  )
  const found: Correction[] = []
  for (const frame of frames) {
    const source = project.sourceFile(frame.file)
    if (source === undefined) continue
    const nodes = nodesAt(project.ts, source, frame)
    for (const node of nodes) {
      const name = missingName(project, node, crash)
      if (name !== undefined) found.push(...respelt(project, source, name))
    }
    // The innermost place that has the name is where it was missing.
    if (found.length > 0) return found
  }
  return found
}

/** The identifiers on the line, in their order. */
function nodesAt(api: Project['ts'], source: ts.SourceFile, { line }: Frame): ts.Identifier[] {
  const found: ts.Identifier[] = []
  const visit = (node: ts.Node): void => {
    if (api.isIdentifier(node) && source.getLineAndCharacterOfPosition(node.getStart(source)).line === line - 1) {
      found.push(node)
    }
    api.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** The identifier that may be misspelt, where this one is what the error speaks of. */
function missingName({ ts: api, checker }: Project, node: ts.Identifier, crash: Crash): ts.Identifier | undefined {
  const { parent } = node
  const isMember = api.isPropertyAccessExpression(parent) && parent.name === node
  if (isMember && node.text === crash.notCallable) return node
  if (isMember && node.text === crash.readOfUndefined) {
    // What was read first came out undefined: that is the name to look at.
    const { expression } = parent
    if (!api.isPropertyAccessExpression(expression) || !api.isIdentifier(expression.name)) return undefined
    // Of an object that came from outside nobody knows whether its member is misspelt here, or was missing there.
    const isUnknown = checker.getTypeAtLocation(expression.expression).flags & api.TypeFlags.Any
    return isUnknown ? undefined : expression.name
  }
  return !isMember && node.text === crash.undefinedName ? node : undefined
}

function respelt(project: Project, source: ts.SourceFile, name: ts.Identifier): Correction[] {
  const { ts: api, checker } = project
  const { parent } = name
  const access = api.isPropertyAccessExpression(parent) && parent.name === name ? parent : undefined
  const declared = declaredMembers(project)
  // A name that something has is hardly misspelt: the object is another than was thought.
  const isKnown = declared.has(name.text) || builtInMembers.has(name.text)
  const sources =
    access === undefined
      ? [checker.getSymbolsInScope(name, api.SymbolFlags.Value).map((symbol) => symbol.name)]
      : [propertiesOf(checker, access.expression), ...(isKnown ? [] : [declared, builtInMembers])]
  // A call whose value nobody takes is there for what it does: one that only looks would silence it.
  const isForEffect = access !== undefined && isStatement(api, access)
  const fits = (known: Iterable<string>) => [...known].filter((each) => !isForEffect || !onlyLooks.has(each))
  const near = new Set(sources.flatMap((known) => nearestFew(name.text, fits(known), perSource)))
  // A name that nothing has is misspelt wherever it stands.
  const everywhere = access === undefined || !declared.has(name.text) ? sameNames(api, source, name) : []
  return [...near].map((newText) => {
    const spans = [name, ...everywhere].map((node) => ({
      ...{ start: node.getStart(source), length: node.getWidth(source) },
    }))
    const changes = spans.map((span) => ({ span, newText }))
    const line = source.getLineAndCharacterOfPosition(name.getStart(source)).line + 1
    return {
      texts: new Map(project.texts).set(source.fileName, edited(source.text, changes)),
      what: `write "${newText}" for "${name.text}" at ${project.short(source.fileName)}:${line}`,
      reveals: true,
    }
  })
}

function isStatement(api: Project['ts'], access: ts.PropertyAccessExpression): boolean {
  const call = access.parent
  return api.isCallExpression(call) && call.expression === access && api.isExpressionStatement(call.parent)
}

/** Members of the language's own objects that change nothing. */
const onlyLooks: ReadonlySet<string> = new Set([
  ...[
    'at',
    'charAt',
    'codePointAt',
    'concat',
    'endsWith',
    'entries',
    'every',
    'filter',
    'find',
    'findIndex',
    'findLast',
  ],
  ...['flat', 'get', 'has', 'includes', 'indexOf', 'isArray', 'join', 'keys', 'lastIndexOf', 'length', 'map', 'match'],
  ...['size', 'slice', 'some', 'startsWith', 'substring', 'test', 'toString', 'trim', 'valueOf', 'values'],
])

/** Other identifiers of this text that stand in the same position: after a dot, or alone. */
function sameNames(api: Project['ts'], source: ts.SourceFile, name: ts.Identifier): ts.Identifier[] {
  const isMember = (node: ts.Node) => api.isPropertyAccessExpression(node.parent) && node.parent.name === node
  const isKey = (node: ts.Node) => api.isPropertyAssignment(node.parent) && node.parent.name === node
  const found: ts.Identifier[] = []
  const visit = (node: ts.Node): void => {
    const isSame = api.isIdentifier(node) && node !== name && node.text === name.text
    if (isSame && isMember(node) === isMember(name) && !isKey(node)) found.push(node)
    api.forEachChild(node, visit)
  }
  visit(source)
  return found
}

function propertiesOf(checker: ts.TypeChecker, expression: ts.Expression): string[] {
  return checker
    .getTypeAtLocation(expression)
    .getApparentProperties()
    .map(({ name }) => name)
}

/** Names of methods, properties and keys that the kernel's files declare. */
function declaredMembers(project: Project): Set<string> {
  const { ts: api } = project
  const found = new Set<string>()
  const visit = (node: ts.Node): void => {
    const isMember =
      api.isClassElement(node) ||
      api.isTypeElement(node) ||
      api.isObjectLiteralElementLike(node) ||
      api.isFunctionDeclaration(node) ||
      api.isVariableDeclaration(node)
    if (isMember && node.name !== undefined && api.isIdentifier(node.name)) found.add(node.name.text)
    api.forEachChild(node, visit)
  }
  for (const file of project.importable) {
    const source = project.sourceFile(file)
    if (source !== undefined) visit(source)
  }
  return found
}

const builtInMembers: ReadonlySet<string> = new Set([
  ...[String, Array, Map, Set, Promise, Number, RegExp, Date, Function, Uint8Array].flatMap(({ prototype }) =>
    Object.getOwnPropertyNames(prototype),
  ),
  ...[Object, Array, JSON, Math, Number, Promise, Date, Buffer, Reflect].flatMap((object) =>
    Object.getOwnPropertyNames(object),
  ),
])
