/**
 * What the runtime has written and the disk no longer holds: snapshots, golden records, hotfixes in force, evidence of
 * open incidents. Each damage is told once when it is found and once when it is mended. Whoever meets a damaged snapshot
 * first, a boot or a round, it is told here, since the store says so. When to look is integrity-watch.ts's part.
 */
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { toRecord } from '../base/error-record.ts'
import type { LazaretEvent } from '../base/events.ts'
import { sha256OfFile } from '../base/file-hash.ts'
import { sha256 } from '../base/hash.ts'
import type { FileMarks } from '../diagnostics/file-marks.ts'
import type { Finding } from '../diagnostics/integrity.ts'
import { replayDamage } from '../diagnostics/replay.ts'
import { encodeHotfix, type Hotfix } from '../repair/hotfix.ts'
import { goldenCopyName, periodicSeq } from '../snapshot/file.ts'
import { currentFile as goldenFile } from '../snapshot/golden.ts'
import { isGolden, isVerified, verifyFile } from '../snapshot/verify.ts'
import type { House } from './house.ts'
import type { Unit } from './unit.ts'

type Kind = 'snapshot' | 'golden' | 'hotfix' | 'evidence'

interface Damage {
  readonly what: Kind
  readonly path: string
  readonly reason: string
  /** What was done about it at once. */
  readonly done: string
  /** It lies where it lay, and is not used. */
  readonly stays?: boolean
}

export class Damages {
  readonly #house: House
  readonly #marks: FileMarks
  readonly #changed: (unit: Unit) => void
  /** By kernel, then by path. */
  readonly #open = new Map<string, Map<string, Damage>>()
  /** By path: the hash of a hotfix's file as it was written, or as it was loaded at the start. */
  readonly #hotfixSha256 = new Map<string, string>()
  /** By kernel: the files that this process has written last, and that must be there, or a later one. */
  readonly #written = new Map<string, { snapshot?: string; golden?: true }>()

  /** @param changed the kernel's damages are others now. */
  constructor(house: House, marks: FileMarks, changed: (unit: Unit) => void) {
    this.#house = house
    this.#marks = marks
    this.#changed = changed
  }

  of(kernel: string): Finding[] {
    return this.#of(kernel).map(({ what, path, reason, done }) => ({
      ...{ kind: 'damage', kernel, what, path, expected: 'as it was written', found: reason },
      text: `${what} ${basename(path)} is damaged: ${reason}; ${done}`,
    }))
  }

  #of(kernel: string, what?: Kind): Damage[] {
    const all = [...(this.#open.get(kernel)?.values() ?? [])]
    return what === undefined ? all : all.filter((damage) => damage.what === what)
  }

  #found(unit: Unit, damage: Damage): void {
    const open = this.#open.get(unit.id) ?? new Map<string, Damage>()
    if (open.get(damage.path)?.reason === damage.reason) return
    this.#open.set(unit.id, open.set(damage.path, damage))
    this.#changed(unit)
    const { what, path, reason, done } = damage
    this.#house.events.emit('damage.found', unit.id, { what, path, reason, done })
  }

  #mended(unit: Unit, { what, path }: Damage, how: string): void {
    if (this.#open.get(unit.id)?.delete(path) !== true) return
    this.#changed(unit)
    this.#house.events.emit('damage.mended', unit.id, { what, path, how })
  }

  /** The store's own words: what it set aside, and what has been written since. */
  heard(event: LazaretEvent): void {
    const unit = event.kernel === undefined ? undefined : this.#house.units.get(event.kernel)
    if (unit === undefined) return
    if (event.type === 'snapshot.corrupt') {
      const name = String(event.name)
      const stays = event.setAside !== true
      this.#found(unit, {
        what: isGolden(name) ? 'golden' : 'snapshot',
        path: join(this.#house.snapshots.folder(unit.id), name),
        reason: String(event.reason),
        done: stays ? `it could not be set aside (${String(event.because)})` : 'set aside',
        stays,
      })
    }
    const isNew = event.type === 'hotfix.applied' || event.type === 'hotfix.written'
    if (isNew && unit.hotfix !== undefined) this.#noteWritten(unit.hotfix.body)
    const written = this.#written.get(unit.id)
    if (event.type === 'snapshot.taken') this.#written.set(unit.id, { ...written, snapshot: String(event.name) })
    if (event.type === 'snapshot.golden') this.#written.set(unit.id, { ...written, golden: true })
    const [what, how] = renewedBy[event.type] ?? []
    if (what === undefined || how === undefined) return
    for (const damage of this.#of(unit.id, what)) if (damage.stays !== true) this.#mended(unit, damage, how)
  }

  /**
   * Looks at everything of one kernel.
   * @param atStart the hotfixes are those that the journal says are in force; else those in memory.
   */
  async examine(unit: Unit, atStart: boolean): Promise<void> {
    await this.#examineSnapshots(unit)
    if (atStart) await this.#examineStoredHotfixes(unit)
    else await this.#examineHotfixes(unit)
    await this.#examineEvidence(unit)
  }

  /** What was found is replaced where the kernel can give it anew. */
  async mend(unit: Unit): Promise<void> {
    const { state } = unit.instance
    // A golden brings a snapshot with it.
    if (this.#isOpen(unit, 'golden') && state.startsWith('running.steady')) await unit.keeper.goldenNow()
    if (this.#isOpen(unit, 'snapshot')) {
      await unit.keeper.retake()
      // What it kept earlier is of no use any more.
      if (unit.instance.state.startsWith('running') && !unit.keepsState) this.#give(unit, 'it keeps no state any more')
    }
    for (const damage of this.#of(unit.id, 'hotfix')) {
      const isHeld = this.#inMemory(unit).some(({ id }) => this.#house.hotfixes.pathOf(id) === damage.path)
      if (!isHeld && state.startsWith('running.steady')) this.#mended(unit, damage, 'the kernel is steady without it')
    }
  }

  #isOpen(unit: Unit, what: Kind): boolean {
    return this.#of(unit.id, what).some(({ stays }) => stays !== true)
  }

  #give(unit: Unit, how: string): void {
    for (const damage of this.#of(unit.id, 'snapshot')) this.#mended(unit, damage, how)
  }

  async #examineSnapshots(unit: Unit): Promise<void> {
    const { snapshots } = this.#house
    const folder = snapshots.folder(unit.id)
    const written = this.#written.get(unit.id) ?? {}
    const names = (await namesIn(folder)).filter(isVerified)
    this.#noteMissing(unit, folder, written, names)
    for (const name of names) {
      const path = join(folder, name)
      const { reason, snapshot } = (await this.#look(path, () => verifyFile(path, unit.id))) ?? {}
      if (reason !== undefined && this.#open.get(unit.id)?.has(path) !== true) {
        await snapshots.setAside(unit.id, name, reason)
      }
      const copy = snapshot === undefined ? undefined : goldenCopyName(snapshot)
      const isMissing =
        copy !== undefined && !names.includes(copy) && this.#open.get(unit.id)?.has(join(folder, copy)) !== true
      if (isMissing) await this.#noteMissingCopy(unit, folder, copy)
    }
    // One that could not be set aside, and that somebody has taken away since.
    for (const damage of this.#of(unit.id)) {
      const isOurs = damage.what === 'snapshot' || damage.what === 'golden'
      if (isOurs && damage.stays === true && !names.includes(basename(damage.path)))
        this.#mended(unit, damage, 'it is gone')
    }
  }

  /** @param written as it was before the names were read, so that nothing newer is missed among them. */
  #noteMissing(unit: Unit, folder: string, written: { snapshot?: string; golden?: true }, names: string[]): void {
    const isKnown = (name: string) => this.#open.get(unit.id)?.has(join(folder, name)) === true
    const gone = { reason: 'it is gone', done: 'left to be renewed' }
    if (written.golden && !names.includes(goldenFile) && !isKnown(goldenFile))
      this.#found(unit, { what: 'golden', path: join(folder, goldenFile), ...gone })
    const { snapshot } = written
    if (snapshot === undefined || isKnown(snapshot)) return
    // An older one than what is there has only made room.
    const isThere = names.some((name) => (periodicSeq(name) ?? -1) >= (periodicSeq(snapshot) ?? 0))
    if (!isThere) this.#found(unit, { what: 'snapshot', path: join(folder, snapshot), ...gone })
  }

  /** A golden that was renewed between the two looks has another copy. */
  async #noteMissingCopy(unit: Unit, folder: string, copy: string): Promise<void> {
    const golden = await this.#house.goldens.get(unit.id)
    const there = await namesIn(folder)
    if (golden?.snapshot === undefined || goldenCopyName(golden.snapshot) !== copy || there.includes(copy)) return
    if (there.includes(`${copy}.corrupt`)) return
    this.#found(unit, { what: 'golden', path: join(folder, copy), reason: 'it is gone', done: 'left to be renewed' })
  }

  #inMemory({ hotfix, hotfixBefore }: Unit) {
    return [...new Set([hotfix, hotfixBefore])].filter((each) => each !== undefined)
  }

  async #examineHotfixes(unit: Unit): Promise<void> {
    for (const { id, body } of this.#inMemory(unit)) {
      const path = this.#house.hotfixes.pathOf(id)
      const reason = await this.#hotfixProblem(path)
      // Taken back meanwhile: nobody needs it any more.
      const isNeeded = this.#inMemory(unit).some((each) => each.id === id)
      if (reason === undefined || !isNeeded) continue
      const done = 'it is written anew from memory'
      this.#found(unit, { what: 'hotfix', path, reason, done })
      await this.#house.hotfixes.write(body)
      this.#noteWritten(body)
      this.#mended(unit, { what: 'hotfix', path, reason, done }, 'hotfix rewritten')
    }
  }

  #noteWritten(body: Hotfix): void {
    this.#hotfixSha256.set(this.#house.hotfixes.pathOf(body.id), sha256(encodeHotfix(body)))
  }

  /** Supervisor.start drops those that do not hold; here they are named. */
  async #examineStoredHotfixes(unit: Unit): Promise<void> {
    const { journal } = this.#house
    const rows = [journal.activeHotfix(unit.id), journal.hotfixes(unit.id).find(({ status }) => status === 'steady')]
    for (const { file } of rows.filter((row) => row !== undefined)) {
      const reason = await this.#hotfixProblem(file)
      if (reason === undefined) continue
      this.#found(unit, { what: 'hotfix', path: file, reason, done: 'dropped, so the kernel starts without it' })
    }
  }

  async #hotfixProblem(path: string): Promise<string | undefined> {
    const seen = await this.#look(path, async () => {
      const { reason } = await this.#house.hotfixes.read(path)
      return { reason, sha256: reason === undefined ? await sha256OfFile(path) : undefined }
    })
    if (seen === undefined) return 'there is no such file'
    if (seen.sha256 === undefined) return seen.reason
    const before = this.#hotfixSha256.get(path) ?? seen.sha256
    this.#hotfixSha256.set(path, before)
    return before === seen.sha256 ? undefined : 'it is not the one that was written'
  }

  async #examineEvidence(unit: Unit): Promise<void> {
    const open = this.#house.incidents.list().filter(({ kernel }) => kernel === unit.id)
    for (const { folder, openedAt } of open) {
      if (folder === undefined) continue
      const path = join(folder, 'replay.bin')
      const judge = () => replayDamage(folder, openedAt, this.#house.clock.now())
      const seen = await this.#look(path, async () => ({ reason: await judge() }))
      const reason = seen === undefined ? await judge() : seen.reason
      const known = this.#open.get(unit.id)?.get(path)
      if (reason !== undefined) this.#found(unit, { what: 'evidence', path, reason, done: 'left for a person' })
      else if (known !== undefined) this.#mended(unit, known, 'it holds again')
    }
    const isOf = (path: string) => open.some(({ folder }) => folder !== undefined && path.startsWith(folder))
    for (const damage of this.#of(unit.id, 'evidence')) {
      if (!isOf(damage.path)) this.#mended(unit, damage, 'its incident is closed')
    }
  }

  /** Undefined where there is no such file. */
  async #look<T>(path: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.#marks.look(path, read)
    } catch (thrown) {
      if (toRecord(thrown).code === 'ENOENT') return undefined
      throw thrown
    }
  }
}

const renewedBy: Partial<Record<LazaretEvent['type'], readonly [Kind, string]>> = {
  'snapshot.taken': ['snapshot', 'snapshot retaken'],
  'snapshot.golden': ['golden', 'golden renewed'],
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (thrown) {
    // Nothing was ever written for this kernel.
    if (toRecord(thrown).code === 'ENOENT') return []
    throw thrown
  }
}
