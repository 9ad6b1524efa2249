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
import { evidenceOf } from './escalation.ts'
import { type House, kernelFolderUrl } from './house.ts'
import { configSha256 } from './keeping.ts'
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
    return { type: 'APPLIED' }
  } catch (thrown) {
    unit.parkedWhy = `the remedy could not be applied: ${toRecord(thrown).message}`
    house.report(thrown)
    return { type: 'PARK' }
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
  const before = fittingHotfix(unit)
  const sources = await readSources(evidence, golden, before.overlay)
  const applied = applySteps(remedy.steps, { ...sources, kernelFolderUrl: kernelFolderUrl(unit.spec), golden })
  const id = newId('fix')
  const config = applied.config ?? before.config
  const body = {
    ...{ id, kernel: unit.id, incident, overlay: applied.overlay, steps: remedy.steps },
    ...(config && { config, configPreimageSha256: configSha256(unit.spec.config) }),
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
    const reason = `parked by ${remedy.agent}: ${remedy.why}`
    for (const message of applied.parked) {
      house.journal.parkMessage({ kernel: unit.id, ...message, reason, hotfix: id })
    }
  })
  for (const { method, argsSha256 } of applied.parked) unit.route.park(method, argsSha256)
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
 */
export async function rollBack(house: House, unit: Unit, failed: boolean): Promise<void> {
  const { hotfix } = unit
  if (hotfix === undefined || !hotfix.onProbation) return
  unit.hotfix = unit.hotfixBefore
  if (failed) {
    unit.triedRemedies.add(remedyKey(hotfix.remedy))
    // One approval is one try.
    unit.approved = undefined
  }
  const takenBack = takeBack(house, unit, hotfix, 'rolledBack')
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
  const parked = hotfix.remedy.steps.filter((step) => step.do === 'park_message')
  house.journal.transaction(() => {
    house.journal.updateHotfix(hotfix.id, { status })
    for (const { method, argsSha256 } of parked) house.journal.unparkMessage(unit.id, method, argsSha256)
  })
  for (const { method, argsSha256 } of parked) unit.route.unpark(method, argsSha256)
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
    await rollBack(house, unit, left?.state.startsWith('failed') === true)
  }
  loadTried(house, unit)
}

async function findHotfixes(house: House, unit: Unit, onProbation: boolean): Promise<void> {
  const { journal } = house
  const before = journal.hotfixes(unit.id).find(({ status }) => status === 'steady')
  unit.hotfixBefore = await readHotfix(house, unit, before)
  const row = journal.activeHotfix(unit.id)
  unit.hotfix = row?.id === before?.id ? unit.hotfixBefore : await readHotfix(house, unit, row)
  if (onProbation || unit.hotfix === undefined || !unit.hotfix.onProbation) return
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
  const { hotfix, spec } = unit
  if (hotfix === undefined) return { overlay: {}, config: spec.config }
  const { overlay, config, dropped } = fittingHotfix(unit)
  for (const { url, reason } of dropped) {
    house.events.emit('hotfix.dropped', unit.id, { hotfix: hotfix.id, ...(url && { file: url }), reason })
  }
  unit.hotfix = { ...hotfix, outdated: dropped.length > 0 }
  return { overlay, config: config ?? spec.config }
}

/** What of the hotfix still mends the files and the configuration as they are now, and what a person has overtaken. */
export function fittingHotfix({ hotfix, spec }: Unit): {
  overlay: Overlay
  config?: Record<string, unknown>
  dropped: { url?: string; reason: string }[]
} {
  if (hotfix === undefined) return { overlay: {}, dropped: [] }
  const { overlay, dropped } = overlayFor(hotfix.body, sha256OfFile)
  const { config, configPreimageSha256 } = hotfix.body
  if (config === undefined) return { overlay, dropped: [...dropped] }
  if (configPreimageSha256 === configSha256(spec.config)) return { overlay, config, dropped: [...dropped] }
  return { overlay, dropped: [...dropped, { reason: "the fleet's configuration was changed since" }] }
}

function sha256OfFile(url: string): string | undefined {
  try {
    return sha256(readFileSync(fileURLToPath(url), 'utf8'))
  } catch {
    // Gone or unreadable: then nothing fits it, and the import says why.
    return undefined
  }
}
