/** The ops about dead letters and logs: what is accepted as their parameters. */
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Journal } from '../journal/journal.ts'
import type { DeadLetterFilter } from '../journal/rows.ts'
import { showDeadLetter } from '../supervisor/dead-letters.ts'
import { type LogLevel, logTailOptions } from '../supervisor/log-tail.ts'
import type { DeadLettersReplayed } from '../supervisor/replay.ts'
import type { ReplayOptions } from '../supervisor/replay-choice.ts'
import type { ControlTable } from './server.ts'

type Params = Readonly<Record<string, unknown>>

export interface LettersAndLogs {
  readonly journal: Pick<Journal, 'deadLetters' | 'deadLetterCount'>
  replayDeadLetters(options: ReplayOptions): Promise<DeadLettersReplayed>
  logs(id: string | undefined, lines: number, level?: LogLevel): string[]
}

export function letterOps(
  runtime: LettersAndLogs,
): Pick<ControlTable, 'deadLetters' | 'deadLetterCount' | 'replayDeadLetters' | 'logs'> {
  return {
    deadLetters: (params) => {
      const limit = Math.min(optional(params, 'limit', 'number') ?? 100, limits.deadLettersShown)
      return runtime.journal.deadLetters({ ...filterIn(params), limit }).map(showDeadLetter)
    },
    deadLetterCount: (params) => runtime.journal.deadLetterCount(filterIn(params)),
    replayDeadLetters: (params) => {
      const { before: _before, replayed: _replayed, order: _order, ...filter } = filterIn(params)
      const max = optional(params, 'max', 'number')
      return runtime.replayDeadLetters({ ...filter, max, again: optional(params, 'again', 'boolean') })
    },
    logs: (params) => {
      const { kernel, level } = logTailOptions({ kernel: params.kernel, level: params.level })
      const lines = optional(params, 'lines', 'number') ?? limits.kernelLogLines
      return runtime.logs(kernel, Math.min(Math.max(0, Math.floor(lines)), limits.logRingLines), level)
    },
  }
}

/** @throws LazaretError OPTION_INVALID where a key has a value of another kind. */
function filterIn(params: Params): DeadLetterFilter {
  const word = (name: string) => optional(params, name, 'string')
  const number = (name: string) => optional(params, name, 'number')
  const { order } = params
  if (order !== undefined && order !== 'newest first' && order !== 'oldest first') {
    throw invalid('order', 'newest first or oldest first', order)
  }
  return {
    ...{ kernel: word('kernel'), from: word('from'), method: word('method'), code: word('code'), text: word('text') },
    ...{ since: number('since'), until: number('until'), before: number('before') },
    ...{ replayed: optional(params, 'replayed', 'boolean'), ids: idsIn(params), order },
  }
}

function idsIn({ ids }: Params): readonly number[] | undefined {
  if (ids === undefined) return undefined
  const isList = Array.isArray(ids) && ids.every((id) => Number.isSafeInteger(id))
  if (isList && ids.length <= limits.deadLetterReplayMax) return ids as number[]
  throw invalid('ids', `a list of ${limits.deadLetterReplayMax} whole numbers at most`, isList ? ids.length : ids)
}

interface Kinds {
  string: string
  number: number
  boolean: boolean
}

function optional<K extends keyof Kinds>(params: Params, name: string, kind: K): Kinds[K] | undefined {
  const value = params[name]
  if (value === undefined || value === null) return undefined
  const isFit = typeof value === kind && (kind !== 'number' || Number.isFinite(value))
  if (isFit) return value as Kinds[K]
  throw invalid(name, `a ${kind}`, value)
}

function invalid(name: string, accepted: string, got: unknown): LazaretError {
  return new LazaretError('OPTION_INVALID', `${name} must be ${accepted}. Got: ${JSON.stringify(got).slice(0, 200)}.`)
}
