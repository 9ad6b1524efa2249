/**
 * What a kernel is not to be given again: single messages and patterns of them, in the journal and on the route alike. They
 * are parked with the repair that says so, taken back with it, and forgotten when a person starts the kernel by command.
 * What crashes make poison is judged in failures.ts.
 */
import type { MessagePattern } from '../base/message-pattern.ts'
import type { Journal } from '../journal/journal.ts'
import type { ParkedPatternRow } from '../journal/rows.ts'
import type { Applied } from '../repair/apply.ts'
import type { House } from './house.ts'
import type { ActiveHotfix, Unit } from './unit.ts'

type Parks = Pick<Applied, 'parked' | 'patterns'>

const patternIn = ({ method, pattern: where }: ParkedPatternRow): MessagePattern => ({ method, where })

/** What an earlier process parked. */
export function parkAsJournaled(journal: Journal, unit: Unit): void {
  for (const { method, argsSha256 } of journal.parkedMessages(unit.id)) unit.route.park(method, argsSha256)
  for (const row of journal.parkedPatterns(unit.id)) unit.route.parkPattern(patternIn(row))
}

/** Inside the transaction that writes the hotfix. */
export function journalParks(journal: Journal, kernel: string, hotfix: string, parks: Parks, reason: string): void {
  for (const message of parks.parked) journal.parkMessage({ kernel, ...message, reason, hotfix })
  for (const pattern of parks.patterns) journal.parkPattern({ kernel, pattern, reason, hotfix })
}

/** After it: what waits is refused at once. */
export function parkOnRoute(unit: Unit, { parked, patterns }: Parks): void {
  for (const { method, argsSha256 } of parked) unit.route.park(method, argsSha256)
  for (const pattern of patterns) unit.route.parkPattern(pattern)
}

/**
 * With a repair that is taken back goes what it parked; a pattern that an earlier one had parked already stays.
 * @param also decided in the same transaction.
 */
export function takeBackParks({ journal }: House, unit: Unit, { id, remedy }: ActiveHotfix, also: () => void): void {
  const parked = remedy.steps.filter((step) => step.do === 'park_message')
  const patterns = journal.transaction(() => {
    also()
    for (const { method, argsSha256 } of parked) journal.unparkMessage(unit.id, method, argsSha256)
    return journal.unparkPatterns(unit.id, id)
  })
  for (const { method, argsSha256 } of parked) unit.route.unpark(method, argsSha256)
  for (const row of patterns) unit.route.unparkPattern(patternIn(row))
}

/** Whoever starts a kernel by command has looked at it: everything that is parked gets another chance. */
export function unparkAll({ journal }: House, unit: Unit): void {
  const [messages, patterns] = journal.transaction(() => [
    journal.forgetPoison(unit.id),
    journal.unparkPatterns(unit.id),
  ])
  for (const { method, argsSha256 } of messages) unit.route.unpark(method, argsSha256)
  for (const row of patterns) unit.route.unparkPattern(patternIn(row))
}
