/**
 * What an error says about the kernel that it came out of. An ordinary error is an answer to the caller; a defect is a
 * bug in the kernel, which crashes; a permanent error comes from the module graph, and no restart mends it.
 */
import { isForeign } from './error-record.ts'

/** Errors without a `code` that are no bugs were listed by trial: JSON.parse, new RegExp, BigInt, toISOString (FACTS H). */
export function isDefect(thrown: unknown): boolean {
  if (isForeign(thrown)) return false
  try {
    if (!(thrown instanceof Error)) return Object.prototype.toString.call(thrown) !== '[object DOMException]'
    if (thrown instanceof ReferenceError) return true
    const code: unknown = Reflect.get(thrown, 'code')
    if (code === 'ERR_ASSERTION') return true
    return thrown instanceof TypeError && code === undefined && thrown.cause === undefined
  } catch {
    // A getter or a proxy trap that throws: no honest error does that.
    return true
  }
}

const permanentCodes: ReadonlySet<string> = new Set([
  'ERR_MODULE_NOT_FOUND',
  'MODULE_NOT_FOUND',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING',
  'ERR_UNSUPPORTED_DIR_IMPORT',
  'ERR_PACKAGE_PATH_NOT_EXPORTED',
  'ERR_PACKAGE_IMPORT_NOT_DEFINED',
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNKNOWN_BUILTIN_MODULE',
  'ERR_IMPORT_ATTRIBUTE_MISSING',
  'KERNEL_MALFORMED',
])

/**
 * True for an error of the module graph itself: a missing file or export, a syntax error. A SyntaxError that code threw
 * while it ran (`JSON.parse`) has its own frames on top of the stack; one of the compiler has Node's loader there.
 */
export function isPermanent(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || isForeign(thrown)) {
    return thrown instanceof Error && Reflect.get(thrown, 'code') === 'KERNEL_MALFORMED'
  }
  const code: unknown = Reflect.get(thrown, 'code')
  if (typeof code === 'string' && permanentCodes.has(code)) return true
  if (!(thrown instanceof SyntaxError)) return false
  const firstFrame = /^ {4}at .*$/m.exec(thrown.stack ?? '')?.[0]
  return (
    firstFrame === undefined || firstFrame.includes('node:internal/modules') || firstFrame.includes('node:internal/vm')
  )
}
