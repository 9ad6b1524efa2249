/**
 * The repair of one kernel, as the chart goes through `repairing`: candidates are proposed and proved until one holds.
 * Everything tried is written to the journal. What becomes of the one that holds is hotfixing.ts's part.
 */
import { join } from 'node:path'
import { toRecord } from '../base/error-record.ts'
import type { Evidence, Golden, Remedy, RepairCost, Verdict } from '../base/remedy.ts'
import { isolations } from '../base/spec.ts'
import { toRemedy } from '../playbook/generate.ts'
import type { RepairAgent } from '../repair/agents/agent.ts'
import { restoreEverything } from '../repair/agents/restore.ts'
import { type RepairOutcome, remedyKey, runRepair } from '../repair/repair.ts'
import { evidenceOf, openTaskOf } from './escalation.ts'
import { fittingHotfix } from './hotfixing.ts'
import { type House, kernelFolderUrl } from './house.ts'
import { isHeldBack } from './repair-switch.ts'
import { stormReason } from './storm.ts'
import type { Submission } from './submission.ts'
import type { Unit } from './unit.ts'

/** The plan is carried out: the chart is asked to repair, or to apply the whole golden snapshot. */
export async function act(house: House, unit: Unit, plan: 'repair' | 'restore'): Promise<void> {
  if (isHeldBack(house, unit)) return
  // A restore is no more than another repair that may be proved first: in a storm that is what it becomes.
  if (plan === 'repair' || stormReason(house, unit) !== undefined) {
    unit.instance.send({ type: 'REPAIR' })
    return
  }
  const evidence = evidenceOf(house, unit)
  const golden = await house.goldens.get(unit.id)
  const remedy = evidence && golden && restoreEverything(evidence, golden, kernelFolderUrl(unit.spec))
  // Parked meanwhile: by a person, or because repairs were switched off.
  if (!unit.instance.snapshot.matches({ quarantined: 'waiting' })) return
  unit.remedy = remedy
  // Nothing differs from golden: there is nothing to go back to, and the repair proper has its turn.
  if (remedy === undefined) unit.instance.send({ type: 'REPAIR' })
  else unit.instance.send({ type: 'RESTORE' })
}

async function goldenStateOf(house: House, unit: Unit, golden: Golden | undefined): Promise<Uint8Array | undefined> {
  return golden?.snapshot === undefined ? undefined : await house.goldens.state(unit.id)
}

/** Runs the agents in order until a candidate holds; the chart hears of each. */
export async function propose(house: House, unit: Unit): Promise<void> {
  const evidence = evidenceOf(house, unit)
  const incident = unit.incident
  if (evidence === undefined || incident === undefined) {
    park(unit, 'there is no evidence to repair it on')
    return
  }
  if (isHeldBack(house, unit)) return
  const { submission, parkedWhy } = unit
  // It is this repair's alone: one that follows goes by the agents again.
  unit.submission = undefined
  unit.parkedWhy = undefined
  unit.heldBack = false
  const controller = new AbortController()
  unit.repair?.abort()
  unit.repair = controller
  house.events.emit('repair.started', unit.id, { incident, attempt: unit.instance.snapshot.context.attempts })
  try {
    // One whose remedy could not be applied may still be removing the workspace, which has the same name.
    await Promise.allSettled([unit.search])
    const searching = search(house, unit, { incident, evidence, signal: controller.signal, submission })
    unit.search = searching
    const found = await searching
    if (controller.signal.aborted || 'remedy' in found) return
    if (submission === undefined) exhausted(house, unit, incident, found.reasons)
    else putBack(unit, submission, found.reasons, parkedWhy)
  } catch (thrown) {
    if (controller.signal.aborted) return
    house.report(thrown)
    const reasons = [`the repair itself failed: ${toRecord(thrown).message}`]
    if (submission === undefined) exhausted(house, unit, incident, reasons)
    else putBack(unit, submission, reasons, parkedWhy)
  } finally {
    if (unit.repair === controller) {
      unit.repair = undefined
      unit.askedFor = false
    }
  }
}

interface Search {
  readonly incident: string
  readonly evidence: Evidence
  readonly signal: AbortSignal
  /** The one candidate, where there is one: no agent is asked then. */
  readonly submission: Submission | undefined
}

/** One run through the agents; what is not finished when the signal aborts is ended, processes included. */
async function search(house: House, unit: Unit, given: Search): Promise<RepairOutcome> {
  const { spec } = unit
  const { incident, evidence, signal, submission } = given
  const golden = await house.goldens.get(unit.id)
  const goldenState = await goldenStateOf(house, unit, golden)
  return runRepair({
    ...{ evidence, golden, goldenState, signal, spec, tried: unit.triedRemedies },
    approved: submission?.remedy ?? unit.approved,
    ...{ dataDir: house.dataDir, kernelDataDir: join(house.dataDir, 'kernels', unit.id) },
    ...{ compiledDir: house.compiledDir, attempt: unit.instance.snapshot.context.attempts },
    overlayNow: fittingHotfix(unit).overlay,
    agents: unit.approvedAlone || submission !== undefined ? [] : agentsOf(house, unit),
    playbook: playbookRemedy(house, unit, evidence),
    ...{ run: house.sandbox.run, prepare: house.sandbox.prepare },
    on: {
      proposed: (remedy) => onProposed(house, unit, incident, remedy),
      refused: (remedy, verdict, cost) => onRefused(house, unit, incident, { remedy, verdict, cost, submission }),
      verified: (remedy, verdict, cost) => onVerified(house, unit, incident, { remedy, verdict, cost, submission }),
      progressed: (agent, text) => house.events.emit('repair.progressed', unit.id, { incident, agent, text }),
    },
  })
}

/** Those that the plan names; all where a person asks for a repair, or a trusted playbook may not hold. */
function agentsOf(house: House, unit: Unit): readonly RepairAgent[] {
  if (unit.plan?.do !== 'repair' && unit.plan?.do !== 'suggest') return house.agents
  const { agents } = unit.plan
  return house.agents.filter(({ name }) => agents.some((agent) => name === agent || name.startsWith(`${agent}.`)))
}

function exhausted(house: House, unit: Unit, incident: string, reasons: readonly string[]): void {
  house.events.emit('repair.exhausted', unit.id, { incident, reasons })
  const sentences = reasons.map((reason) => reason.replace(/\.$/, ''))
  unit.parkedWhy = sentences.length === 0 ? 'no agent had anything to propose' : sentences.join('; ')
  unit.instance.send({ type: 'EXHAUSTED' })
}

/** What was handed in does not hold: the kernel stays parked, for what it was parked for. */
function putBack(unit: Unit, submission: Submission, reasons: readonly string[], parkedWhy: string | undefined): void {
  submission.outcome = 'refused'
  submission.why = reasons.join('; ')
  park(unit, parkedWhy ?? 'a repair was handed in that does not hold')
}

function playbookRemedy(house: House, unit: Unit, evidence: Evidence): Remedy | undefined {
  const playbook = house.playbooks.match(unit.id, evidence.fingerprint)
  return playbook === undefined ? undefined : toRemedy(playbook)
}

function onProposed(house: House, unit: Unit, incident: string, remedy: Remedy): void {
  const { agent, healedBy, why } = remedy
  house.events.emit('repair.proposed', unit.id, {
    incident,
    agent,
    healedBy,
    why,
    steps: remedy.steps.map((step) => step.do),
  })
  unit.instance.send({ type: 'PROPOSED' })
}

/** A candidate, how it was judged, and what its agent cost until then. */
interface Tried {
  readonly remedy: Remedy
  readonly verdict: Verdict
  readonly cost: RepairCost | undefined
  readonly submission: Submission | undefined
}

function note(house: House, incident: string, { remedy, verdict, cost }: Tried, outcome: string): void {
  const { agent, healedBy, steps, why } = remedy
  const n = house.journal.attempts(incident).length + 1
  const at = house.clock.now()
  const row = { incident, n, agent, healedBy, steps, why, verdict, at, outcome }
  house.journal.recordAttempt(cost === undefined ? row : { ...row, cost })
}

function onRefused(house: House, unit: Unit, incident: string, tried: Tried): void {
  const { remedy, verdict, submission } = tried
  if (submission !== undefined) submission.verdict = verdict
  note(house, incident, tried, 'refused')
  if (isApproved(unit, remedy)) unit.approved = undefined
  // Also where no person has asked: what waits for a word is what holds.
  house.suggestions.withdraw(unit, incident, remedy)
  const { agent } = remedy
  house.events.emit('repair.refused', unit.id, { incident, agent, refusal: verdict.refusal, lines: verdict.lines })
  unit.instance.send({ type: 'REFUSED' })
}

function onVerified(house: House, unit: Unit, incident: string, tried: Tried): void {
  const { remedy, verdict, cost, submission } = tried
  if (submission !== undefined) {
    submission.verdict = verdict
    // Until it is on its way to be applied.
    submission.outcome = 'waiting'
  }
  note(house, incident, tried, 'verified')
  const { agent } = remedy
  house.events.emit('repair.verified', unit.id, {
    ...{ incident, agent, lines: verdict.lines, isolation: verdict.isolation },
    ...(cost && { cost }),
  })
  const why = reasonToWait(house, unit, remedy, verdict)
  if (why !== undefined) {
    suggest(house, unit, incident, remedy, why)
    return
  }
  unit.remedy = remedy
  if (submission !== undefined) submission.outcome = 'applied'
  unit.instance.send({ type: 'VERIFIED' })
}

function isApproved(unit: Unit, remedy: Remedy): boolean {
  return unit.approved !== undefined && remedyKey(unit.approved) === remedyKey(remedy)
}

/** What the kernel's autonomy allows without a person, whoever asked for the repair; or this very one was approved. */
function mayApply(unit: Unit, remedy: Remedy): boolean {
  const { autonomy } = unit.spec.repair
  return autonomy === 'fix' || (autonomy === 'playbook' && remedy.playbook !== undefined) || isApproved(unit, remedy)
}

/** Why the proof is worth less than the kernel asks for; undefined where it is not, or where a person has approved. */
function weakness(unit: Unit, remedy: Remedy, { isolation }: Verdict): string | undefined {
  const asked = unit.spec.repair.isolation
  if (isolations.indexOf(isolation) >= isolations.indexOf(asked) || isApproved(unit, remedy)) return undefined
  return `proved in ${isolation} isolation, the kernel asks for ${asked}`
}

/** Why the proved remedy needs a person's word; undefined where it may be applied at once. */
function reasonToWait(house: House, unit: Unit, remedy: Remedy, verdict: Verdict): string | undefined {
  if (!mayApply(unit, remedy)) return 'a proved repair waits for approval'
  const tooWeak = weakness(unit, remedy, verdict)
  if (tooWeak !== undefined) return `a proved repair waits for approval (${tooWeak})`
  const storm = unit.askedFor || isApproved(unit, remedy) ? undefined : stormReason(house, unit)
  return storm === undefined ? undefined : `${storm}; the proved repair waits for approval`
}

/** The proved remedy waits in the incident's task for a person's approval. */
function suggest(house: House, unit: Unit, incident: string, remedy: Remedy, why: string): void {
  const task = openTaskOf(house, unit, incident)
  house.suggestions.add(unit, task, remedy)
  park(unit, `${why}: lazaret approve ${task.id}`)
}

function park(unit: Unit, why: string): void {
  unit.parkedWhy = why
  unit.instance.send({ type: 'PARK' })
}
