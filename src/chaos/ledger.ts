/**
 * Counting from outside: what the kernels wrote into their ledgers against what the callers know they sent. The runtime's
 * own word is taken for two things only: which starts were commands or rejoins, and what became a dead letter and why.
 */
import { existsSync, readFileSync } from 'node:fs'
import type { LazaretEvent } from '../base/events.ts'

export interface LedgerLine {
  readonly what: 'start' | 'message'
  /** Epoch milliseconds. */
  readonly at: number
  readonly method?: string
  readonly token?: string
}

export function readLedger(path: string): LedgerLine[] {
  if (!existsSync(path)) return []
  const lines = readFileSync(path, 'utf8').split('\n')
  // A thread that is ended in the middle of a write leaves a torn last line behind: no message was begun then.
  return lines.flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as LedgerLine]
    } catch {
      return []
    }
  })
}

/**
 * Starts beyond `1 + max` without `stableMs` of life between. A start belongs to the latest `kernel.started` event before
 * it; those with the reason `command` or `rejoin` are not the budget's. Life is what the ledger shows: from a start to the
 * last line before the next one, so `stableMs` is reached when traffic every `gapMs` shows all but one gap of it.
 */
export function startsPastBudget(
  lines: readonly LedgerLine[],
  started: readonly LazaretEvent[],
  bounds: { readonly max: number; readonly stableMs: number; readonly gapMs: number },
): number {
  let charged = 0
  let past = 0
  let bornAt: number | undefined
  let lastAt = 0
  for (const line of lines) {
    if (line.what === 'start') {
      if (bornAt !== undefined && lastAt - bornAt >= bounds.stableMs - bounds.gapMs) charged = 0
      const reason = started.findLast(({ at }) => at <= line.at)?.reason
      if (reason !== 'command' && reason !== 'rejoin') {
        charged += 1
        if (charged > bounds.max + 1) past += 1
      }
      bornAt = line.at
    }
    lastAt = line.at
  }
  return past
}

export interface Fates {
  readonly handled: number
  readonly handledTwice: number
  readonly deadLettered: number
  readonly lost: readonly string[]
}

/**
 * What became of the tells that were accepted. A token may travel on (a note that is remembered is published); what counts
 * is the ledger of the kernel that it was sent to.
 * @param accepted tokens, each with its kernel.
 * @param ledgers by kernel.
 * @param deadLetters arguments as the journal has them, serialised; a token is ASCII and stands in them as it is.
 */
export function fatesOf(
  accepted: ReadonlyMap<string, string>,
  ledgers: ReadonlyMap<string, readonly LedgerLine[]>,
  deadLetters: readonly (Uint8Array | undefined)[],
  pattern: RegExp,
): Fates {
  const times = new Map<string, number>()
  for (const [kernel, lines] of ledgers) {
    for (const { token } of lines) {
      if (token !== undefined && accepted.get(token) === kernel) times.set(token, (times.get(token) ?? 0) + 1)
    }
  }
  const dead = new Set<string>()
  for (const args of deadLetters) {
    const token = args === undefined ? undefined : pattern.exec(Buffer.from(args).toString('latin1'))?.[0]
    if (token !== undefined) dead.add(token)
  }
  const tokens = [...accepted.keys()]
  return {
    handled: tokens.filter((token) => times.has(token)).length,
    handledTwice: tokens.filter((token) => (times.get(token) ?? 0) > 1).length,
    deadLettered: tokens.filter((token) => dead.has(token) && !times.has(token)).length,
    lost: tokens.filter((token) => !times.has(token) && !dead.has(token)),
  }
}
