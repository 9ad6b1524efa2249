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

/** Of kernel.started; the others (by command, after a repair, as a standby) are counted apart. */
const chargedReasons: ReadonlySet<string> = new Set(['first', 'restart'])

/**
 * Starts beyond `1 + max` without `stableMs` of life between. A start belongs to the latest `kernel.started` event before
 * it; only those with the reason `first` or `restart` are the budget's. Life is what the ledger shows: from a start to the
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
      if (reason === undefined || chargedReasons.has(String(reason))) {
        charged += 1
        if (charged > bounds.max + 1) past += 1
      }
      bornAt = line.at
    }
    lastAt = line.at
  }
  return past
}

/** A tell that the runtime took. */
export interface Accepted {
  /** The kernel that it was sent to. */
  readonly kernel: string
  /** May be handled twice. */
  readonly idempotent: boolean
}

export interface Fates {
  readonly handled: number
  /** Of these: by a fallback, or by the kernel that its messages were rerouted to. */
  readonly handledElsewhere: number
  /** Handled more than once, though their sender had not said that they may be. */
  readonly handledTwice: number
  /** Those that may be, and were. */
  readonly repeated: number
  readonly deadLettered: number
  readonly lost: readonly string[]
}

export interface Account {
  /** By token. */
  readonly accepted: ReadonlyMap<string, Accepted>
  /** By the ledger's name. */
  readonly ledgers: ReadonlyMap<string, readonly LedgerLine[]>
  /** Names of the ledgers in which a message to this kernel may stand: its own first, then those that stand in for it. */
  readonly ledgersOf: (kernel: string) => readonly string[]
  /** Arguments as the journal has them, serialised; a token is ASCII and stands in them as it is. */
  readonly deadLetters: readonly (Uint8Array | undefined)[]
  readonly pattern: RegExp
}

/**
 * What became of the tells that were accepted. A token may travel on (a note that is remembered is published); what counts
 * are the ledgers of the kernel that it was sent to and of those that stand in for it.
 */
export function fatesOf({ accepted, ledgers, ledgersOf, deadLetters, pattern }: Account): Fates {
  const times = new Map([...ledgers].map(([name, lines]) => [name, timesOf(lines)]))
  const dead = new Set<string>()
  for (const args of deadLetters) {
    const token = args === undefined ? undefined : pattern.exec(Buffer.from(args).toString('latin1'))?.[0]
    if (token !== undefined) dead.add(token)
  }
  const fates = { handled: 0, handledElsewhere: 0, handledTwice: 0, repeated: 0, deadLettered: 0 }
  const lost: string[] = []
  for (const [token, { kernel, idempotent }] of accepted) {
    const counts = ledgersOf(kernel).map((name) => times.get(name)?.get(token) ?? 0)
    const inAll = counts.reduce((sum, count) => sum + count, 0)
    if (inAll > 0) fates.handled += 1
    else if (dead.has(token)) fates.deadLettered += 1
    else lost.push(token)
    if (inAll > 0 && counts[0] === 0) fates.handledElsewhere += 1
    if (inAll > 1) fates[idempotent ? 'repeated' : 'handledTwice'] += 1
  }
  return { ...fates, lost }
}

/** By token: how often the call was handled with which it came first; what others call about it later is not it. */
function timesOf(lines: readonly LedgerLine[]): ReadonlyMap<string, number> {
  const first = new Map<string, string | undefined>()
  const times = new Map<string, number>()
  for (const { token, method } of lines) {
    if (token === undefined) continue
    if (!first.has(token)) first.set(token, method)
    if (first.get(token) === method) times.set(token, (times.get(token) ?? 0) + 1)
  }
  return times
}
