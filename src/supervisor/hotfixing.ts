/**
 * Applying a remedy and taking it back: the hotfix file and its row, the state it starts from, the messages it parks, and
 * what of it is in force at a boot. A hotfix without its row in the journal does not exist, and a file that a person has
 * changed since is theirs.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import { newId } from '../base/ids.ts'
import type { ApplyTo, Evidence, Golden, Overlay, Remedy } from '../base/remedy.ts'
import type { HotfixRow, KernelRow } from '../journal/rows.ts'
import type { LifecycleEvent } from '../lifecycle/machine.ts'
import { applySteps } from '../repair/apply.ts'
import { overlayFor } from '../repair/hotfix.ts'
import { remedyKey } from '../repair/repair.ts'
import { readSources } from '../repair/sources.ts'
import { bringBack, clearFolders, forgetCleared } from './clearing.ts'
import { evidenceOf } from './escalation.ts'
import { type House, kernelFolderUrl } from './house.ts'
import { configSha256 } from './keeping.ts'
import { journalParks, parkOnRoute, takeBackParks } from './parking.ts'
import { type FittingSettings, fittingSettings, settingsOf } from './settings.ts'
import { Stepping } from './stepping.ts'
import { noticeTakenOver } from './taking-over.ts'
import type { ActiveHotfix, Unit } from './unit.ts'

/** Makes the chosen remedy real: state, hotfix, parked messages. What the chart is to hear of it. */
export async function apply(house: House, unit: Unit): Promise<LifecycleEvent> {
  const { remedy, incident } = unit
  const evidence = evidenceOf(house, unit)
  try {
    if (remedy === undefined || incident === undefined || evidence === undefined) {
      throw new LazaretError('NOT_FOUND', `There is no remedy to apply to ${unit.id}.`, { kernel: unit.id })
    }
    await applyRemedy(house, unit, incident, remedy, evidence)
    return await carryOut(house, unit)
  } catch (thrown) {
    unit.parkedWhy = `the remedy could not be applied: ${toRecord(thrown).message}`
    house.report(thrown)
    return { type: 'PARK' }
  }
}

/** The live steps that come before the start. One that fails takes the whole remedy back, and the search goes on. */
async function carryOut(house: House, unit: Unit): Promise<LifecycleEvent> {
  const controller = new AbortController()
  // Leaving the repair, by a command or at its time, ends the steps.
  unit.repair = controller
  const failed = await unit.steps?.outOfService(controller.signal)
  if (unit.repair === controller) unit.repair = undefined
  if (failed === undefined && !controller.signal.aborted) return { type: 'APPLIED' }
  // Interrupted is not failed: the next process may try it again.
  if (controller.signal.aborted) await rollBack(house, unit, false, 'dropped')
  else await rollBack(house, unit, true)
  return { type: 'REFUSED' }
}

async function applyRemedy(
  house: House,
  unit: Unit,
  incident: string,
  remedy: Remedy,
  evidence: Evidence,
): Promise<void> {
  const startedAt = performance.now()
  const golden = await house.goldens.get(unit.id)
  const before = fittingHotfix(unit)
  const sources = await readSources(evidence, golden, before.overlay)
  const { config: ranWith, phase } = evidence
  const from = { kernelFolderUrl: kernelFolderUrl(unit.spec), golden, config: ranWith, phase }
  const applied = applySteps(remedy.steps, { ...sources, ...from })
  const id = newId('fix')
  const body = {
    ...{ id, kernel: unit.id, incident, overlay: applied.overlay, steps: remedy.steps },
    ...settingsOf(applied, unit.hotfix?.body, unit.fleetSpec),
    ...(targetOf(house, unit) === 'source' && { apply: 'source' as const }),
  }
  const file = await house.hotfixes.write(body)
  const stateFrom = applied.stateFromGolden ? await restoreState(house, unit, golden) : undefined
  house.journal.transaction(() => {
    house.journal.putHotfix({
      ...{ id, kernel: unit.id, incident, status: 'probation', steps: remedy.steps, file, at: house.clock.now() },
      ...{ agent: remedy.agent, healedBy: remedy.healedBy, why: remedy.why },
      ...(stateFrom && { stateFrom }),
      ...(remedy.playbook && { playbook: remedy.playbook }),
    })
    journalParks(house.journal, unit.id, id, applied, `parked by ${remedy.agent}: ${remedy.why}`)
  })
  // After the row: a process that ends here finds it, and brings them back.
  clearFolders(house, unit.id, id, applied.cleared)
  parkOnRoute(unit, applied)
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
  unit.steps = new Stepping(house, unit, remedy, phase)
  unit.steps.applied(applied.leftOut, performance.now() - startedAt)
}

/** Whoever approved it may have said what is to become of it. */
function targetOf(house: House, { approved, approvedTo }: Unit): ApplyTo {
  return (approved === undefined ? undefined : approvedTo) ?? house.applyTo
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

/**
 * What was applied is taken back.
 * @param failed the kernel crashed on probation: the remedy is not tried again for this incident, and the playbook that
 * it came from is suspended, unless a person has changed what it mends.
 * @param status dropped: it may be tried again for this incident.
 */
export async function rollBack(
  house: House,
  unit: Unit,
  failed: boolean,
  status: 'rolledBack' | 'dropped' = 'rolledBack',
): Promise<void> {
  const { hotfix, steps } = unit
  unit.steps = undefined
  if (hotfix === undefined || !hotfix.onProbation) return
  unit.hotfix = unit.hotfixBefore
  if (failed) {
    unit.triedRemedies.add(remedyKey(hotfix.remedy))
    // One approval is one try.
    unit.approved = undefined
    house.suggestions.withdraw(unit, hotfix.incident, hotfix.remedy)
  }
  const takenBack = takeBack(house, unit, hotfix, status)
  await steps?.undo()
  house.events.emit('hotfix.rolledBack', unit.id, {
    ...{ incident: hotfix.incident, hotfix: hotfix.id, agent: hotfix.remedy.agent },
  })
  await takenBack
  const { playbook } = hotfix.remedy
  if (playbook === undefined || !failed || hotfix.outdated) return
  house.journal.playbookUse({
    ...{ playbook, kernel: unit.id, incident: hotfix.incident, outcome: 'failed', at: house.clock.now() },
  })
  await house.playbooks.failed(playbook, unit.id)
}

/** In the journal, on the route and among the snapshots; the file stays, for a person to look at. */
export async function takeBack(
  house: House,
  unit: Unit,
  hotfix: ActiveHotfix,
  status: 'rolledBack' | 'dropped',
): Promise<void> {
  takeBackParks(house, unit, hotfix, () => house.journal.updateHotfix(hotfix.id, { status }))
  bringBack(house, unit.id, hotfix.id, hotfix.remedy.steps)
  if (hotfix.stateFrom !== undefined) await house.snapshots.remove(unit.id, hotfix.stateFrom)
}

/**
 * The hotfix in force as the journal knows it, and the one before it. One that was written, and the process ended before
 * the kernel rejoined with it, is taken back: the repair starts over. So is one with which it has crashed on probation,
 * and the process ended before that was known: as one that did not hold.
 * @param left where an earlier process left the kernel.
 */
export async function loadHotfixes(house: House, unit: Unit, left?: KernelRow): Promise<void> {
  await findHotfixes(house, unit, left?.state.startsWith('rejoined') === true || left?.facts.probation === true)
  if (/^(?:failed|quarantined|repairing)/.test(left?.state ?? '')) {
    const hasFailed = left?.state.startsWith('failed') === true
    // Nothing is known against one that never rejoined: it may be tried again for this incident.
    await rollBack(house, unit, hasFailed, hasFailed ? 'rolledBack' : 'dropped')
  }
  loadTried(house, unit)
}

async function findHotfixes(house: House, unit: Unit, onProbation: boolean): Promise<void> {
  const { journal } = house
  const before = journal.hotfixes(unit.id).find(({ status }) => status === 'steady')
  unit.hotfixBefore = await readHotfix(house, unit, before)
  const row = journal.activeHotfix(unit.id)
  unit.hotfix = row?.id === before?.id ? unit.hotfixBefore : await readHotfix(house, unit, row)
  if (before !== undefined) await forgetCleared(house, before.id)
  if (unit.hotfix === undefined || !unit.hotfix.onProbation) return
  if (onProbation) {
    // The steps in service are carried out once more: how far the earlier process came is not known.
    unit.steps = new Stepping(house, unit, unit.hotfix.remedy, house.journal.incident(unit.hotfix.incident)?.phase)
    return
  }
  await takeBack(house, unit, unit.hotfix, 'dropped')
  unit.hotfix = unit.hotfixBefore
}

/** What an earlier process tried for the open incident in vain, and what a person rejected: not tried again. */
function loadTried(house: House, unit: Unit): void {
  const { incident } = unit
  if (incident === undefined) return
  const rolledBack = house.journal.hotfixes(unit.id).filter(({ status }) => status === 'rolledBack')
  const rejected = house.journal.tasks({ kernel: unit.id, status: 'closed' }).map(({ incident, remedy }) => ({
    ...{ incident, steps: remedy?.steps ?? [] },
  }))
  for (const tried of [...rolledBack, ...rejected]) {
    if (tried.incident === incident && tried.steps.length > 0) unit.triedRemedies.add(remedyKey(tried))
  }
}

/** A damaged file means that there is none, and it is said so. */
async function readHotfix(house: House, unit: Unit, row: HotfixRow | undefined): Promise<Unit['hotfix']> {
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
  noticeTakenOver(house, unit)
  const { hotfix, spec } = unit
  if (hotfix === undefined) return { overlay: {}, config: spec.config }
  const { overlay, config, limits, dropped } = fittingHotfix(unit)
  for (const { url, reason } of dropped) {
    house.events.emit('hotfix.dropped', unit.id, { hotfix: hotfix.id, ...(url && { file: url }), reason })
  }
  const isLeft = Object.keys(overlay).length + Object.keys(limits).length > 0 || config !== undefined
  unit.hotfix = { ...hotfix, outdated: dropped.length > 0, isLeft }
  return { overlay, config: config ?? spec.config }
}

export interface Fitting extends Omit<FittingSettings, 'dropped'> {
  readonly overlay: Overlay
  readonly dropped: readonly { readonly url?: string; readonly reason: string }[]
}

/** What of the hotfix still mends the files and the fleet's values as they are now, and what a person has overtaken. */
export function fittingHotfix({ hotfix, fleetSpec }: Pick<Unit, 'hotfix' | 'fleetSpec'>): Fitting {
  if (hotfix === undefined) return { overlay: {}, limits: {}, dropped: [] }
  const { overlay, dropped } = overlayFor(hotfix.body, sha256OfFile)
  const settings = fittingSettings(hotfix.body, fleetSpec)
  return { ...settings, overlay, dropped: [...dropped, ...settings.dropped] }
}

function sha256OfFile(url: string): string | undefined {
  try {
    return sha256(readFileSync(fileURLToPath(url), 'utf8'))
  } catch {
    // Gone or unreadable: then nothing fits it, and the import says why.
    return undefined
  }
}
