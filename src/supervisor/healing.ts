/**
 * The repair of one kernel, as the chart goes through `repairing` and `rejoined`: candidates proposed and proved, the
 * one that holds applied as a hotfix, taken back at the first crash on probation, and learnt from when it is steady.
 * Everything applied is written to the journal first: a hotfix without its row does not exist.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { newId } from '../base/ids.ts'
import type { Evidence, Golden, HealedBy, Overlay, Remedy, Verdict } from '../base/remedy.ts'
import { generatePlaybook, toRemedy } from '../playbook/generate.ts'
import type { RepairAgent } from '../repair/agents/agent.ts'
import { agentChain } from '../repair/agents/index.ts'
import { restoreEverything } from '../repair/agents/restore.ts'
import { applySteps } from '../repair/apply.ts'
import { overlayFor } from '../repair/hotfix.ts'
import { type RepairOutcome, remedyKey, runRepair } from '../repair/repair.ts'
import { readSources } from '../repair/sources.ts'
import { evidenceOf } from './escalation.ts'
import { type House, kernelFolderUrl } from './house.ts'
import { configSha256 } from './keeping.ts'
import type { Unit } from './unit.ts'

/** The plan is carried out: the chart is asked to repair, or to apply the whole golden snapshot. */
export async function act(house: House, unit: Unit, plan: 'repair' | 'restore'): Promise<void> {
  if (plan === 'repair') {
    unit.instance.send({ type: 'REPAIR' })
    return
  }
  const evidence = evidenceOf(house, unit)
  const golden = await house.goldens.get(unit.id)
  const remedy = evidence && golden && restoreEverything(evidence, golden, kernelFolderUrl(unit.spec))
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
  const controller = new AbortController()
  unit.repair?.abort()
  unit.repair = controller
  house.events.emit('repair.started', unit.id, { incident, attempt: unit.instance.snapshot.context.attempts })
  try {
    const found = await search(house, unit, incident, evidence, controller.signal)
    if (controller.signal.aborted || 'remedy' in found) return
    exhausted(house, unit, incident, found.reasons)
  } catch (thrown) {
    if (controller.signal.aborted) return
    house.report(thrown)
    exhausted(house, unit, incident, [`the repair itself failed: ${toRecord(thrown).message}`])
  } finally {
    if (unit.repair === controller) unit.repair = undefined
  }
}

/** One run through the agents; what is not finished when the signal aborts is ended, processes included. */
async function search(
  house: House,
  unit: Unit,
  incident: string,
  evidence: Evidence,
  signal: AbortSignal,
): Promise<RepairOutcome> {
  const { spec } = unit
  const golden = await house.goldens.get(unit.id)
  const goldenState = await goldenStateOf(house, unit, golden)
  return runRepair({
    ...{ evidence, golden, goldenState, signal, spec, tried: unit.triedRemedies, approved: unit.approved },
    ...{ dataDir: house.dataDir, kernelDataDir: join(house.dataDir, 'kernels', unit.id) },
    attempt: unit.instance.snapshot.context.attempts,
    overlayNow: unit.hotfix?.body.overlay,
    agents: agentsOf(unit),
    playbook: playbookRemedy(house, unit, evidence),
    run: house.sandbox.run,
    on: {
      proposed: (remedy) => onProposed(house, unit, incident, remedy),
      refused: (remedy, verdict) => onRefused(house, unit, incident, remedy, verdict),
      verified: (remedy, verdict) => onVerified(house, unit, incident, remedy, verdict),
    },
  })
}

/** Autonomy `playbook` applies what was learnt, and nothing else. */
function agentsOf(unit: Unit): readonly RepairAgent[] {
  if (unit.plan?.do !== 'repair' && unit.plan?.do !== 'suggest') return agentChain
  const { agents } = unit.plan
  return agentChain.filter(({ name }) => agents.some((agent) => name === agent || name.startsWith(`${agent}.`)))
}

function exhausted(house: House, unit: Unit, incident: string, reasons: readonly string[]): void {
  house.events.emit('repair.exhausted', unit.id, { incident, reasons })
  unit.parkedWhy = reasons.length === 0 ? 'no agent had anything to propose' : reasons.join('; ')
  unit.instance.send({ type: 'EXHAUSTED' })
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

function note(house: House, incident: string, remedy: Remedy, verdict: Verdict, outcome: string): void {
  const { agent, healedBy, steps, why } = remedy
  const n = house.journal.attempts(incident).length + 1
  house.journal.recordAttempt({ incident, n, agent, healedBy, steps, why, verdict, at: house.clock.now(), outcome })
}

function onRefused(house: House, unit: Unit, incident: string, remedy: Remedy, verdict: Verdict): void {
  note(house, incident, remedy, verdict, 'refused')
  const { agent } = remedy
  house.events.emit('repair.refused', unit.id, { incident, agent, refusal: verdict.refusal, lines: verdict.lines })
  unit.instance.send({ type: 'REFUSED' })
}

function onVerified(house: House, unit: Unit, incident: string, remedy: Remedy, verdict: Verdict): void {
  note(house, incident, remedy, verdict, 'verified')
  const { agent } = remedy
  house.events.emit('repair.verified', unit.id, { incident, agent, lines: verdict.lines, isolation: verdict.isolation })
  if (unit.plan?.do === 'suggest' && unit.approved === undefined) {
    suggest(house, unit, incident, remedy)
    return
  }
  unit.remedy = remedy
  unit.instance.send({ type: 'VERIFIED' })
}

/** Autonomy `suggest`: the proved remedy waits in the task for a person's approval. */
function suggest(house: House, unit: Unit, incident: string, remedy: Remedy): void {
  const task = house.journal.tasks({ kernel: unit.id, status: 'open' }).find((row) => row.incident === incident)
  if (task !== undefined) house.journal.updateTask(task.id, { remedy })
  park(unit, `a proved repair waits for approval: lazaret approve ${task?.id ?? incident}`)
}

function park(unit: Unit, why: string): void {
  unit.parkedWhy = why
  unit.instance.send({ type: 'PARK' })
}

/** Makes the chosen remedy real: state, hotfix, parked messages; then the chart boots the kernel on probation. */
export async function apply(house: House, unit: Unit): Promise<void> {
  const { remedy, incident } = unit
  const evidence = evidenceOf(house, unit)
  try {
    if (remedy === undefined || incident === undefined || evidence === undefined) {
      throw new LazaretError('NOT_FOUND', `There is no remedy to apply to ${unit.id}.`, { kernel: unit.id })
    }
    await applyRemedy(house, unit, incident, remedy, evidence)
    unit.instance.send({ type: 'APPLIED' })
  } catch (thrown) {
    unit.parkedWhy = `the remedy could not be applied: ${toRecord(thrown).message}`
    house.report(thrown)
    unit.instance.send({ type: 'PARK' })
  }
}

async function applyRemedy(
  house: House,
  unit: Unit,
  incident: string,
  remedy: Remedy,
  evidence: Evidence,
): Promise<void> {
  const golden = await house.goldens.get(unit.id)
  const sources = await readSources(evidence, golden, unit.hotfix?.body.overlay ?? {})
  const applied = applySteps(remedy.steps, { ...sources, kernelFolderUrl: kernelFolderUrl(unit.spec), golden })
  const id = newId('fix')
  const config = applied.config ?? unit.hotfix?.body.config
  const body = {
    ...{ id, kernel: unit.id, incident, overlay: applied.overlay, steps: remedy.steps },
    ...(config && { config, configPreimageSha256: configSha256(unit.spec.config) }),
  }
  const file = await house.hotfixes.write(body)
  const stateFrom = applied.stateFromGolden ? await restoreState(house, unit, golden) : undefined
  house.journal.putHotfix({
    ...{ id, kernel: unit.id, incident, status: 'probation', steps: remedy.steps, file, at: house.clock.now() },
    ...{ agent: remedy.agent, healedBy: remedy.healedBy, why: remedy.why },
    ...(stateFrom && { stateFrom }),
    ...(remedy.playbook && { playbook: remedy.playbook }),
  })
  for (const { method, argsSha256 } of applied.parked) {
    house.journal.parkMessage(unit.id, method, argsSha256, `parked by ${remedy.agent}: ${remedy.why}`)
    unit.route.park(method, argsSha256)
  }
  unit.hotfixBefore = unit.hotfix
  unit.hotfix = { id, incident, body, remedy, onProbation: true, ...(stateFrom && { stateFrom }) }
  house.events.emit('hotfix.applied', unit.id, {
    ...{ incident, hotfix: id, agent: remedy.agent, healedBy: remedy.healedBy, why: remedy.why },
    steps: remedy.steps.map((step) => step.do),
  })
  if (remedy.playbook !== undefined) {
    house.incidents.note(incident, { playbook: remedy.playbook })
    house.events.emit('playbook.applied', unit.id, { incident, playbook: remedy.playbook })
  }
}

/** The golden state becomes the newest snapshot, so that every later start goes on from it. Its name. */
async function restoreState(house: House, unit: Unit, golden: Golden | undefined): Promise<string> {
  const state = golden === undefined ? undefined : await house.goldens.state(unit.id)
  if (golden === undefined || state === undefined) {
    throw new LazaretError('SNAPSHOT_CORRUPT', `The golden state of ${unit.id} is gone.`, { kernel: unit.id })
  }
  const { codeSha256 } = golden
  const written = await house.snapshots.write(unit.id, state, {
    ...{ codeSha256, configSha256: configSha256(golden.config), keep: unit.spec.snapshot.keep + 1 },
  })
  house.events.emit('snapshot.restored', unit.id, { snapshot: written.name, ageMs: house.clock.now() - golden.at })
  return written.name
}

/** The first crash on probation: what was applied is taken back, and not tried again for this incident. */
export async function rollBack(house: House, unit: Unit): Promise<void> {
  const { hotfix } = unit
  if (hotfix === undefined || !hotfix.onProbation) return
  house.journal.updateHotfix(hotfix.id, { status: 'rolledBack' })
  unit.triedRemedies.add(remedyKey(hotfix.remedy))
  unit.hotfix = unit.hotfixBefore
  for (const step of hotfix.remedy.steps) {
    if (step.do !== 'park_message') continue
    house.journal.unparkMessage(unit.id, step.method, step.argsSha256)
    unit.route.unpark(step.method, step.argsSha256)
  }
  house.events.emit('hotfix.rolledBack', unit.id, {
    incident: hotfix.incident,
    hotfix: hotfix.id,
    agent: hotfix.remedy.agent,
  })
  if (hotfix.stateFrom !== undefined) await house.snapshots.remove(unit.id, hotfix.stateFrom)
  const { playbook } = hotfix.remedy
  if (playbook === undefined) return
  house.journal.playbookUse({
    playbook,
    kernel: unit.id,
    incident: hotfix.incident,
    outcome: 'failed',
    at: house.clock.now(),
  })
  await house.playbooks.failed(playbook, unit.id)
}

/** The hotfix in force as the journal knows it; a damaged file means there is none, and it is said so. */
export async function activeHotfix(house: House, unit: Unit): Promise<Unit['hotfix']> {
  const row = house.journal.activeHotfix(unit.id)
  if (row === undefined) return undefined
  const read = await house.hotfixes.read(row.file)
  if (read.hotfix === undefined) {
    house.journal.updateHotfix(row.id, { status: 'dropped' })
    house.events.emit('hotfix.dropped', unit.id, { hotfix: row.id, reason: read.reason })
    return undefined
  }
  const { agent, healedBy, steps, why, playbook, stateFrom, id, incident } = row
  return {
    ...{ id, incident, body: read.hotfix, onProbation: row.status === 'probation' },
    remedy: { agent, healedBy, steps, why, ...(playbook && { playbook }) },
    ...(stateFrom && { stateFrom }),
  }
}

/** Overlay and configuration to boot with: the hotfix as far as it still fits what is on disk and in the fleet. */
export function inForce(house: House, unit: Unit): { overlay: Overlay; config: Record<string, unknown> } {
  const { hotfix, spec } = unit
  if (hotfix === undefined) return { overlay: {}, config: spec.config }
  const fitting = overlayFor(hotfix.body, sha256OfFile)
  for (const { url, reason } of fitting.dropped) {
    house.events.emit('hotfix.dropped', unit.id, { hotfix: hotfix.id, file: url, reason })
  }
  const { config, configPreimageSha256 } = hotfix.body
  const keeps = config !== undefined && configPreimageSha256 === configSha256(spec.config)
  if (config !== undefined && !keeps) {
    house.events.emit('hotfix.dropped', unit.id, {
      hotfix: hotfix.id,
      reason: "the fleet's configuration was changed since",
    })
  }
  return { overlay: fitting.overlay, config: keeps ? config : spec.config }
}

function sha256OfFile(url: string): string | undefined {
  try {
    return sha256(readFileSync(fileURLToPath(url), 'utf8'))
  } catch {
    // Gone or unreadable: then nothing fits it, and the import says why.
    return undefined
  }
}

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
