/**
 * What a person or the host program can tell a kernel to do. A command is one event to the chart; it is refused, with
 * the states in which it has a meaning, where the chart would ignore it.
 */
import { LazaretError } from '../base/errors.ts'
import type { ApplyTo, Remedy } from '../base/remedy.ts'
import type { KernelSpec } from '../base/spec.ts'
import type { TaskRow } from '../journal/rows.ts'
import type { LifecycleSnapshot } from '../lifecycle/instance.ts'
import { type LifecycleEvent, lifecycleInput } from '../lifecycle/machine.ts'
import { remedyKey } from '../repair/repair.ts'
import { evidenceOf } from './escalation.ts'
import type { House } from './house.ts'
import { isSettled } from './machine.ts'
import { unparkAll } from './parking.ts'
import { refuseWhileOff } from './repair-switch.ts'
import { type KernelStatus, statusOf } from './status.ts'
import type { Unit } from './unit.ts'

export const commandNames = ['restart', 'quarantine', 'repair', 'rejoin', 'park'] as const
export type CommandName = (typeof commandNames)[number]

const meaning: Readonly<Record<CommandName, { event: LifecycleEvent; in: string }>> = {
  restart: { event: { type: 'RESTART' }, in: 'running' },
  quarantine: { event: { type: 'QUARANTINE' }, in: 'starting, running, restarting or rejoined' },
  repair: { event: { type: 'REPAIR', byPerson: true }, in: 'quarantined' },
  rejoin: { event: { type: 'REJOIN' }, in: 'quarantined' },
  park: { event: { type: 'PARK' }, in: 'failed, quarantined.waiting or repairing' },
}

/**
 * Carries out a command and resolves with the kernel's status when it has settled again.
 * @throws LazaretError COMMAND_REFUSED where it has no meaning now; FLEET_INVALID where `restart` or `rejoin` finds a bad
 * fleet file.
 */
export async function command(house: House, unit: Unit, name: CommandName): Promise<KernelStatus> {
  const { event, in: states } = meaning[name]
  if (!unit.instance.snapshot.can(event)) {
    const text = `${name} means nothing for ${unit.id} now: it is ${unit.instance.state}. It needs to be ${states}.`
    const hint =
      name === 'restart' ? `Let it back into service first: lazaret rejoin ${unit.id}` : 'See: lazaret status'
    throw new LazaretError('COMMAND_REFUSED', text, { kernel: unit.id, details: { state: unit.instance.state }, hint })
  }
  prepare(house, unit, name)
  const before = unit.instance.snapshot
  const startsAnew = event.type === 'RESTART' || event.type === 'REJOIN'
  unit.instance.send(startsAnew ? { ...event, policy: lifecycleInput(unit.spec) } : event)
  await unit.instance.until((snapshot) => snapshot !== before && hasSettled(snapshot))
  return statusOf(unit)
}

/** A running kernel starts anew with what it is to run with now; the fleet file is not looked at. */
export async function startAnew(unit: Unit): Promise<KernelStatus> {
  const before = unit.instance.snapshot
  unit.instance.send({ type: 'RESTART', policy: lifecycleInput(unit.spec) })
  await unit.instance.until((snapshot) => snapshot !== before && hasSettled(snapshot))
  return statusOf(unit)
}

/** A repair that a person asked for goes on until it has ended one way or the other. */
function hasSettled(snapshot: LifecycleSnapshot): boolean {
  return isSettled(snapshot) && !snapshot.matches('repairing') && !snapshot.matches({ quarantined: 'waiting' })
}

/** The fleet file as it is now: whoever starts a kernel by command may have mended its configuration first. */
function presentSpec(house: House, unit: Unit): KernelSpec {
  const spec = house.rereadFleet().kernels.find(({ id }) => id === unit.id)
  if (spec !== undefined) return spec
  throw new LazaretError('COMMAND_REFUSED', `The fleet file has no kernel ${unit.id} any more.`, {
    kernel: unit.id,
    hint: `Put it back into the fleet file, or take it out of service: lazaret quarantine ${unit.id}`,
  })
}

function prepare(house: House, unit: Unit, name: CommandName): void {
  if (name === 'restart' || name === 'rejoin') {
    unit.spec = presentSpec(house, unit)
    unparkAll(house, unit)
  } else if (name === 'repair') {
    refuseWhileOff(house, 'A repair', unit.id)
    unit.askedFor = true
    if (evidenceOf(house, unit) !== undefined) return
    unit.askedFor = false
    throw new LazaretError('COMMAND_REFUSED', `${unit.id} has no open incident with evidence to repair it on.`, {
      kernel: unit.id,
      hint: `Let it back into service: lazaret rejoin ${unit.id}`,
    })
  } else if (name === 'quarantine' || name === 'park') {
    unit.parkedWhy = 'by command'
    unit.heldBack = false
  }
}

export function openTask(house: House, id: string): TaskRow {
  const task = house.journal.task(id)
  if (task?.status === 'open') return task
  const text =
    task === undefined ? `There is no task ${JSON.stringify(id)}.` : `The task ${id} is closed: ${task.outcome}.`
  throw new LazaretError('NOT_FOUND', text, { hint: 'List the open ones: lazaret tasks' })
}

/**
 * A person approves the proved remedy of a task: it is proved once more and applied.
 * @param to what is to become of it when it has held; default as the runtime is set.
 */
export async function approve(house: House, unit: Unit, task: TaskRow, to?: ApplyTo): Promise<KernelStatus> {
  refuseWhileOff(house, 'The approval of a repair', unit.id)
  const remedy: Remedy | undefined = task.remedy
  // A word that was given in time counts, whatever the clock says until its repair is over.
  if (house.suggestions.hasExpired(task)) throw expired(task)
  if (remedy === undefined) {
    throw new LazaretError('COMMAND_REFUSED', `The task ${task.id} has no proved repair to approve.`, {
      kernel: unit.id,
      hint: 'Mend the kernel and let it rejoin: lazaret rejoin <id>',
    })
  }
  refuseWhileRepaired(unit, task)
  return repairAsApproved(house, unit, remedy, to)
}

/**
 * A repair in which one remedy has a person's word. A repair that is refused before it begins leaves no word behind for
 * a later one.
 */
export async function repairAsApproved(
  house: House,
  unit: Unit,
  remedy: Remedy,
  to: ApplyTo | undefined,
): Promise<KernelStatus> {
  const { approved, approvedTo } = unit
  unit.approved = remedy
  unit.approvedTo = to
  try {
    return await command(house, unit, 'repair')
  } catch (thrown) {
    // Another word may have come since.
    if (unit.approved === remedy) {
      unit.approved = approved
      unit.approvedTo = approvedTo
    }
    throw thrown
  }
}

function expired({ id, kernel, expiresAt = 0 }: TaskRow): LazaretError {
  const text = `The proved repair of ${id} expired at ${new Date(expiresAt).toISOString()}: it may not hold any more.`
  const hint = `Prove it anew: lazaret repair ${kernel}`
  return new LazaretError('COMMAND_REFUSED', text, { kernel, details: { task: id, expiresAt }, hint })
}

/** A person's word on a task has no meaning while its repair is under way, or on probation. */
function refuseWhileRepaired(unit: Unit, task: TaskRow): void {
  const { state } = unit.instance
  if (state.startsWith('quarantined')) return
  throw new LazaretError('COMMAND_REFUSED', `The repair of ${task.id} is under way: ${unit.id} is ${state}.`, {
    kernel: unit.id,
    details: { state },
    hint: `Wait for its end: lazaret status. To take it back: lazaret quarantine ${unit.id}`,
  })
}

/** A person rejects it: the task is closed, the remedy is not proposed again, and the kernel stays parked. */
export function reject(house: House, unit: Unit, task: TaskRow): KernelStatus {
  refuseWhileRepaired(unit, task)
  const outcome = 'rejected by a person'
  if (task.remedy !== undefined) {
    unit.triedRemedies.add(remedyKey(task.remedy))
    unit.parkedWhy = 'a person rejected the proved repair'
    const row = house.journal.kernelRows().find(({ id }) => id === unit.id)
    if (row !== undefined) house.journal.commitKernel({ ...row, facts: { ...row.facts, parkedWhy: unit.parkedWhy } })
  }
  house.journal.updateTask(task.id, { status: 'closed', closedAt: house.clock.now(), outcome })
  house.events.emit('task.closed', unit.id, { task: task.id, outcome })
  house.bus.publish('coding_agent.task_closed', { task: task.id, kernel: unit.id, outcome })
  return statusOf(unit)
}
