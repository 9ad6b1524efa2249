/**
 * What makes two failures the same: the kind of error, its message without what varies, and where in the kernel's own
 * code it arose, without line numbers. It is stable across runs, machines and unrelated edits, because playbooks are
 * found by it. It judges nothing: two bugs with the same face share a fingerprint.
 */
import type { ErrorRecord } from '../base/error-record.ts'
import { sha256 } from '../base/hash.ts'
import type { FailurePhase } from '../base/remedy.ts'

export interface Failure {
  readonly kernel: string
  readonly error: ErrorRecord
  readonly phase: FailurePhase
  /** The message being handled; it counts only where the error itself cannot say where it arose. */
  readonly method?: string
  /** file: URL of the folder of the kernel's module. Without it every frame outside node_modules is its own. */
  readonly kernelFolderUrl?: string
}

/** 16 hex digits. */
export function fingerprint(failure: Failure): string {
  return sha256(JSON.stringify(fingerprintParts(failure))).slice(0, 16)
}

/** What goes into the hash, to show a person why two failures are the same or not. */
export function fingerprintParts({ kernel, error, phase, method, kernelFolderUrl }: Failure): readonly unknown[] {
  const seen = seenFromOutside.has(error.code ?? '')
  return [
    ...[kernel, phase, error.name, error.code ?? '', normaliseMessage(error.message)],
    placeOf(error, kernelFolderUrl),
    seen ? (method ?? '') : '',
    causesOf(error),
  ]
}

/** The host says these of a thread that could not speak: they have no stack of their own, or one taken at random. */
const seenFromOutside: ReadonlySet<string> = new Set([
  ...['KERNEL_HUNG', 'KERNEL_EXITED', 'KERNEL_OUT_OF_MEMORY', 'KERNEL_PORT_CLOSED', 'KERNEL_START_TIMEOUT'],
])

/** Names and codes only: messages of causes come from elsewhere and vary. */
function causesOf(error: ErrorRecord): string[] {
  const causes: string[] = []
  for (let at = error.cause; at !== undefined; at = at.cause) causes.push(`${at.name} ${at.code ?? ''}`)
  return causes
}

/** Longest message looked at, and longest quoted text that is part of an error's kind rather than data. */
const messageChars = 2048
const quotedChars = 40

const varying: readonly (readonly [RegExp, string])[] = [
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes start with ESC.
  [/\u001b\[[0-9;]*m/g, ''],
  [/\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s'"`)\]]+/gi, '<url>'],
  [/(?<![\w.])(?:[A-Za-z]:)?(?:[\\/][\w.@%+~-]{1,255}){2,}/g, '<path>'],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  // All kinds of numbers and ids become the same: a random one may look like either.
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<n>'],
  [/\b(?:0x[0-9a-f]+|(?=[a-f]*\d)[0-9a-f]{8,})\b/gi, '<n>'],
  [/(?:(?<=^|[\s(=:,[])-)?\d+(?:[.,_]\d+)*(?:e[+-]?\d+)?/g, '<n>'],
]

/** The message without what changes from one occurrence to the next. */
export function normaliseMessage(message: string): string {
  let text = message.slice(0, messageChars)
  text = text.replace(/"[^"\n]*"|'[^'\n]*'|`[^`\n]*`/g, (quoted) =>
    quoted.length - 2 > quotedChars ? '<text>' : quoted,
  )
  for (const [pattern, replacement] of varying) text = text.replace(pattern, replacement)
  return text.replace(/\s+/g, ' ').trim().slice(0, 512)
}

export interface Frame {
  readonly fn: string
  /** Path relative to the kernel's folder, or the file's name where it lies elsewhere. */
  readonly file: string
  readonly own: boolean
}

/** Frames that count: the innermost, deep enough to tell two callers of one helper apart. */
const framesCounted = 3

function placeOf(error: ErrorRecord, kernelFolderUrl: string | undefined): string[] {
  const all = parseFrames(error, kernelFolderUrl)
  const own = all.filter((frame) => frame.own)
  const names = dropRepeats((own.length > 0 ? own : all.slice(0, 1)).map((frame) => `${frame.fn} ${frame.file}`))
  // A hung thread is stopped anywhere within its loop: only the way into it is the same each time.
  if (error.code === 'KERNEL_HUNG') return names.slice(-1)
  // Where a recursion overflows is chance: which functions take part is not.
  if (error.name === 'RangeError' && error.message.includes('call stack')) return [...new Set(names)].sort()
  return names.slice(0, framesCounted)
}

/** A recursion of any depth looks like one of depth one. */
function dropRepeats(names: readonly string[]): string[] {
  return names.filter((name, index) => name !== names[index - 1])
}

const frameLine = /^\s{2,}at (?:(.{1,300}?) \()?((?:file:\/\/|node:|[A-Za-z]:[\\/]|\/)[^()]{1,1024}?):\d+:\d+\)?$/

/** The frames of V8's stack text that lie in a file, innermost first. */
export function parseFrames(error: ErrorRecord, kernelFolderUrl?: string): Frame[] {
  const frames: Frame[] = []
  for (const line of frameLines(error)) {
    const match = frameLine.exec(line)
    const location = match?.[2]
    if (location === undefined || location.startsWith('node:')) continue
    const url = toUrl(location)
    const folder = kernelFolderUrl === undefined ? undefined : withSlash(kernelFolderUrl)
    const inFolder = folder !== undefined && url.startsWith(folder)
    const dependency = url.includes('/node_modules/')
    frames.push({
      fn: functionName(match?.[1]),
      file: inFolder ? url.slice(folder.length) : (url.split('/').at(-1) ?? url),
      own: !dependency && (folder === undefined || inFolder),
    })
  }
  return frames
}

/** A stack repeats the message first; one that contains `    at ` must not pass for frames. */
function frameLines(error: ErrorRecord): string[] {
  const stack = error.stack ?? ''
  const messageAt = error.message === '' ? -1 : stack.indexOf(error.message)
  return (messageAt < 0 ? stack : stack.slice(messageAt + error.message.length)).split('\n').slice(0, 200)
}

function functionName(text: string | undefined): string {
  if (text === undefined) return '<anonymous>'
  return text
    .replace(/^async /, '')
    .replace(/ \[as [^\]]*\]$/, '')
    .replace(/^(?:Object|Module|global|globalThis)\./, '')
}

/** Windows and POSIX paths as file: URLs, without a query. */
function toUrl(location: string): string {
  const url = location.startsWith('file://') ? location : `file://${location.startsWith('/') ? '' : '/'}${location}`
  return url.replaceAll('\\', '/').replace(/[?#].*$/, '')
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`
}
