/** What an error says about the place and the names that it is about. Pure: a record in, facts out. */
import { fileURLToPath } from 'node:url'
import type { ErrorRecord } from '../../base/error-record.ts'

export interface Frame {
  /** Absolute path. */
  readonly file: string
  /** From 1. */
  readonly line: number
}

export interface Crash {
  /** Innermost first, without doubles; of the causes after those of the error itself. */
  readonly frames: readonly Frame[]
  /** Every name and text that the message quotes or ends with. */
  readonly names: ReadonlySet<string>
  /** `y` of `x.y is not a function`. */
  readonly notCallable?: string
  /** `z` of `z is not defined`. */
  readonly undefinedName?: string
  /** `p` of `Cannot read properties of undefined (reading 'p')`. */
  readonly readOfUndefined?: string
}

const framePattern = /(file:\/\/[^\s()]+?|(?:\/|[A-Za-z]:[\\/])[^\s():]+):(\d+)(?::\d+)?(?=[\s)]|$)/gm

export function readCrash(error: ErrorRecord): Crash {
  const frames: Frame[] = []
  const names = new Set<string>()
  for (let at: ErrorRecord | undefined = error; at !== undefined; at = at.cause) {
    frames.push(...framesOf(at))
    for (const name of at.message.match(/[\w$]+/g) ?? []) names.add(name)
  }
  const { message } = error
  const notCallable = /([\w$]+) is not a (?:function|constructor)/.exec(message)?.[1]
  const undefinedName = /^([\w$]+) is not defined/.exec(message)?.[1]
  const readOfUndefined = /^Cannot read properties of undefined \(reading '([\w$]+)'\)/.exec(message)?.[1]
  return {
    ...{ frames, names },
    ...(notCallable !== undefined && { notCallable }),
    ...(undefinedName !== undefined && { undefinedName }),
    ...(readOfUndefined !== undefined && { readOfUndefined }),
  }
}

function framesOf({ stack = '', details }: ErrorRecord): Frame[] {
  const frames: Frame[] = []
  for (const [, where = '', line = ''] of stack.matchAll(framePattern)) {
    const file = pathOf(where)
    const isNew = !frames.some((frame) => frame.file === file && frame.line === Number(line))
    if (file !== undefined && isNew) frames.push({ file, line: Number(line) })
  }
  return typeof details?.file === 'string' ? [...frames, ...fileWithoutLine(details.file)] : frames
}

/** The compiler's own SyntaxError names a file and no line. */
function fileWithoutLine(url: string): Frame[] {
  const file = pathOf(url)
  return file === undefined ? [] : [{ file, line: 0 }]
}

function pathOf(where: string): string | undefined {
  if (!where.startsWith('file:')) return where
  try {
    return fileURLToPath(where.split(/[?#]/, 1)[0] ?? where)
  } catch {
    // A URL of another host names no file of ours.
    return undefined
  }
}
