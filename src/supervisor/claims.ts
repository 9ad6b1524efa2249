/**
 * Who works on a task. A claim is a word among those who mend, so that two do not mend the same: it is journaled, told on
 * the bus, and over after limits.taskClaimMs, so that whoever died with it does not hold it.
 */
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { claimOf, claimPayload } from '../escalation/task.ts'
import type { TaskRow } from '../journal/rows.ts'
import type { House } from './house.ts'

/** The same name claims anew for the whole time. @throws LazaretError OPTION_INVALID, COMMAND_REFUSED where another has it. */
export function claim(house: House, task: TaskRow, by: string): TaskRow {
  const name = checkedName(by)
  mustNotBeAnothers(house, task, name)
  const claimedAt = house.clock.now()
  const row = house.journal.updateTask(task.id, { claimedBy: name, claimedAt })
  const until = claimedAt + limits.taskClaimMs
  house.events.emit('task.claimed', task.kernel, { task: task.id, by: name, until })
  house.bus.publish('coding_agent.task_claimed', claimPayload(row, { by: name, until }))
  return row
}

/**
 * @param by who lets it go; absent: a person, who may take it from anybody.
 * @throws LazaretError COMMAND_REFUSED where nobody has it, or somebody else.
 */
export function release(house: House, task: TaskRow, by?: string): TaskRow {
  const held = claimOf(task, house.clock.now())
  if (held === undefined) {
    throw new LazaretError('COMMAND_REFUSED', `Nobody has claimed ${task.id}, or the claim is over.`, {
      kernel: task.kernel,
      hint: `To claim it: lazaret task ${task.id} --claim <name>`,
    })
  }
  if (by !== undefined) mustNotBeAnothers(house, task, checkedName(by))
  const row = house.journal.updateTask(task.id, { claimedBy: undefined, claimedAt: undefined })
  house.events.emit('task.released', task.kernel, { task: task.id, by: held.by })
  house.bus.publish('coding_agent.task_released', { task: task.id, kernel: task.kernel, by: held.by })
  return row
}

/** @throws LazaretError COMMAND_REFUSED */
export function mustNotBeAnothers(house: House, task: TaskRow, by: string): void {
  const held = claimOf(task, house.clock.now())
  if (held === undefined || held.by === by) return
  const text = `${task.id} is claimed by ${held.by} until ${new Date(held.until).toISOString()}.`
  throw new LazaretError('COMMAND_REFUSED', text, {
    kernel: task.kernel,
    details: { ...held },
    hint: `Take another: lazaret tasks. A person may free it: lazaret task ${task.id} --release`,
  })
}

function checkedName(by: string): string {
  // It is shown on terminals and in the prompts of others.
  if (by.length <= limits.taskClaimChars && /^[\p{L}\p{N}][\p{L}\p{N} ._@/-]*$/u.test(by)) return by
  const text = `A name has 1 to ${limits.taskClaimChars} letters, digits, spaces or . _ @ / -, a letter or digit first.`
  throw new LazaretError('OPTION_INVALID', `${text} Got: ${JSON.stringify(by.slice(0, 2 * limits.taskClaimChars))}`)
}
