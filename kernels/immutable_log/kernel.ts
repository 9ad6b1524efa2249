/**
 * A log that can only grow, and that shows where it was touched. When the chain of its records breaks at some place,
 * the segment file is set aside under another name (what is intact in it stays readable, nothing is deleted), and a new
 * segment begins with a record that states the break. What the files alone cannot show, a tail that was cut off
 * cleanly, the snapshot shows: it keeps the head outside of the folder.
 */
import fs from 'node:fs'
import { join } from 'node:path'
import { defineKernel, type KernelApi, type KernelContext } from 'lazaret/kernel'
import {
  type Damage,
  follow,
  genesis,
  type Head,
  type LogRecord,
  listSegments,
  readSegment,
  refusal,
  shown,
} from './chain.ts'
import { Writer } from './writer.ts'

/** Segments whose every record is verified at start, the newest ones; verify() reads them all. */
const verifiedAtStart = 16
/** The same while it runs, every verifyEveryMs: the one that is written, and the one before it. */
const verifiedInService = 2

export interface LogConfig {
  /** A segment is full at this many bytes. 1024 to 16777216, default 262144. */
  segmentBytes?: number
  /** The newest segments are verified this often while the log runs. Milliseconds, 10 or more, default 60000. */
  verifyEveryMs?: number
}

function readHead(state: Head | undefined): Head {
  if (state === undefined) return genesis
  if (Number.isSafeInteger(state.index) && typeof state.hash === 'string') return state
  throw refusal('STATE_INVALID', 'The restored state is no head of a log.')
}

function needCount(value: unknown, name: string, least: number, most: number): asserts value is number {
  if (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most) return
  throw refusal('INVALID_ARGUMENT', `${name} must be a whole number from ${least} to ${most}. Got: ${shown(value)}`)
}

/** The newest segments, and what in them no break record states. `known` is the last head that was seen. */
function verifyNewest(folder: string, count: number, known: Head) {
  const segments = listSegments(folder)
  const recent = segments.slice(-count)
  const from = recent.length === segments.length ? genesis : undefined
  return { segments, ...follow(folder, recent, from, known) }
}

/** Sets damaged files aside and states the breaks in a new segment. Returns the writer to go on with. */
function goOn(
  ctx: KernelContext<Head, LogConfig>,
  segmentBytes: number,
  { segments, head, damages }: ReturnType<typeof verifyNewest>,
): Writer {
  const folder = ctx.dataDir
  const aside = `.damaged-${new Date(ctx.now()).toISOString().replace(/[-:.]/g, '')}`
  const setAside = (file: string): string => {
    const segment = segments.find((each) => each.file === file)
    if (segment === undefined || segment.setAside) return file
    fs.renameSync(join(folder, file), join(folder, file + aside))
    segment.setAside = true
    return file + aside
  }
  const stated: Damage[] = damages.map((damage) => ({ ...damage, files: damage.files.map(setAside) }))

  const writer = new Writer(folder, segmentBytes)
  writer.resume(segments.at(-1), head)
  // An index that may have been given out is not given out again.
  let next = Math.max(head.index, ...damages.map((damage) => damage.lostTo)) + 1
  if (stated.length > 0) writer.begin(next)
  for (const damage of stated) {
    writer.append(ctx.now(), 'break', damage, next++)
    ctx.log.error(`the log is broken: ${damage.reason}`, { ...damage })
  }
  return writer
}

function read(folder: string, from: number, count: number): LogRecord[] {
  const found: LogRecord[] = []
  const segments = listSegments(folder)
  for (const [place, segment] of segments.entries()) {
    if (found.length >= count) break
    if ((segments[place + 1]?.first ?? Infinity) <= from) continue
    const { lines, reason } = readSegment(folder, segment)
    for (const { index, at, kind, entry, hash } of lines) {
      if (index >= from && found.length < count) found.push({ index, at, kind, entry, hash })
    }
    if (reason !== undefined && !segment.setAside && found.length < count) {
      if (found.length > 0) break // the caller gets what is intact, and the error when it reads on
      throw refusal('LOG_DAMAGED', `${segment.file}: ${reason}. At its next start the log sets the file aside.`)
    }
  }
  return found
}

const kernel = defineKernel({
  start(ctx: KernelContext<Head, LogConfig>) {
    const { segmentBytes = 262_144, verifyEveryMs = 60_000 } = ctx.config
    needCount(segmentBytes, 'config.segmentBytes', 1024, 16_777_216)
    needCount(verifyEveryMs, 'config.verifyEveryMs', 10, 2_147_483_647)
    fs.mkdirSync(ctx.dataDir, { recursive: true, mode: 0o700 })
    let log = goOn(ctx, segmentBytes, verifyNewest(ctx.dataDir, verifiedAtStart, readHead(ctx.restored)))
    // Damage that is done while it runs is stated before more is written after it. Between two messages, as all here.
    const timer = setInterval(() => {
      const seen = verifyNewest(ctx.dataDir, verifiedInService, log.head)
      if (seen.damages.length === 0) return
      log.close()
      log = goOn(ctx, segmentBytes, seen)
    }, verifyEveryMs)
    timer.unref()
    return {
      api: {
        /** Takes a JSON value; returns when it is on disk. */
        append(entry: unknown): Head {
          if (entry === undefined) throw refusal('ENTRY_INVALID', 'An entry is a JSON value. Got: undefined')
          return log.append(ctx.now(), 'entry', entry)
        },
        /** Up to `count` records from index `from` on, oldest first; records lost in a stated break are left out. */
        read(from: number, count = 100): LogRecord[] {
          needCount(from, 'from', 0, Number.MAX_SAFE_INTEGER)
          needCount(count, 'count', 1, 1000)
          return read(ctx.dataDir, from, count)
        },
        /** Verifies every record and link. `ok` is false where there is damage that no break record states. */
        verify(): { ok: boolean; entries: number; breaks: number; brokenAt?: number; reason?: string } {
          const { damages, entries, breaks } = follow(ctx.dataDir, listSegments(ctx.dataDir), genesis, log.head)
          const [first] = damages.sort((a, b) => a.lostFrom - b.lostFrom)
          return { ok: !first, entries, breaks, ...(first && { brokenAt: first.lostFrom, reason: first.reason }) }
        },
        /** The last record's index (-1: none yet) and hash. */
        head: (): Head => log.head,
      },
      snapshot: (): Head => log.head,
      stop() {
        clearInterval(timer)
        log.close()
      },
    }
  },
})
export default kernel
export type ImmutableLog = KernelApi<typeof kernel>
