/**
 * A steady hotfix becomes part of the user's own files. Nothing unproven is written, and nothing over what a person has
 * changed: all of the hotfix's files or none, and where it is none the hotfix stays the overlay that it was. The kernel
 * is not restarted: what it runs is what is in its files from then on. How a file is written is repair/source-files.ts's
 * part.
 */
import { fileURLToPath } from 'node:url'
import { LazaretError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import type { Overlay } from '../base/remedy.ts'
import type { HotfixRow } from '../journal/rows.ts'
import type { Hotfix } from '../repair/hotfix.ts'
import {
  isInFile,
  type LeftFile,
  planChanges,
  type SourceChange,
  type WriteIntent,
  type WriteOutcome,
  writeChanges,
} from '../repair/source-files.ts'
import type { House } from './house.ts'
import type { ActiveHotfix, Unit } from './unit.ts'

export interface TakenOver {
  /** Its id. */
  readonly hotfix: string
  /** Absolute paths of the files that have the repair in them now. */
  readonly written: readonly string[]
  /** What was not written, and why; where there is any, the hotfix stays in force as an overlay. */
  readonly left: readonly LeftFile[]
}

/** The kernel has become steady: where it was asked for, what holds is written into its files. Never throws. */
export async function takeOverIfWished(house: House, unit: Unit): Promise<void> {
  const { hotfix } = unit
  if (hotfix?.body.apply !== 'source' || !house.repairs.state.on || whyNotYet(unit) !== undefined) return
  try {
    await takeOver(house, unit)
  } catch (thrown) {
    // The hotfix is in force: the next time that the kernel becomes steady with it this is tried again.
    if (!hasLeft(thrown)) house.report(thrown)
  }
}

/** The kernel crashed or was stopped while the intent was written. */
function hasLeft(thrown: unknown): boolean {
  return thrown instanceof LazaretError && thrown.code === 'COMMAND_REFUSED'
}

/** Why the hotfix in force is not to be written now; undefined where it may. */
export function whyNotYet({ hotfix, boot, instance }: Unit): string | undefined {
  if (hotfix === undefined) return 'no hotfix is in force'
  if (hotfix.onProbation) return 'it is on probation'
  if (Object.keys(hotfix.body.overlay).length === 0) return 'it changes no source file'
  if (!instance.state.startsWith('running.steady')) return `the kernel is ${instance.state}, not steady`
  const runs = boot?.overlay ?? {}
  const isRun = Object.entries(hotfix.body.overlay).every(([url, { text }]) => runs[url]?.text === text)
  return isRun ? undefined : 'the kernel does not run with all of it: a file was changed since, or a standby serves'
}

/** @throws LazaretError COMMAND_REFUSED where whyNotYet says why; what the disk refuses of the intent, as it says it. */
export async function takeOver(house: House, unit: Unit): Promise<TakenOver> {
  const { hotfix } = unit
  const why = whyNotYet(unit)
  if (hotfix === undefined || why !== undefined) throw notYet(unit, why ?? '')
  const { changes, left } = planChanges(hotfix.body)
  if (left.length > 0) return tell(house, unit.id, hotfix.id, { written: [], left })
  const intent = { hotfix: hotfix.id, files: changes }
  await house.intents.write(intent)
  const later = unit.hotfix === hotfix ? whyNotYet(unit) : 'another hotfix is in force by now'
  if (later !== undefined) {
    await house.intents.remove(hotfix.id)
    throw notYet(unit, later)
  }
  // From here to the kernel's own view of its files nothing else has a turn: nobody finds one without the other.
  house.journal.updateHotfix(hotfix.id, { status: 'writing' })
  const outcome = writeChanges(intent)
  if (outcome.left.length > 0) {
    house.journal.updateHotfix(hotfix.id, { status: 'steady' })
    await house.intents.remove(hotfix.id)
    return tell(house, unit.id, hotfix.id, outcome)
  }
  const rest = restOf(hotfix.body)
  settle(unit, hotfix, changes, rest)
  await close(house, unit.id, hotfix.id, rest)
  unit.standIns.renew()
  return tell(house, unit.id, hotfix.id, outcome)
}

function notYet({ id, hotfix }: Unit, why: string): LazaretError {
  const text = `The hotfix of ${id} cannot be written into its files now: ${why}.`
  throw new LazaretError('COMMAND_REFUSED', text, {
    kernel: id,
    details: { ...(hotfix && { hotfix: hotfix.id }), why },
    hint: 'A hotfix is written once its kernel is steady with it. See: lazaret status, lazaret hotfixes',
  })
}

/** What is left of a hotfix whose sources are written: values that belong to the fleet file, which is the person's. */
function restOf(body: Hotfix): Hotfix | undefined {
  const { config, settings = [], limits = {} } = body
  if (config === undefined && settings.length === 0 && Object.keys(limits).length === 0) return undefined
  const { apply: _done, ...rest } = body
  return { ...rest, overlay: {} }
}

/** The kernel runs what is in its files. A look at these that is under way is dropped, as its boot is another one. */
function settle(unit: Unit, hotfix: ActiveHotfix, changes: readonly SourceChange[], rest: Hotfix | undefined): void {
  for (const { url, after } of changes) {
    if (unit.files.has(url)) unit.files.set(url, { url, sha256: sha256(after), text: after })
  }
  const written = new Set(changes.map(({ url }) => url))
  const overlay: Overlay = Object.fromEntries(
    Object.entries(unit.boot?.overlay ?? {}).filter(([url]) => !written.has(url)),
  )
  if (unit.boot !== undefined) unit.boot = { ...unit.boot, overlay }
  unit.hotfix = rest === undefined ? undefined : { ...hotfix, body: rest }
  unit.hotfixBefore = unit.hotfix
}

/** In the journal; earlier hotfixes, which this one had in it, are written with it. */
async function close(house: House, kernel: string, id: string, rest: Hotfix | undefined): Promise<void> {
  const { journal } = house
  if (rest !== undefined) await house.hotfixes.write(rest)
  journal.transaction(() => {
    for (const row of journal.hotfixes(kernel)) {
      if (row.status === 'steady') journal.updateHotfix(row.id, { status: 'written' })
    }
    journal.updateHotfix(id, { status: rest === undefined ? 'written' : 'steady' })
  })
  await house.intents.remove(id)
}

/**
 * A person has brought the repair into the files, with the diff of `lazaret hotfixes` say: it is in force by them, as if
 * it had been written. One that sets more than code is left as it is, since what it sets is in no source file.
 */
export function noticeTakenOver(house: House, unit: Unit): void {
  const { hotfix } = unit
  if (hotfix === undefined || hotfix.onProbation || restOf(hotfix.body) !== undefined) return
  const texts = Object.entries(hotfix.body.overlay)
  if (texts.length === 0 || !texts.every(([url, { text }]) => isInFile(url, text))) return
  house.journal.transaction(() => {
    for (const { id, status } of house.journal.hotfixes(unit.id)) {
      if (status === 'steady') house.journal.updateHotfix(id, { status: 'written' })
    }
  })
  unit.hotfix = undefined
  unit.hotfixBefore = undefined
  tell(house, unit.id, hotfix.id, { written: texts.map(([url]) => fileURLToPath(url)), left: [] })
}

function tell(house: House, kernel: string, hotfix: string, { written, left }: WriteOutcome): TakenOver {
  const row = house.journal.hotfix(hotfix)
  house.events.emit('hotfix.written', kernel, {
    ...{ hotfix, written, left },
    ...(row && { incident: row.incident, agent: row.agent }),
  })
  return { hotfix, written, left }
}

/**
 * What an earlier process had begun to write when it was killed is finished, before the kernel loads anything; where a
 * person has changed one of the files since, it is taken back instead, and the hotfix is an overlay again.
 */
export async function finishWriting(house: House, unit: Unit): Promise<void> {
  for (const row of house.journal.hotfixes(unit.id)) {
    if (row.status === 'writing') await finish(house, unit, row)
    // Killed before the first file was touched: the next time that the kernel is steady it begins anew.
    else if (row.status === 'steady') await house.intents.remove(row.id)
  }
}

async function finish(house: House, unit: Unit, row: HotfixRow): Promise<void> {
  const read = await house.hotfixes.read(row.file)
  const intent = (await house.intents.read(row.id)) ?? intentFrom(row.id, read.hotfix)
  const outcome = intent === undefined ? undefined : writeChanges(intent)
  if (outcome === undefined) {
    const reason = `it was being written, and what was to be written is gone: ${read.reason ?? 'unknown'}`
    house.journal.updateHotfix(row.id, { status: 'dropped' })
    house.events.emit('hotfix.dropped', unit.id, { hotfix: row.id, reason })
    return
  }
  if (outcome.left.length === 0) await close(house, unit.id, row.id, read.hotfix && restOf(read.hotfix))
  else {
    house.journal.updateHotfix(row.id, { status: 'steady' })
    await house.intents.remove(row.id)
  }
  tell(house, unit.id, row.id, outcome)
}

/** The intent was lost, which only a disk or a person can do: what is not written yet can be told from the hotfix. */
function intentFrom(id: string, body: Hotfix | undefined): WriteIntent | undefined {
  if (body === undefined) return undefined
  const { changes, left } = planChanges(body)
  const isIn = new Set(left.map(({ file }) => file))
  const rest = Object.entries(body.overlay).filter(([url]) => isIn.has(fileURLToPath(url)))
  // Those that are no pre-image any more are as they are to be, or a person's: stateOf tells.
  return { hotfix: id, files: [...changes, ...rest.map(([url, { text }]) => ({ url, before: text, after: text }))] }
}
