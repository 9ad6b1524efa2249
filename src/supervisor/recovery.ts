/**
 * The end of a probation: incidents and tasks are closed, the fix is learnt as a playbook, and what the kernel is now
 * becomes golden.
 */
import type { HealedBy, Remedy, RemedyStep, Verdict } from '../base/remedy.ts'
import type { IncidentRow } from '../journal/rows.ts'
import { explainLesson } from '../playbook/explain.ts'
import { generatePlaybook } from '../playbook/generate.ts'
import { remedyKey } from '../repair/repair.ts'
import { forgetCleared } from './clearing.ts'
import { evidenceOf } from './escalation.ts'
import type { House } from './house.ts'
import { resolvedNotice } from './notices.ts'
import { takeOverIfWished } from './taking-over.ts'
import type { ActiveHotfix, Unit } from './unit.ts'

/** Probation is over: incidents are closed, the fix is learnt, the present becomes golden. */
export async function recovered(house: House, unit: Unit): Promise<void> {
  const { incident } = unit
  const hotfix = ranWith(house, unit)
  // Without a hotfix for this very incident it was a person who let it rejoin, or mended it meanwhile.
  const remedy = hotfix !== undefined && hotfix.incident === incident ? hotfix.remedy : undefined
  const healedBy: HealedBy = unit.failedOver ? 'failover' : (remedy?.healedBy ?? 'person')
  const learnt = remedy === undefined ? undefined : await tryToLearn(house, unit, remedy)
  closeIncidents(house, unit, healedBy, remedy)
  house.events.emit('kernel.recovered', unit.id, {
    healedBy,
    ...(incident && { incident }),
    ...(learnt && { playbook: learnt }),
  })
  forgetIncident(unit)
  // First, so that what becomes golden is what is in the files.
  await takeOverIfWished(house, unit)
  await unit.keeper.goldenNow()
  if (hotfix !== undefined) await forgetCleared(house, hotfix.id)
}

/** The hotfix that the kernel became steady with. One that a person's edits have overtaken is not what healed it. */
function ranWith(house: House, unit: Unit): ActiveHotfix | undefined {
  const { hotfix } = unit
  if (hotfix === undefined) return undefined
  const isOver = hotfix.outdated === true && hotfix.isLeft !== true
  if (hotfix.onProbation) house.journal.updateHotfix(hotfix.id, { status: isOver ? 'dropped' : 'steady' })
  unit.hotfix = isOver ? undefined : { ...hotfix, onProbation: false }
  return hotfix.outdated ? undefined : unit.hotfix
}

const parks: ReadonlySet<RemedyStep['do']> = new Set(['park_message', 'park_pattern'])

/** All of it or nothing: a process that ends here finds the incident open, with its task, or both closed. */
function closeIncidents(house: House, unit: Unit, healedBy: HealedBy, remedy: Remedy | undefined): void {
  const { journal } = house
  const mended = remedy === undefined ? 'A person mended it or let it rejoin.' : `${remedy.agent}: ${remedy.why}`
  const how = unit.failedOver ? `A standby took over; the failed instance stands by. ${mended}` : mended
  const outcome = `healed by ${healedBy}`
  const closedAt = house.clock.now()
  const rows = house.incidents.list().filter(({ kernel }) => kernel === unit.id)
  const tasks = journal.tasks({ kernel: unit.id, status: 'open' })
  // A kernel that is not what it was may be given again what crashed it; a repair that only parks leaves it as it was.
  const isChanged = remedy === undefined || remedy.steps.some((step) => !parks.has(step.do))
  const resolved: IncidentRow[] = []
  const forgiven = journal.transaction(() => {
    for (const { id } of rows) resolved.push(house.incidents.resolve(id, healedBy, how))
    for (const { id } of tasks) journal.updateTask(id, { status: 'closed', closedAt, outcome })
    return isChanged ? rows.flatMap(({ fingerprint }) => journal.forgivePoison(unit.id, fingerprint)) : []
  })
  for (const { method, argsSha256 } of forgiven) unit.route.unpark(method, argsSha256)
  for (const row of resolved) house.notify(resolvedNotice(row, unit.parked))
  for (const { id: task } of tasks) {
    house.events.emit('task.closed', unit.id, { task, outcome })
    house.bus.publish('coding_agent.task_closed', { task, kernel: unit.id, outcome })
  }
}

/** A playbook that cannot be written (a full disk, a file a person broke) must not keep the incident open. */
async function tryToLearn(house: House, unit: Unit, remedy: Remedy): Promise<string | undefined> {
  try {
    return await learn(house, unit, remedy)
  } catch (thrown) {
    house.report(thrown)
    return undefined
  }
}

/** Name of the playbook that was made or confirmed. */
async function learn(house: House, unit: Unit, remedy: Remedy): Promise<string | undefined> {
  const evidence = evidenceOf(house, unit)
  if (evidence === undefined || unit.incident === undefined) return undefined
  const at = house.clock.now()
  let name = remedy.playbook
  if (name === undefined) {
    const { kernel, fingerprint, error, phase } = evidence
    const lesson = { kernel, fingerprint, error, phase, remedy, incident: unit.incident, at }
    const comments = explainLesson(lesson, verdictOf(house, unit.incident, remedy))
    name = (await house.playbooks.register(generatePlaybook(lesson), comments)).name
  }
  // What was repaired stands by and has not served yet: the proof is all there is to it.
  if (unit.failedOver) return name
  // An earlier process may have come as far as this.
  if (house.journal.playbookUses(unit.incident).some((use) => use.playbook === name)) return name
  house.journal.playbookUse({ playbook: name, kernel: unit.id, incident: unit.incident, outcome: 'succeeded', at })
  await house.playbooks.succeeded(name, unit.id)
  return name
}

/** Of the proof that the remedy was applied on. */
function verdictOf(house: House, incident: string, remedy: Remedy): Verdict | undefined {
  const key = remedyKey(remedy)
  return house.journal.attempts(incident).findLast((attempt) => remedyKey(attempt) === key)?.verdict
}

export function forgetIncident(unit: Unit): void {
  unit.incident = undefined
  unit.evidence = undefined
  unit.evidenceProblem = undefined
  unit.failure = undefined
  unit.remedy = undefined
  unit.approved = undefined
  unit.steps = undefined
  unit.approvedTo = undefined
  unit.askedFor = false
  unit.heldBack = false
  unit.plan = undefined
  unit.parkedWhy = undefined
  unit.parked = undefined
  unit.sawPoison = false
  unit.diedInStart = false
  unit.failedOver = false
  unit.triedRemedies.clear()
}
