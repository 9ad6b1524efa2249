/** Which dead letters a replay is about: named by their ids, or the oldest that match. It sends nothing. */
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { DeadLetterFilter, DeadLetterRow } from '../journal/rows.ts'
import type { House } from './house.ts'

/** Letters that match all of it: `ids`, or the oldest of what the other keys name. */
export interface ReplayOptions
  extends Omit<DeadLetterFilter, 'limit' | 'before' | 'order' | 'replayed' | 'whole' | 'kernels'> {
  /** Letters sent at most. Default limits.deadLetterReplay, the number of `ids` where there are some; at most limits.deadLetterReplayMax. */
  readonly max?: number | undefined
  /** Those too that have been sent again before. Default false. */
  readonly again?: boolean | undefined
}

export interface Chosen {
  /** Oldest first: sent until `max` of them have been, so that those which are refused do not stand in the way. */
  readonly letters: readonly DeadLetterRow[]
  readonly max: number
  /** Of those named by their ids. */
  readonly refused: readonly { readonly id: number; readonly reason: string }[]
  /** Letters that match, those beyond `letters` included. */
  readonly matching: number
  /** Letters that match but for this: their arguments were not kept whole, or the fleet does not have their kernel. */
  readonly unsendable: number
}

/** @throws LazaretError OPTION_INVALID, UNKNOWN_KERNEL. */
export function choose(house: House, options: ReplayOptions): Chosen {
  const { max: _max, again, ids, ...filter } = options
  const max = checkedMax(options)
  const { kernel } = filter
  if (kernel !== undefined && !house.units.has(kernel)) {
    const known = [...house.units.keys()].join(', ')
    throw new LazaretError('UNKNOWN_KERNEL', `The fleet has no kernel ${JSON.stringify(kernel)}. It has: ${known}.`)
  }
  if (ids !== undefined) return byId(house, ids, options)
  const all: DeadLetterFilter = { ...filter, ...(again !== true && { replayed: false }) }
  const sendable: DeadLetterFilter = { ...all, whole: true, kernels: [...house.units.keys()] }
  const { journal } = house
  const letters = journal.deadLetters({ ...sendable, order: 'oldest first', limit: limits.deadLetterReplayMax })
  const matching = journal.deadLetterCount(sendable)
  return { letters, max, refused: [], matching, unsendable: journal.deadLetterCount(all) - matching }
}

function byId({ journal }: House, ids: readonly number[], { max: _max, again, ...filter }: ReplayOptions): Chosen {
  const unique = [...new Set(ids)]
  const found = journal.deadLetters({ ...filter, ids: unique, order: 'oldest first', limit: unique.length })
  const known = new Set(found.map(({ id }) => id))
  const isOver = (letter: DeadLetterRow) => again !== true && letter.replayedAt !== undefined
  const reason = 'no such dead letter: it does not match, or is older than what the journal keeps'
  const letters = found.filter((letter) => !isOver(letter))
  return {
    ...{ letters, max: letters.length, matching: letters.length, unsendable: 0 },
    refused: [
      ...unique.filter((id) => !known.has(id)).map((id) => ({ id, reason })),
      ...found.filter(isOver).map(({ id }) => ({ id, reason: 'it has been sent again before' })),
    ],
  }
}

function checkedMax({ ids, max, again: _again, ...filter }: ReplayOptions): number {
  const isWhole = (n: unknown): n is number => typeof n === 'number' && Number.isSafeInteger(n) && n > 0
  if (ids !== undefined && (ids.length === 0 || !ids.every(isWhole))) {
    throw invalid('ids must be a list of numbers of dead letters', ids)
  }
  const wanted = max ?? ids?.length ?? limits.deadLetterReplay
  if (!isWhole(wanted) || wanted > limits.deadLetterReplayMax) {
    throw invalid(`max must be a whole number from 1 to ${limits.deadLetterReplayMax}`, wanted)
  }
  if (ids !== undefined && ids.length > wanted) throw invalid(`ids must be ${wanted} at most`, ids.length)
  const isNamed = ids !== undefined || max !== undefined || Object.values(filter).some((value) => value !== undefined)
  if (!isNamed)
    throw invalid('Which ones must be named: ids, kernel, from, method, code, text, since, until or max', {})
  return wanted
}

function invalid(text: string, got: unknown): LazaretError {
  return new LazaretError('OPTION_INVALID', `${text}. Got: ${JSON.stringify(got)}.`, {
    hint: 'See which there are: lazaret letters',
  })
}
