/**
 * Unified diffs of one source file: making them, fitting them to a text that has moved on, and refusing those that touch
 * what a repair may not. Pure: texts in, texts out. Whether a patched kernel is any better is for the proof to say.
 */
import { isAbsolute, relative, resolve } from 'node:path'
import { formatPatch, OMIT_HEADERS, parsePatch, reversePatch, structuredPatch } from 'diff'
import { LazaretError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { limits } from '../base/limits.ts'
import type { RemedyStep } from '../base/remedy.ts'

export type PatchStep = Extract<RemedyStep, { do: 'apply_patch' }>
type Hunk = ReturnType<typeof structuredPatch>['hunks'][number]

const contextLines = 3
/** Context lines that may differ when no place fits exactly. The proof judges the result all the same. */
const fuzzLines = 2

/** Lines with their line ends, so that a missing one at the end of the file is a difference like any other. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

/** One hunk that replaces everything between the lines that both texts begin and end with. */
function wholesaleHunk(before: string, after: string): Hunk {
  const [old, now] = [linesOf(before), linesOf(after)]
  const shorter = Math.min(old.length, now.length)
  let head = 0
  while (head < shorter && old[head] === now[head]) head += 1
  let tail = 0
  while (tail < shorter - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1
  const start = Math.max(0, head - contextLines)
  const rest = Math.max(0, tail - contextLines)
  const marked = (lines: string[], mark: string) =>
    lines.flatMap((line) =>
      line.endsWith('\n') ? [mark + line.slice(0, -1)] : [mark + line, '\\ No newline at end of file'],
    )
  return {
    oldStart: start + 1,
    newStart: start + 1,
    oldLines: old.length - rest - start,
    newLines: now.length - rest - start,
    lines: [
      ...marked(old.slice(start, head), ' '),
      ...marked(old.slice(head, old.length - tail), '-'),
      ...marked(now.slice(head, now.length - tail), '+'),
      ...marked(old.slice(old.length - tail, old.length - rest), ' '),
    ],
  }
}

/**
 * A unified diff with three lines of context and the headers `--- a/<file>`, `+++ b/<file>`; empty where nothing differs.
 * @param file relative path with `/`, as it is to stand in the headers.
 */
export function makePatch(file: string, before: string, after: string): string {
  if (before === after) return ''
  const options = { context: contextLines, maxEditLength: limits.diffLines }
  const found = structuredPatch('', '', before, after, undefined, undefined, options)
  const hunks = found?.hunks ?? [wholesaleHunk(before, after)]
  const body = formatPatch({ oldFileName: '', newFileName: '', oldHeader: '', newHeader: '', hunks }, OMIT_HEADERS)
  // The names are written here, because the library writes any that is not ASCII as octal escapes.
  return `--- a/${file}\n+++ b/${file}\n${body}`
}

interface Fit {
  readonly text: string
  /** Farthest that a hunk was found from where it said. Lines. */
  readonly offset: number
}

/** The lines on one side of a hunk, with their line ends. */
function sideOf(hunk: Hunk, mark: '-' | '+'): string[] {
  const side: string[] = []
  let lastWasOurs = false
  for (const line of hunk.lines) {
    if (line.startsWith('\\')) {
      if (lastWasOurs) side.push((side.pop() ?? '').slice(0, -1))
      continue
    }
    lastWasOurs = line === '' || line.startsWith(' ') || line.startsWith(mark)
    if (lastWasOurs) side.push(`${line.slice(1)}\n`)
  }
  return side
}

/** The old side of a hunk, and which of its lines are only there to find the place. */
interface Wanted {
  readonly lines: readonly string[]
  readonly isContext: readonly boolean[]
  readonly anchors: Anchors
}

function wantedOf(hunk: Hunk): Wanted {
  const marks = hunk.lines.filter((line) => !line.startsWith('\\') && !line.startsWith('+'))
  return { lines: sideOf(hunk, '-'), isContext: marks.map((line) => !line.startsWith('-')), anchors: anchorsOf(hunk) }
}

/**
 * Nearest place at or after `from` where the lines stand, tried outwards from the expected one. `slack` context lines may
 * differ; a line that is to be taken out never may.
 */
function findLines(lines: readonly string[], wanted: Wanted, from: number, expected: number, slack: number) {
  const { anchors, isContext } = wanted
  const last = lines.length - wanted.lines.length
  const fits = (at: number) => {
    if (at < from || at > last || (anchors.start && at !== 0) || (anchors.end && at !== last)) return false
    let left = slack
    return wanted.lines.every((line, index) => {
      if (lines[at + index] === line) return true
      left -= 1
      return isContext[index] === true && left >= 0
    })
  }
  for (let away = 0; away <= lines.length; away += 1) {
    if (fits(expected - away)) return expected - away
    if (fits(expected + away)) return expected + away
  }
  return undefined
}

interface Anchors {
  /** Nothing stood before the change: it belongs at the top of the file. */
  readonly start: boolean
  /** Nothing stood after it: it belongs at the end. Git decides the same way. */
  readonly end: boolean
}

function anchorsOf(hunk: Hunk): Anchors {
  const lines = hunk.lines.filter((line) => !line.startsWith('\\'))
  const isChange = (line: string | undefined) => line?.startsWith('+') === true || line?.startsWith('-') === true
  return { start: hunk.oldStart <= 1 && isChange(lines[0]), end: isChange(lines.at(-1)) }
}

/** The new side of a hunk, with the context lines as they stand in the text. */
function replaced(hunk: Hunk, found: readonly string[]): string[] {
  const result: string[] = []
  const added = sideOf(hunk, '+')
  let old = 0
  let now = 0
  for (const line of hunk.lines) {
    if (line.startsWith('\\')) continue
    if (line.startsWith('-')) old += 1
    else if (line.startsWith('+')) result.push(added[now++] ?? '')
    else {
      result.push(found[old++] ?? '')
      now += 1
    }
  }
  return result
}

/** Wherever the hunks are found; undefined where one of them is nowhere. */
function placeHunks(text: string, hunks: readonly Hunk[], slack: number): Fit | undefined {
  const lines = linesOf(text)
  const result: string[] = []
  let taken = 0
  let drift = 0
  let offset = 0
  for (const hunk of hunks) {
    const wanted = wantedOf(hunk)
    const expected = hunk.oldStart - 1 + drift
    const at = findLines(lines, wanted, taken, expected, slack)
    if (at === undefined) return undefined
    drift = at - (hunk.oldStart - 1)
    offset = Math.max(offset, Math.abs(drift))
    const end = at + wanted.lines.length
    result.push(...lines.slice(taken, at), ...replaced(hunk, lines.slice(at, end)))
    taken = end
  }
  return { text: [...result, ...lines.slice(taken)].join(''), offset }
}

/**
 * The patched text, or undefined where the patch does not fit, is in already, or could be either.
 *
 * Hunks are found by their context, at other line numbers too. Where both the patch and its reverse fit, the nearer one
 * counts: a text that looks patched is left alone. Where neither fits exactly, two context lines may differ.
 * @param preimageSha256 hash of the text that the patch was made from: when it is this very text there is no doubt.
 */
export function applyPatchText(text: string, patch: string, preimageSha256?: string): string | undefined {
  const parsed = parseOne(patch)
  if (parsed === undefined || parsed.hunks.length === 0) return undefined
  const forward = placeHunks(text, parsed.hunks, 0)
  if (preimageSha256 !== undefined && forward?.offset === 0 && sha256(text) === preimageSha256) return forward.text
  const reversed = reversePatch(parsed)
  const backward = placeHunks(text, reversed.hunks, 0)
  if (forward !== undefined || backward !== undefined) {
    const isNearer = (forward?.offset ?? Number.POSITIVE_INFINITY) < (backward?.offset ?? Number.POSITIVE_INFINITY)
    return isNearer ? forward?.text : undefined
  }
  // With so few lines to go by, a place found by leaving some of them out would be a guess.
  if (parsed.hunks.some((hunk) => sideOf(hunk, '-').length <= fuzzLines)) return undefined
  if (placeHunks(text, reversed.hunks, fuzzLines) !== undefined) return undefined
  return placeHunks(text, parsed.hunks, fuzzLines)?.text
}

/** True where every line that the patch puts in is there already, in its place, and nothing is left for it to take out. */
export function isPatchIn(text: string, patch: string): boolean {
  const parsed = parseOne(patch)
  if (parsed === undefined || parsed.hunks.length === 0) return false
  return placeHunks(text, reversePatch(parsed).hunks, 0) !== undefined
}

function parseOne(patch: string) {
  try {
    const all = parsePatch(patch)
    return all.length === 1 ? all[0] : undefined
  } catch {
    // jsdiff throws on text that is no diff; to every caller here that is a patch that does not fit.
    return undefined
  }
}

const sourceName = /\.(?:[cm]?[jt]s|json)$/
const protectedNames: ReadonlySet<string> = new Set([
  ...[
    'package.json',
    'package-lock.json',
    'npm-shrinkwrap.json',
    'deno.json',
    'deno.lock',
    'bun.lock',
    'tsconfig.json',
  ],
  ...['yarn.lock', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'fleet.yaml', 'fleet.yml'],
])
const protectedFolders: ReadonlySet<string> = new Set(['node_modules', 'test', 'tests', '__tests__', '__mocks__'])

/** Why no repair may change this file; undefined where it may. */
export function fileProblem(file: string, kernelFolder: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  if (/[\u0000-\u001f\u007f-\u009f\\:"]/.test(file)) return 'its path has characters that are not accepted'
  const segments = file.split('/')
  if (isAbsolute(file) || segments.some((part) => part === '' || part === '.' || part === '..')) {
    return 'its path is not a plain relative one'
  }
  const inside = relative(kernelFolder, resolve(kernelFolder, file))
  if (inside.startsWith('..') || isAbsolute(inside)) return 'it is outside the folder of the kernel'
  // Compared in lower case: some file systems do not tell the cases apart.
  const parts = segments.map((part) => part.toLowerCase())
  const name = parts.at(-1) ?? ''
  if (parts.some((part) => part.startsWith('.'))) return 'hidden files belong to tools, not to the kernel'
  if (parts.some((part) => protectedFolders.has(part))) return 'it is in a folder of tests or dependencies'
  if (protectedNames.has(name)) return 'it decides how the kernel is installed or run'
  if (/^check\.[cm]?[jt]s$/.test(name)) return 'the check is what judges the repair'
  if (/\.(?:test|spec)\./.test(name)) return 'it is a test'
  if (!sourceName.test(name)) return 'it is no source file'
  return undefined
}

const acceptedHeader =
  'optional "diff --git a/<file> b/<file>" and "index" lines, then "--- a/<file>" and "+++ b/<file>"'

/** Why the lines before the first hunk are not the header of a change to this one file; undefined where they are. */
function headerProblem(header: readonly string[], file: string): string | undefined {
  let state = 0
  for (const line of header) {
    const name = line.replace(/\t.*$/, '')
    if (state === 0 && name === `diff --git a/${file} b/${file}`) state = 1
    else if (state === 1 && /^index [0-9a-f]{4,64}\.\.[0-9a-f]{4,64}(?: 100644)?$/.test(line)) state = 2
    else if (state < 3 && (name === `--- a/${file}` || name === `--- ${file}`)) state = 3
    else if (state === 3 && (name === `+++ b/${file}` || name === `+++ ${file}`)) state = 4
    else return `its header has the line ${JSON.stringify(line.slice(0, 200))}`
  }
  return state === 4 ? undefined : 'its header is incomplete'
}

function bodyProblem(patch: string, file: string): string | undefined {
  const lines = patch.split('\n')
  const first = lines.findIndex((line) => line.startsWith('@@ '))
  if (first === -1) return 'it has no hunk'
  const problem = headerProblem(lines.slice(0, first), file)
  if (problem !== undefined) return problem
  const parsed = parseOne(patch)
  if (parsed === undefined) return 'it is no unified diff of one file'
  const counted = parsed.hunks.reduce((sum, hunk) => sum + 1 + hunk.lines.length, first)
  const there = lines.at(-1) === '' ? lines.length - 1 : lines.length
  if (counted !== there) return `there is more in it than its hunks say: ${there} lines instead of ${counted}`
  const changes = parsed.hunks.some((hunk) => hunk.lines.some((line) => line.startsWith('+') || line.startsWith('-')))
  return changes ? undefined : 'it changes nothing'
}

/**
 * Refuses a patch that a repair may not make, whoever proposed it. Symbolic links are not looked at: hotfixes are served
 * under a source file's real URL and nothing is written to the kernel's folder.
 * @param kernelFolder absolute path of the folder that holds the kernel's entry.
 * @throws LazaretError PATCH_REFUSED
 */
export function checkPatch(step: PatchStep, kernelFolder: string): void {
  const refuse = (why: string, hint: string): never => {
    const shown = JSON.stringify(step.file.slice(0, 200))
    throw new LazaretError('PATCH_REFUSED', `The patch to ${shown} is refused: ${why}.`, {
      details: { file: step.file, why },
      hint,
    })
  }
  const bytes = Buffer.byteLength(step.patch)
  if (bytes > limits.patchBytes) {
    refuse(`it has ${bytes} bytes`, `At most ${limits.patchBytes} bytes are accepted: a larger change is for a person.`)
  }
  const badFile = fileProblem(step.file, kernelFolder)
  if (badFile !== undefined) {
    refuse(
      badFile,
      'Accepted: a .ts, .js or .json source file in the folder of the kernel, by its relative path with /.',
    )
  }
  const badBody = bodyProblem(step.patch, step.file)
  if (badBody !== undefined) {
    refuse(badBody, `Accepted: a unified diff that changes this one file in place, with ${acceptedHeader}.`)
  }
}
