/**
 * Whether what a remedy parks leaves alone what was answered well: without this, refusing every message of a method would
 * pass for a repair of it, and a message that worked is no poison, whatever it does now. It runs nothing.
 */
import { describePattern } from '../../base/message-pattern.ts'
import type { Evidence, RecordedMessage } from '../../base/remedy.ts'
import { type Applied, isParked } from '../apply.ts'

/** Messages that were answered with a value, before the failure or in healthy times: newest first. */
export function answeredWell({ messages, holdOut }: Pick<Evidence, 'messages' | 'holdOut'>): RecordedMessage[] {
  const all = [...messages.toReversed(), ...(holdOut?.messages.toReversed() ?? [])]
  return all.filter(({ reply }) => reply !== undefined && 'value' in reply)
}

/**
 * Messages that the kernel handled, whatever it answered: an error that a caller is told is an answer, and no crash. Newest
 * first. Of earlier traffic all were handled, also those whose reply was not kept.
 */
export function handled({
  phase,
  messages,
  holdOut,
}: Pick<Evidence, 'phase' | 'messages' | 'holdOut'>): RecordedMessage[] {
  // Where the kernel fails while it is idle, one of those that were answered before has set it off.
  const before = phase === 'idle' ? [] : messages.filter(({ reply }) => reply !== undefined)
  return [...before.toReversed(), ...(holdOut?.messages.toReversed() ?? [])]
}

/** Why a remedy with these parks is refused, in one sentence; undefined where they mean no healthy message. */
export function healthyRefused(parks: Pick<Applied, 'parked' | 'patterns'>, evidence: Evidence): string | undefined {
  if (parks.parked.length === 0 && parks.patterns.length === 0) return undefined
  const healthy = handled(evidence)
  for (const pattern of parks.patterns) {
    const meant = healthy.filter((message) => isParked(message, { parked: [], patterns: [pattern] })).length
    if (meant === 0) continue
    const what = meant === 1 ? 'a message that was' : `${meant} messages that were`
    return `The pattern is too wide: ${describePattern(pattern)} also means ${what} answered well.`
  }
  const lost = healthy.find((message) => isParked(message, parks))
  return lost && `It would refuse a call of ${lost.method}() that was answered well in service.`
}
