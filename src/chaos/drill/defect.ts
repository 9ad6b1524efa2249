/**
 * The known defects of a drill: a line in the source of a kernel's entry, as a bad deployment would bring it, that no
 * start can pass. A text is given and a text is returned; nothing is written here.
 */

export const drillDefects = ['start', 'import', 'exit', 'hang'] as const
export type DrillDefect = (typeof drillDefects)[number]

/** Each as it reads after "the defect". */
export const defectWords: Readonly<Record<DrillDefect, string>> = {
  start: 'start() calls a function that does not exist',
  import: 'the module calls a function that does not exist',
  exit: 'start() leaves the process',
  hang: 'start() never ends',
}

const lines: Readonly<Record<DrillDefect, string>> = {
  start: 'lazaretDrill();',
  import: 'lazaretDrill();',
  exit: 'process.exit(3);',
  hang: 'for (;;) {}',
}

export interface Edited {
  readonly text: string
  /** 1 is the first. */
  readonly line: number
}

/** Undefined where this text has no place for it: a start() that is not written in it, or has no body of its own. */
export function withDefect(text: string, defect: DrillDefect): Edited | undefined {
  const at = defect === 'import' ? text.length : bodyOfStart(text)
  if (at === undefined) return undefined
  const before = text.slice(0, at)
  const edited = `${before}${before.endsWith('\n') ? '' : '\n'}${lines[defect]}${text.slice(at) || '\n'}`
  const line = before.split('\n').length + (before.endsWith('\n') ? 0 : 1)
  return { text: edited, line }
}

/** The same failure in a file that somebody has edited meanwhile, as far from it as the file allows. */
export function withUnrelatedEdit({ text, line }: Edited): string {
  const lines = text.replace(/\n$/, '').split('\n')
  const first = lines[0]?.startsWith('#!') ? 1 : 0
  return `${lines.toSpliced(line > lines.length / 2 ? first : lines.length, 0, '// An edit elsewhere.').join('\n')}\n`
}

/** Lines that a file needs so that one of its ends is out of reach of a patch's context. */
const roomyLines = 16

/** A text with room for an edit that does not touch the lines around a defect. */
export function withRoom(text: string): string {
  const missing = roomyLines - text.split('\n').length
  if (missing <= 0) return text
  return `${text.endsWith('\n') ? text : `${text}\n`}${'// Room for an edit elsewhere.\n'.repeat(missing)}`
}

const starts = /(?<![\w.$#])start\s*(?:\(|:\s*(?:async\b\s*)?(?:function\b\s*\w*\s*)?\()/g

/** Where the statements of start() begin: behind its `{`. */
function bodyOfStart(text: string): number | undefined {
  const from = Math.max(0, text.indexOf('defineKernel('))
  for (const match of text.matchAll(starts)) {
    if (match.index < from) continue
    const end = endOfParameters(text, match.index + match[0].length)
    if (end === undefined) continue
    const opening = /^\s*(?::[\w\s.<>,[\]|]+?)?(?:=>)?\s*\{/.exec(text.slice(end))
    if (opening !== null) return end + opening[0].length
  }
  return undefined
}

/** @param from behind the opening parenthesis. */
function endOfParameters(text: string, from: number): number | undefined {
  let depth = 1
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1
    if (text[at] === ')') depth -= 1
    if (depth === 0) return at + 1
  }
  return undefined
}
