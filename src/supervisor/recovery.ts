/**
 * The end of a probation: incidents and tasks are closed, the fix is learnt as a playbook, and what the kernel is now
 * becomes golden.
 */
import type { HealedBy, Remedy } from '../base/remedy.ts'
import { generatePlaybook } from '../playbook/generate.ts'
import { evidenceOf } from './escalation.ts'
import type { House } from './house.ts'
import type { Unit } from './unit.ts'

/** Probation is over: incidents are closed, the fix is learnt, the present becomes golden. */
export async function recovered(house: House, unit: Unit): Promise<void> {
  const { incident } = unit
  // Without a hotfix for this very incident it was a person who let it rejoin.
  const hotfix = incident !== undefined && unit.hotfix?.incident === incident ? unit.hotfix : undefined
  const healedBy: HealedBy = hotfix?.remedy.healedBy ?? 'person'
  if (hotfix?.onProbation) {
    house.journal.updateHotfix(hotfix.id, { status: 'steady' })
    unit.hotfix = { ...hotfix, onProbation: false }
  }
  const learnt = hotfix === undefined ? undefined : await tryToLearn(house, unit, hotfix.remedy)
  closeIncidents(house, unit, healedBy, hotfix?.remedy)
  house.events.emit('kernel.recovered', unit.id, {
    healedBy,
    ...(incident && { incident }),
    ...(learnt && { playbook: learnt }),
  })
  forgetIncident(unit)
  await unit.keeper.goldenNow()
}

function closeIncidents(house: House, unit: Unit, healedBy: HealedBy, remedy: Remedy | undefined): void {
  for (const row of house.incidents.list().filter(({ kernel }) => kernel === unit.id)) {
    const how = remedy === undefined ? 'A person let it rejoin.' : `${remedy.agent}: ${remedy.why}`
    const closed = house.incidents.resolve(row.id, healedBy, how)
    house.notify({
      ...{
        kind: 'incident.resolved',
        kernel: unit.id,
        tier: unit.spec.tier,
        incident: row.id,
        fingerprint: row.fingerprint,
      },
      text: `${unit.id} is back: ${how}`,
      at: closed.resolvedAt ?? house.clock.now(),
    })
  }
  for (const task of house.journal.tasks({ kernel: unit.id, status: 'open' })) {
    const outcome = `healed by ${healedBy}`
    house.journal.updateTask(task.id, { status: 'closed', closedAt: house.clock.now(), outcome })
    house.events.emit('task.closed', unit.id, { task: task.id, outcome })
    house.bus.publish('coding_agent.task_closed', { task: task.id, kernel: unit.id, outcome })
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
    const playbook = generatePlaybook({ kernel, fingerprint, error, phase, remedy, incident: unit.incident, at })
    name = (await house.playbooks.register(playbook)).name
  }
  house.journal.playbookUse({ playbook: name, kernel: unit.id, incident: unit.incident, outcome: 'succeeded', at })
  await house.playbooks.succeeded(name, unit.id)
  return name
}

export function forgetIncident(unit: Unit): void {
  unit.incident = undefined
  unit.evidence = undefined
  unit.evidenceProblem = undefined
  unit.failure = undefined
  unit.remedy = undefined
  unit.approved = undefined
  unit.plan = undefined
  unit.parkedWhy = undefined
  unit.sawPoison = false
  unit.diedInStart = false
  unit.triedRemedies.clear()
}
