/**
 * Whether changed texts are worse than those before: no parser takes them any more, or TypeScript has a complaint that it
 * did not have. Where a file is not typed, or no TypeScript is there, the parser's word is all. It runs nothing.
 */
import { stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import { compileFunction } from 'node:vm'
import type { Complaint, DiagnosticsAnswer, DiagnosticsJob } from './job.ts'
import { type Problem, Project } from './project.ts'
import { beyond } from './search.ts'
import { findTypeScript, type TypeScript } from './typescript.ts'

/** Parses only. Quick, and needs no TypeScript. */
export function parseChanges({ changed, sources }: DiagnosticsJob): Complaint[] {
  return Object.entries(changed).flatMap(([url, text]) => {
    const message = parseProblem(url, text)
    if (message === undefined) return []
    const before = sources[url]
    // What was broken before is no worse for it.
    return before !== undefined && parseProblem(url, before) !== undefined ? [] : [{ url, message }]
  })
}

/** What the parser that Node itself uses says; undefined where the text is whole. */
export function parseProblem(url: string, text: string): string | undefined {
  if (url.endsWith('.json')) return problemOf(() => JSON.parse(text))
  if (url.endsWith('.cjs')) return problemOf(() => compileFunction(text))
  const ofModule = problemOf(() => stripTypeScriptTypes(text))
  // A .js file may be CommonJS, whose loose grammar is no module's. Compiled, never run.
  return ofModule !== undefined && url.endsWith('.js') ? problemOf(() => compileFunction(text)) && ofModule : ofModule
}

function problemOf(parse: () => unknown): string | undefined {
  try {
    parse()
    return undefined
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown)
  }
}

const isTyped = (file: string) => /\.[cm]?ts$/.test(file)

export function compareTypes(job: DiagnosticsJob): Omit<DiagnosticsAnswer, 'unparsed'> {
  const nothing = { fresh: [], compared: 0, before: 0 }
  const texts = new Map(Object.entries(job.changed).map(([url, text]) => [fileURLToPath(url), text]))
  const files = [...texts.keys()].filter(isTyped)
  if (files.length === 0) return { ...nothing, none: 'the changed files are JavaScript without types' }
  const api = findTypeScript(job.typescriptFrom)
  if (typeof api === 'string') return { ...nothing, none: api }
  return compareWith(api, job, texts, files)
}

/** An import that leads nowhere: no such module, no such export, no types for it, an extension that is not accepted. */
const unbound: ReadonlySet<number> = new Set([2305, 2307, 2459, 2613, 2614, 2691, 2724, 2792, 2834, 2835, 5097, 7016])

function compareWith(api: TypeScript, job: DiagnosticsJob, texts: ReadonlyMap<string, string>, files: string[]) {
  const project = new Project(api, job)
  const before = project.problems(files)
  const after = project.with(texts, () => project.problems(files))
  const count = (problems: readonly Problem[], { file, code }: Problem) =>
    problems.filter((problem) => problem.file === file && problem.code === code).length
  const unboundIn = (problems: readonly Problem[], file: string) =>
    problems.filter((problem) => problem.file === file && unbound.has(problem.code)).length
  // The words of an old complaint change with the types that it names: it is new only where there are more of its kind.
  // What comes from an import that leads nowhere is of every type; when it leads somewhere again, older complaints show.
  const fresh = beyond(after, before)
    .filter((problem) => count(after, problem) > count(before, problem))
    .filter(({ file }) => unboundIn(after, file) >= unboundIn(before, file))
  return {
    fresh: fresh.map(({ file, line, code, message }) => ({ url: urlOf(job, file), line, code, message })),
    ...{ compared: files.length, before: before.length },
  }
}

function urlOf({ changed }: DiagnosticsJob, file: string): string {
  return Object.keys(changed).find((url) => fileURLToPath(url) === file) ?? file
}
