/**
 * What an evidence folder tells people: the log, the last messages, the machine, where a hung thread spent its time.
 * Everything in it was redacted when it was written, and is looked at once more, since it may have been edited.
 */
import { limits } from '../base/limits.ts'
import { flameOf } from '../chart/flame.ts'
import type { SourceFrame } from '../diagnostics/source-frames.ts'
import { EvidenceFiles } from './evidence-files.ts'
import { resourcesOf } from './evidence-resources.ts'
import { entry, multiline, num, oneLine } from './plain.ts'
import type { StoryEvidence, StoryLogLine, StoryMessage } from './story-shape.ts'

export interface ReadEvidence {
  readonly evidence: StoryEvidence
  readonly frames: readonly SourceFrame[]
}

/** Never throws. @param folder undefined: there is none, such as where the disk refused it. */
export function evidenceIn(folder: string | undefined): ReadEvidence {
  const none = { files: [], log: [], messages: [], messagesLeftOut: 0, resources: [], drift: [], damage: [] }
  if (folder === undefined) {
    return { evidence: { ...none, problems: ['there is no evidence folder'] }, frames: [] }
  }
  const files = new EvidenceFiles(folder)
  if (!files.isThere) return { evidence: { ...none, folder, problems: files.problems }, frames: [] }
  const error = files.json('error.json')
  const hangStack = entry(error, 'hangStack')
  const { shown, leftOut } = messagesOf(files.tail('messages.jsonl') ?? '')
  const config = files.json('config.json')
  const evidence: StoryEvidence = {
    ...{ folder, files: files.list, problems: files.problems },
    log: logOf(files.tail('kernel.log') ?? ''),
    ...{ messages: shown, messagesLeftOut: leftOut },
    resources: resourcesOf(files.json('system_state.json')),
    ...(config !== undefined && { config: multiline(JSON.stringify(config, null, 2), limits.storyDocumentChars) }),
    ...profileOf(files, error),
    ...(typeof hangStack === 'string' && { hangStack: multiline(hangStack, limits.storyDocumentChars) }),
    ...{ drift: textsOf(entry(error, 'drift')), damage: textsOf(entry(error, 'damage')) },
  }
  // Evidence of earlier versions has none, and that is nothing to be told.
  return { evidence, frames: files.has('source.json') ? framesOf(files.json('source.json')) : [] }
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value)
    ? value.slice(0, limits.storyParts).flatMap((one) => (typeof one === 'string' ? [oneLine(one)] : []))
    : []
}

const levels = [
  ...([
    [60, 'fatal'],
    [50, 'error'],
    [40, 'warn'],
    [30, 'info'],
    [20, 'debug'],
    [0, 'trace'],
  ] as const),
] as const

function logOf(text: string): StoryLogLine[] {
  return linesOf(text)
    .slice(-limits.kernelLogLines)
    .map((line): StoryLogLine => {
      const parsed = parse(line)
      if (typeof entry(parsed, 'msg') !== 'string') return { level: 'info', msg: oneLine(line, limits.storyLogChars) }
      const { level, time, msg, kernel: _, ...facts } = parsed as Record<string, unknown>
      const at = num(time)
      return {
        ...(at !== undefined && { time: at }),
        level: levels.find(([least]) => (num(level) ?? 30) >= least)?.[1] ?? 'info',
        msg: oneLine(String(msg), limits.storyLogChars),
        ...(Object.keys(facts).length > 0 && { facts: oneLine(JSON.stringify(facts), limits.storyLogChars) }),
      }
    })
}

/** The last ones; those that the kernel itself got as answers come after them in the file. */
function messagesOf(text: string): { shown: StoryMessage[]; leftOut: number } {
  const all = linesOf(text).flatMap((line): StoryMessage[] => {
    const parsed = parse(line)
    const kind = entry(parsed, 'kind')
    if (kind !== 'ask' && kind !== 'tell' && kind !== 'reply') return []
    const other = entry(parsed, kind === 'reply' ? 'to' : 'from')
    const [value, error, at] = [entry(parsed, 'value'), entry(parsed, 'error'), num(entry(parsed, 'at'))]
    const answer = error === undefined ? value && jsonOf(value) : errorText(error)
    return [
      {
        ...(at !== undefined && { at }),
        ...{ kind, other: oneLine(String(other ?? '?')), method: oneLine(String(entry(parsed, 'method') ?? '?')) },
        args: argsText(entry(parsed, 'args')),
        ...(typeof answer === 'string' && { answer }),
        failed: error !== undefined,
      },
    ]
  })
  const half = limits.storyMessages / 2
  const replies = all.filter(({ kind }) => kind === 'reply').slice(-half)
  const received = all.filter(({ kind }) => kind !== 'reply').slice(replies.length - limits.storyMessages)
  const shown = [...received, ...replies]
  return { shown, leftOut: all.length - shown.length }
}

function errorText(error: unknown): string {
  return oneLine(
    `${String(entry(error, 'name') ?? 'Error')}: ${String(entry(error, 'message') ?? '')}`,
    limits.storyValueChars,
  )
}

function argsText(args: unknown): string {
  return Array.isArray(args) ? oneLine(args.map(jsonOf).join(', '), limits.storyValueChars) : jsonOf(args ?? '?')
}

function jsonOf(value: unknown): string {
  return oneLine(JSON.stringify(value) ?? '?', limits.storyValueChars)
}

function profileOf(files: EvidenceFiles, error: unknown): Pick<StoryEvidence, 'flame' | 'flameMissing'> {
  const missing = entry(error, 'profileMissing')
  if (typeof missing === 'string') return { flameMissing: oneLine(missing) }
  if (!files.has('profile.cpuprofile')) return {}
  const own = entry(files.json('code.json'), 'files')
  const urls = new Set(Array.isArray(own) ? own.map((file) => entry(file, 'url')) : [])
  const flame = flameOf(files.json('profile.cpuprofile'), {
    isOwn: (url) => urls.has(url),
    ...{ maxNodes: limits.flameNodes, maxDepth: limits.flameDepth, minShare: limits.flameShare },
    hottest: limits.flameHottest,
  })
  return flame === undefined ? { flameMissing: 'profile.cpuprofile is no profile any more' } : { flame }
}

function framesOf(source: unknown): SourceFrame[] {
  const frames = entry(source, 'frames')
  if (!Array.isArray(frames)) return []
  return frames.slice(0, limits.sourceFrames).flatMap((frame): SourceFrame[] => {
    const [line, column, first, of] = ['line', 'column', 'first', 'of'].map((key) => num(entry(frame, key)))
    const [fn, file, lines] = [entry(frame, 'fn'), entry(frame, 'file'), entry(frame, 'lines')]
    if (line === undefined || first === undefined || typeof file !== 'string' || !Array.isArray(lines)) return []
    const cut = num(entry(frame, 'cut'))
    const ranAt = placeOf(entry(frame, 'ranAt'))
    return [
      {
        ...{ of: of ?? 0, fn: oneLine(String(fn ?? '')), file: oneLine(file), line, column: column ?? 1, first },
        lines: lines.slice(0, 2 * limits.sourceLinesAround + 1).map((one) => sourceLine(one)),
        ...(cut !== undefined && { cut }),
        ...(ranAt !== undefined && { ranAt }),
      },
    ]
  })
}

function sourceLine(line: unknown): string {
  return typeof line === 'string' ? multiline(line, limits.sourceLineChars * 2) : ''
}

function placeOf(value: unknown): SourceFrame['ranAt'] {
  const [file, line, column] = [entry(value, 'file'), num(entry(value, 'line')), num(entry(value, 'column'))]
  return typeof file === 'string' && line !== undefined ? { file: oneLine(file), line, column: column ?? 1 } : undefined
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}

/** A line that is no JSON is shown as it is, or left out. */
function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch {
    // Edited, or cut by whoever copied it.
    return undefined
  }
}
