/**
 * A repair that comes from outside the chain of agents: a person's, or that of an agent over MCP. It is proved like
 * every other, alone. A person's submission is that person's approval; what an agent submits is applied where the kernel's
 * autonomy would apply an agent's, and waits for a person elsewhere.
 */
import { LazaretError } from '../base/errors.ts'
import type { Remedy, Verdict } from '../base/remedy.ts'
import type { TaskRow } from '../journal/rows.ts'
import { remedyKey } from '../repair/repair.ts'
import { command } from './commands.ts'
import type { House } from './house.ts'
import type { KernelStatus } from './status.ts'
import type { Unit } from './unit.ts'

export const submitters = ['person', 'mcp'] as const
export type Submitter = (typeof submitters)[number]

/** One that is under way; what has become of it is written into it. */
export interface Submission {
  readonly remedy: Remedy
  verdict?: Verdict
  outcome?: 'applied' | 'waiting' | 'refused'
  /** Why there is no verdict. */
  why?: string
}

export interface Submitted {
  /** applied: it runs on probation now, or has crashed on it, see `status`. waiting: for a person's approval. */
  readonly outcome: 'applied' | 'waiting' | 'refused'
  /** Absent where the proof did not come to its end. */
  readonly verdict?: Verdict
  /** Why there is no verdict, or why what holds could not be applied. */
  readonly why?: string
  readonly status: KernelStatus
}

/**
 * Proves it and applies it, or leaves it to a person; resolves when the kernel has settled. One that is refused leaves
 * the kernel parked as it was.
 * @throws LazaretError COMMAND_REFUSED where the kernel is not parked, or an agent hands in what was tried before.
 */
export async function submit(house: House, unit: Unit, task: TaskRow, remedy: Remedy): Promise<Submitted> {
  refuseUnlessParked(unit, task)
  const isPersons = remedy.agent === ('person' satisfies Submitter)
  if (!isPersons && unit.triedRemedies.has(remedyKey(remedy))) {
    throw new LazaretError('COMMAND_REFUSED', `This very change was tried before in ${task.incident}.`, {
      kernel: unit.id,
      hint: 'Look at its verdict, and hand in another.',
    })
  }
  const submission: Submission = { remedy }
  const approvedBefore = unit.approved
  unit.submission = submission
  unit.approved = isPersons ? remedy : undefined
  unit.approvedTo = undefined
  try {
    const hotfixesBefore = new Set(house.journal.hotfixes(unit.id).map(({ id }) => id))
    const settled = command(house, unit, 'repair')
    // A person's own repair is not counted against the kernel's repairs an hour; an agent's is.
    unit.askedFor = isPersons
    const status = await settled
    const { verdict, why } = submission
    const isApplied = house.journal.hotfixes(unit.id).some(({ id }) => !hotfixesBefore.has(id))
    if (submission.outcome === 'applied' && !isApplied && verdict !== undefined) {
      // It holds, and could not be written: a full disk, or a file that was changed while it was proved.
      return { outcome: 'refused', verdict, why: status.why ?? `${unit.id} is ${status.state}`, status }
    }
    const outcome = submission.outcome ?? 'refused'
    const unproved = verdict === undefined ? (why ?? `the proof did not end: ${unit.id} is ${status.state}`) : undefined
    return { outcome, ...(verdict && { verdict }), ...(unproved && { why: unproved }), status }
  } catch (thrown) {
    // Refused before it began. Once it is under way the submission is the repair's, and is not here any more.
    if (unit.submission === submission) unit.approved = approvedBefore
    throw thrown
  } finally {
    if (unit.submission === submission) unit.submission = undefined
  }
}

function refuseUnlessParked(unit: Unit, task: TaskRow): void {
  const { state } = unit.instance
  if (state !== 'quarantined.parked') {
    const text = `A repair of ${unit.id} is under way, or it is in service: it is ${state}.`
    throw new LazaretError('COMMAND_REFUSED', text, {
      kernel: unit.id,
      details: { state },
      hint: `Wait until it is parked: lazaret status. To end what is under way: lazaret park ${unit.id}`,
    })
  }
  mustBeOfOpenIncident(unit, task)
}

/** A proof is of the incident that keeps the kernel out of service. @throws LazaretError COMMAND_REFUSED */
export function mustBeOfOpenIncident(unit: Unit, task: TaskRow): void {
  if (unit.incident === task.incident) return
  const text = `${task.id} is about ${task.incident}, and what keeps ${unit.id} out of service is ${unit.incident ?? 'nothing'}.`
  throw new LazaretError('COMMAND_REFUSED', text, { kernel: unit.id, hint: 'See: lazaret tasks' })
}
