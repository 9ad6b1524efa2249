/**
 * Where an error arose, in the kernel's own words: the innermost frames of its stack, and of its causes, that lie in the
 * kernel's own files, each with the lines around it as they were run (hotfixes included), or as they were written where
 * the file has a source map. Secrets are struck out. Frames elsewhere are left to the stack itself.
 */
import { lstatSync, readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { ErrorRecord } from '../base/error-record.ts'
import { limits } from '../base/limits.ts'
import { escapeUnsafe, redactText } from '../base/redact.ts'
import type { LoadedFile } from '../base/remedy.ts'

export interface SourceFrame {
  /** 0: of the error itself, 1: of its cause, and so on. */
  readonly of: number
  readonly fn: string
  /** file: URL. */
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
  /** Where it was run; the place above is where it was written. Absent where the file has no source map. */
  readonly ranAt?: { readonly file: string; readonly line: number; readonly column: number }
  /** Number of the first of the lines. */
  readonly first: number
  readonly lines: readonly string[]
  /** Characters that are left out in front of the line at fault, where it is too long to be shown whole. */
  readonly cut?: number
}

interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Innermost first, the error before its causes. Never throws. @param files as run. */
export function sourceFrames(error: ErrorRecord, files: readonly LoadedFile[]): SourceFrame[] {
  const texts = new Map(files.map(({ url, text }) => [url, text]))
  const maps = new Map<string, SourceMap | undefined>()
  const mapOf = (url: string): SourceMap | undefined => {
    if (!maps.has(url)) maps.set(url, readMap(url, texts.get(url) ?? ''))
    return maps.get(url)
  }
  const found: SourceFrame[] = []
  let of = 0
  for (let at: ErrorRecord | undefined = error; at !== undefined; at = at.cause) {
    for (const { fn, ...place } of placesOf(at)) {
      if (found.length >= limits.sourceFrames) return found
      const text = texts.get(place.file)
      if (text === undefined) continue
      const written = originOf(mapOf(place.file), place)
      found.push({
        ...{ of, fn: plain(fn) },
        ...(written === undefined ? shown(place, text) : { ...shown(written.place, written.text), ranAt: place }),
      })
    }
    of += 1
  }
  return found
}

const frameLine = /^\s{2,}at (?:(.{1,300}?) \()?((?:file:\/\/|\/)[^()]{1,1024}?):(\d+):(\d+)\)?$/
/** What a file that cannot be compiled has in front of its stack. */
const headLine = /^((?:file:\/\/|\/)\S{1,1024}?):(\d+)$/

function placesOf({ stack = '', message }: ErrorRecord): (Place & { fn: string })[] {
  const [head = ''] = stack.split('\n', 1)
  const place = headLine.exec(head)
  const first = place === null ? [] : [{ fn: '', file: toUrl(place[1] ?? ''), line: Number(place[2]), column: 1 }]
  // The stack repeats the message, which may itself look like frames.
  const messageAt = message === '' ? -1 : stack.indexOf(message)
  const rest = messageAt < 0 ? stack : stack.slice(messageAt + message.length)
  const frames = rest
    .split('\n')
    .slice(0, 200)
    .flatMap((line) => {
      const match = frameLine.exec(line)
      if (match === null) return []
      const [, fn = '<anonymous>', file = '', lineText, columnText] = match
      return [{ fn: functionName(fn), file: toUrl(file), line: Number(lineText), column: Number(columnText) }]
    })
  return [...first, ...frames]
}

function functionName(text: string): string {
  return text.replace(/^async /, '').replace(/^(?:Object|Module|global|globalThis)\./, '')
}

function toUrl(location: string): string {
  const url = location.startsWith('/') ? `file://${location}` : location
  return url.replace(/[?#].*$/, '')
}

function shown({ file, line, column }: Place, text: string): Omit<SourceFrame, 'of' | 'fn' | 'ranAt'> {
  const all = text.split(/\r\n|\n|\r/)
  const first = Math.max(1, line - limits.sourceLinesAround)
  const lines = all.slice(first - 1, line + limits.sourceLinesAround)
  const cut = startOf(column, (all[line - 1] ?? '').length)
  return {
    ...{ file: plain(file), line, column, first },
    lines: lines.map((one, index) => lineShown(one, first + index === line ? cut : 0)),
    ...(cut > 0 && { cut }),
  }
}

/** So that the column stands a third into what is shown. */
function startOf(column: number, length: number): number {
  const room = limits.sourceLineChars
  return length <= room ? 0 : Math.max(0, Math.min(column - Math.floor(room / 3), length - room))
}

/** Struck out before it is cut: half of a secret looks like none. A bundle's line may have a megabyte. */
function lineShown(line: string, cut: number): string {
  const room = limits.sourceLineChars
  const margin = 4096
  if (line.length <= margin) return escaped(redactText(line).slice(cut, cut + room))
  const from = Math.max(0, cut - margin)
  return escaped(redactText(line.slice(from, cut + room + margin)).slice(cut - from, cut - from + room))
}

function plain(text: string): string {
  return escapeUnsafe(redactText(text))
}

/** Tabs stay: they are how a line is indented. */
function escaped(line: string): string {
  return line.split('\t').map(escapeUnsafe).join('\t')
}

/** The last one counts, as for every other reader of it. */
function readMap(url: string, text: string): SourceMap | undefined {
  const named = [...text.matchAll(/^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm)].at(-1)?.[1]
  if (named === undefined) return undefined
  try {
    const json = named.startsWith('data:') ? inlineText(named) : textOf(new URL(named, url), /\.map$/)
    return json === undefined ? undefined : new SourceMap(JSON.parse(json) as SourceMapPayload)
  } catch {
    // No URL, no JSON, no source map: the frame is shown as it was run.
    return undefined
  }
}

function inlineText(url: string): string | undefined {
  const match = /^data:application\/json(?:;charset=[\w-]+)?(;base64)?,(.*)$/.exec(url)
  const body = match?.[2]
  if (body === undefined || body.length > limits.sourceMapBytes) return undefined
  return match?.[1] === undefined ? decodeURIComponent(body) : Buffer.from(body, 'base64').toString('utf8')
}

/** Plain files of this kind only: what a map names is a kernel's word. */
function textOf(url: URL, names: RegExp): string | undefined {
  if (url.protocol !== 'file:' || !names.test(url.pathname)) return undefined
  try {
    const path = fileURLToPath(url)
    const stat = lstatSync(path)
    return stat.isFile() && stat.size <= limits.sourceMapBytes ? readFileSync(path, 'utf8') : undefined
  } catch {
    // Not there, or not readable: what was run is shown in its place.
    return undefined
  }
}

/** Where it was written, with the text of that file. */
function originOf(map: SourceMap | undefined, place: Place): { place: Place; text: string } | undefined {
  if (map === undefined) return undefined
  try {
    const origin = map.findOrigin(place.line, place.column)
    if (!('fileName' in origin) || typeof origin.fileName !== 'string') return undefined
    const { sources, sourcesContent, sourceRoot = '' } = map.payload
    const index = sources.indexOf(origin.fileName)
    const root = sourceRoot === '' ? '' : sourceRoot.replace(/\/?$/, '/')
    const url = new URL(`${root}${origin.fileName}`, place.file)
    const text = sourcesContent?.[index] ?? textOf(url, /\.[cm]?[jt]sx?$/)
    if (typeof text !== 'string') return undefined
    return { place: { file: url.href, line: origin.lineNumber, column: origin.columnNumber }, text }
  } catch {
    // A map whose mappings are not what they should be: the frame is shown as it was run.
    return undefined
  }
}
