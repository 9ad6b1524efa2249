/**
 * From a spent budget to a plan: one incident, its evidence, a task for whoever mends kernels, word to the operators,
 * and the strategy table's answer. Each step is written to the journal before the next.
 */
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { Evidence, RanAs } from '../base/remedy.ts'
import { captureDiagnostics } from '../diagnostics/capture.ts'
import { relevantLines } from '../diagnostics/log-ring.ts'
import { readEvidence } from '../diagnostics/replay.ts'
import { fingerprint } from '../escalation/fingerprint.ts'
import { type Plan, plan } from '../escalation/strategy.ts'
import { buildTask, taskPayload } from '../escalation/task.ts'
import type { IncidentRow, TaskRow } from '../journal/rows.ts'
import type { House } from './house.ts'
import { openedNotice, parkedNotice } from './notices.ts'
import type { Failure, Unit } from './unit.ts'

/** Service first: a standby is on its way before evidence is looked for, and what was recorded until now is kept for it. */
export function serveMeanwhile(unit: Unit): void {
  unit.failedOver = false
  unit.flight = unit.recorder.evidence()
  unit.route.degrade(unit.standIns.takeOver())
}

/** Opens the incident, captures evidence, tells everybody; then the chart goes on. */
export function capture(house: House, unit: Unit): void {
  const failure = unit.failure ?? lastFailure(house, unit)
  unit.failure = failure
  const { fingerprint, error, phase } = failure
  const { row, isNew } = house.incidents.open({ kernel: unit.id, tier: unit.spec.tier, fingerprint, error, phase })
  unit.incident ??= row.id
  const folder = captureEvidence(house, unit, row, failure)
  if (isNew) {
    openTask(house, unit, row, folder ?? '')
    house.notify(openedNotice(folder === undefined ? row : { ...row, folder }))
  }
  unit.instance.send({ type: 'CAPTURED' })
}

function captureEvidence(house: House, unit: Unit, row: IncidentRow, failure: Failure): string | undefined {
  const flight = unit.flight ?? unit.recorder.evidence()
  const holdOut = house.goldens.holdOut(unit.id, house.clock.now())
  const evidence: Omit<Evidence, 'folder'> = {
    ...{
      kernel: unit.id,
      incident: row.id,
      fingerprint: failure.fingerprint,
      error: failure.error,
      phase: failure.phase,
    },
    ...{ files: [...unit.files.values()], config: unit.boot?.config ?? unit.spec.config },
    ...(flight.state && { state: flight.state }),
    ...{ messages: flight.messages, replies: flight.replies, ran: ranAs(unit) },
    ...(holdOut && { holdOut }),
  }
  const result = captureDiagnostics({
    ...{ quarantineDir: house.quarantineDir, at: failure.at, evidence, leftOut: flight.leftOut },
    failures: house.journal.failures(unit.id, 20).toReversed(),
    logLines: house.logs.last(unit.id),
    ...{ system: house.sampler.last(), findings: unit.findings },
    instance: { ...failure.vitals, sampled: unit.vitals, mailboxDepth: unit.route.mailbox.depth, boots: unit.boots },
    ...(failure.error.code === 'KERNEL_HUNG' && failure.error.stack !== undefined
      ? { hangStack: failure.error.stack }
      : {}),
    ...(failure.profile && { profile: failure.profile }),
  })
  // A failure on probation is of the hotfix, which is taken back: the next repair goes on from the first evidence.
  unit.evidence ??= { ...evidence, folder: result.ok ? result.folder : '' }
  if (result.ok && row.folder === undefined) house.incidents.note(row.id, { folder: result.folder })
  house.events.emit('diagnostics.captured', unit.id, {
    incident: row.id,
    ...(result.ok ? { folder: result.folder, files: result.files } : { error: result.error }),
  })
  return result.ok ? result.folder : undefined
}

/** So that a replay needs no runtime and no fleet. */
function ranAs({ spec }: Unit): RanAs {
  const { entryUrl, crashOn, limits } = spec
  return { entryUrl, crashOn, heapMb: limits.heapMb, startMs: limits.startMs }
}

/** The open task of the incident; a new one where a person has closed it. */
export function openTaskOf(house: House, unit: Unit, incident: string): TaskRow {
  const open = house.journal.tasks({ kernel: unit.id, status: 'open' }).find((task) => task.incident === incident)
  if (open !== undefined) return open
  const row = house.journal.incident(incident)
  if (row === undefined) throw new LazaretError('NOT_FOUND', `There is no incident ${incident}.`, { kernel: unit.id })
  return openTask(house, unit, row, row.folder ?? '')
}

function openTask(house: House, unit: Unit, row: IncidentRow, folder: string): TaskRow {
  const lines = relevantLines(house.logs.last(unit.id), row.error)
  const task = buildTask(row, folder, lines, house.clock.now())
  house.journal.createTask(task)
  house.events.emit('task.created', unit.id, { task: task.id, incident: row.id, priority: task.priority })
  house.bus.publish('coding_agent.task_create', taskPayload(task))
  return task
}

/** What an earlier process saw of the failure, where this one was started in the middle of it. */
function lastFailure(house: House, unit: Unit): Failure {
  const row = house.journal.failures(unit.id, 1)[0]
  if (row !== undefined && unit.diedInStart !== true) return { ...row, permanent: false }
  const text = 'The process died while it started this kernel.'
  const error = toRecord(new LazaretError('KERNEL_EXITED', text, { kernel: unit.id }))
  const print = fingerprint({ kernel: unit.id, error, phase: 'start' })
  return { at: house.clock.now(), error, phase: 'start', fingerprint: print, permanent: false }
}

/** Evidence of the open incident: in memory, or as an earlier process wrote it. */
export function evidenceOf(house: House, unit: Unit): Evidence | undefined {
  if (unit.evidence !== undefined) return unit.evidence
  const folder = unit.incident === undefined ? undefined : house.journal.incident(unit.incident)?.folder
  if (folder === undefined) return undefined
  try {
    unit.evidence = readEvidence(folder, house.clock.now())
  } catch (thrown) {
    // Expired or damaged: there is nothing to prove a repair on, and the kernel is parked with this reason.
    unit.evidenceProblem = toRecord(thrown)
  }
  return unit.evidence
}

/** Asks the strategy table, and tells the chart. */
export async function decide(house: House, unit: Unit): Promise<void> {
  const { attempts, maxAttempts, restored } = unit.instance.snapshot.context
  const golden = await house.goldens.get(unit.id)
  const evidence = evidenceOf(house, unit)
  const print = unit.failure?.fingerprint ?? evidence?.fingerprint ?? ''
  const trust = house.playbooks.match(unit.id, print)?.trust
  const chosen: Plan =
    evidence === undefined
      ? { do: 'park', why: `there is no evidence to repair it on: ${problemOf(unit.evidenceProblem)}` }
      : plan({
          ...{ tier: unit.spec.tier, replica: unit.standIns.kind === 'standby', golden: golden !== undefined },
          playbook: trust === 'suspended' ? undefined : trust,
          ...{ autonomy: unit.spec.repair.autonomy, attempts, maxAttempts, restoreTried: restored },
        })
  unit.plan = chosen
  if (chosen.do === 'park') unit.parkedWhy = chosen.why
  if (chosen.do === 'park') unit.instance.send({ type: 'DECIDED', plan: 'park' })
  else unit.instance.send({ type: 'DECIDED', plan: chosen.do === 'restore' ? 'restore' : 'repair' })
}

function problemOf(error: ErrorRecord | undefined): string {
  return error?.message ?? 'the folder is missing'
}

/** The kernel waits for a person: they are told why. */
export function sayParked(house: House, unit: Unit): void {
  const { attempts, maxAttempts, repairTimeoutMs } = unit.instance.snapshot.context
  const unsaid =
    attempts >= maxAttempts
      ? `all ${maxAttempts} repair attempts are spent`
      : `the repair did not end within ${repairTimeoutMs} ms`
  const why = unit.parkedWhy ?? unsaid
  unit.parkedWhy = why
  house.events.emit('kernel.parked', unit.id, { why, ...(unit.incident && { incident: unit.incident }) })
  const row = house.incidents.list().find(({ id }) => id === unit.parked?.incident)
  if (row !== undefined) house.notify(parkedNotice(row, unit, house.clock.now()))
}
