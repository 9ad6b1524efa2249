/**
 * What is wrong with something that a person wrote: one paragraph that names file, line, key, the accepted values, what
 * was got and what to do. Fleets and playbooks use it, from YAML and from objects alike. It finds no problems itself.
 */
import { type ErrorCode, LazaretError } from './errors.ts'
import { escapeUnsafe } from './redact.ts'

export type KeyPath = readonly (string | number)[]

/** Both count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface InputProblem {
  /** Where in the value; empty for the whole of it. */
  readonly path: KeyPath
  /** What is accepted, as it reads after "must be". */
  readonly accepted: string
  /** Said in place of `must be <accepted>`. */
  readonly rule?: string
  /** What was found, made by showValue. */
  readonly got: string
  /** What to do about it: whole sentences. */
  readonly advice: string
  /** Where the path alone does not lead there, as in text that is no YAML. */
  readonly position?: Position
}

export interface InputSource {
  /** How messages call it: the path as the caller gave it, or `fleet`. */
  readonly name: string
  /** Absolute path of the file, where there is one. */
  readonly file?: string
  positionOf?(path: KeyPath): Position | undefined
}

/** Thrown where a problem is found too deep to be returned; whoever knows the source turns it into inputError. */
export class InputRefusal extends Error {
  readonly problem: InputProblem

  constructor(problem: InputProblem) {
    super(`must be ${problem.accepted}`)
    this.name = 'InputRefusal'
    this.problem = problem
  }
}

/** What lies at the end of a path; undefined where that leads nowhere. */
export function valueAt(value: unknown, path: KeyPath): unknown {
  let found = value
  for (const step of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, step)) return undefined
    found = Reflect.get(found, step)
  }
  return found
}

const shownChars = 80
const othersShown = 10

/** Cut, with control characters and invisible marks escaped, so that no text forges a message. */
export function clipShown(text: string, max: number = shownChars): string {
  return escapeUnsafe(text.length <= max ? text : `${text.slice(0, max).toWellFormed()}...`)
}

/** A value as a message shows it: JSON, clipped, with control characters escaped. Never throws. */
export function showValue(value: unknown): string {
  try {
    if (value === undefined) return 'nothing'
    if (value === null) return 'nothing (null)'
    if (typeof value === 'string') {
      return escapeUnsafe(JSON.stringify(value.slice(0, shownChars))) + (value.length > shownChars ? '...' : '')
    }
    if (typeof value === 'function') return 'a function'
    if (typeof value !== 'object') return clipShown(String(value))
    return clipShown(JSON.stringify(value) ?? 'a value that cannot be shown')
  } catch {
    // A cycle, a throwing toJSON or a revoked proxy: its type is all that can be said of it.
    return `a value of type ${typeof value} that cannot be shown`
  }
}

/** `kernels[2].limits.heapMb`; a key that is no plain word stands in quotes. */
export function showPath(path: KeyPath): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[\w-]{1,80}$/.test(step)) text += text === '' ? step : `.${step}`
    else text += `[${showValue(step)}]`
  }
  return text
}

function paragraph(source: InputSource, problem: InputProblem): string {
  const position = problem.position ?? source.positionOf?.(problem.path)
  const place = clipShown(source.name, 1000) + (position === undefined ? '' : `:${position.line}`)
  const whole = source.file === undefined ? '' : 'the file '
  const key = problem.path.length === 0 ? whole : `${showPath(problem.path)}: `
  return `${place}: ${key}${problem.rule ?? `must be ${problem.accepted}`}. Got: ${problem.got}. ${problem.advice}`
}

/**
 * The error to throw: its message is about the first problem, `details.others` holds the next ten.
 * `details`: file, line, column, key, accepted, got, more (number of further problems), others (their paragraphs).
 */
export function inputError(
  code: ErrorCode,
  source: InputSource,
  first: InputProblem,
  rest: readonly InputProblem[] = [],
): LazaretError {
  const position = first.position ?? source.positionOf?.(first.path)
  const more = rest.length === 0 ? '' : ` (And ${rest.length} more ${rest.length === 1 ? 'problem' : 'problems'}.)`
  return new LazaretError(code, paragraph(source, first) + more, {
    details: {
      ...(source.file === undefined ? {} : { file: source.file }),
      ...(position === undefined ? {} : { line: position.line, column: position.column }),
      key: showPath(first.path),
      accepted: first.accepted,
      got: first.got,
      more: rest.length,
      others: rest.slice(0, othersShown).map((problem) => paragraph(source, problem)),
    },
  })
}
