/**
 * Words that a statement lacks, where TypeScript says that something is missing and its service has no fix for it: a
 * `return` before the last expression of a function, the attribute of an import of JSON.
 */
import type ts from '@typescript/typescript6'
import { type Correction, edited, findNode, quotesOf } from './corrections.ts'
import type { Problem, Project } from './project.ts'

/** A function that is to return a value has no return statement (2355), or none at its end (2366). */
const lacksReturn: ReadonlySet<number> = new Set([2355, 2366])
/** Node asks for the attribute that says that JSON is expected. */
const lacksAttribute = 1543

export function statementCorrections(project: Project, problem: Problem): Correction[] {
  const source = project.sourceFile(problem.file)
  if (source === undefined) return []
  if (lacksReturn.has(problem.code)) return withReturn(project, problem, source)
  return problem.code === lacksAttribute ? withAttribute(project, problem, source) : []
}

/** The value is there, as the last expression: it is only not handed back. */
function withReturn(project: Project, problem: Problem, source: ts.SourceFile): Correction[] {
  const { ts: api } = project
  const isFunction = (node: ts.Node): node is ts.FunctionLikeDeclaration => api.isFunctionLike(node) && 'body' in node
  const body = findNode(api, source, problem.start, isFunction)?.body
  const last = body !== undefined && api.isBlock(body) ? body.statements.at(-1) : undefined
  if (last === undefined || !api.isExpressionStatement(last)) return []
  const start = last.getStart(source)
  const line = source.getLineAndCharacterOfPosition(start).line + 1
  return inserted(project, source, start, 'return ', `return the value of ${project.short(problem.file)}:${line}`)
}

function withAttribute(project: Project, problem: Problem, source: ts.SourceFile): Correction[] {
  const { ts: api } = project
  const found = findNode(api, source, problem.start, api.isImportDeclaration)
  if (found === undefined || found.attributes !== undefined) return []
  const quote = quotesOf(source.text) === 'double' ? '"' : "'"
  const what = `say that ${found.moduleSpecifier.getText(source)} is JSON in ${project.short(problem.file)}:${problem.line}`
  return inserted(project, source, found.moduleSpecifier.getEnd(), ` with { type: ${quote}json${quote} }`, what)
}

function inserted(project: Project, source: ts.SourceFile, start: number, newText: string, what: string): Correction[] {
  const text = edited(source.text, [{ span: { start, length: 0 }, newText }])
  return [{ texts: new Map(project.texts).set(source.fileName, text), what, reveals: false }]
}
