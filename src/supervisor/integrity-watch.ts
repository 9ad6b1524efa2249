/**
 * Holds what was loaded and written against the disk: at the start, at a crash, when a kernel was started anew, and on
 * one timer for the whole house. Drift of configuration and sources is told and never mended, because the person may be
 * in the middle of an edit, and a restart by command takes what is there; damage is damage.ts's part. Nothing here is in
 * the way of a message, and a disk that does not answer holds nobody up for long.
 */
import { fileURLToPath } from 'node:url'
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import type { LazaretEvent } from '../base/events.ts'
import { isShortage, openRegular, sha256OfFile } from '../base/file-hash.ts'
import { sha256 } from '../base/hash.ts'
import { limits } from '../base/limits.ts'
import type { KernelSpec } from '../base/spec.ts'
import { unrefTimer } from '../base/timers.ts'
import { FileMarks } from '../diagnostics/file-marks.ts'
import {
  configDrift,
  type FileNow,
  type Finding,
  FindingLedger,
  fleetUnreadable,
  sourceDrift,
  unknownKernels,
} from '../diagnostics/integrity.ts'
import { Turnstile } from '../lifecycle/turnstile.ts'
import { Damages } from './damage.ts'
import type { House } from './house.ts'
import type { Unit } from './unit.ts'

export interface IntegrityOptions {
  /** Absolute path; absent where the fleet was handed in as an object, which cannot drift. */
  readonly fleetFile: string | undefined
  /** Milliseconds from the end of a round to the next. */
  readonly everyMs: number
}

/** The fleet file as it was when it was last parsed. */
type FleetNow =
  | { readonly sha256: string; readonly specs: ReadonlyMap<string, KernelSpec> }
  | { readonly sha256: string; readonly error: ErrorRecord }

/** After each of these the kernel's files are looked at without waiting for the timer. */
const occasions: ReadonlySet<string> = new Set(['kernel.crashed', 'kernel.restarted', 'kernel.rejoined'])

export class IntegrityWatch {
  readonly #house: House
  readonly #options: IntegrityOptions
  readonly #marks = new FileMarks()
  readonly #ledger = new FindingLedger()
  readonly #damages: Damages
  readonly #turnstile = new Turnstile(limits.integrityParallel)
  /** By kernel: the look under way, and one that is to follow it. */
  readonly #looks = new Map<string, { under: Promise<void>; next?: Promise<void> }>()
  /** By kernel: one that takes its time over a snapshot must not keep the others from being looked at. */
  readonly #mending = new Map<string, Promise<void>>()
  #fleet: FleetNow | undefined
  #readingFleet: Promise<void> = Promise.resolve()
  #round: Promise<void> = Promise.resolve()
  #rounds = 0
  #timer: unknown
  #stopped = false
  readonly #off: () => void

  constructor(house: House, options: IntegrityOptions) {
    this.#house = house
    this.#options = options
    this.#damages = new Damages(house, this.#marks, (unit) => this.#publish(unit))
    this.#off = house.events.on((event) => this.#heard(event))
  }

  /** Before a kernel boots: what was written earlier, whether this start reads it or not. */
  async examineAtStart(): Promise<void> {
    await this.#lookAtFleet(false)
    await Promise.all([...this.#house.units.values()].map((unit) => this.#look(unit, true)))
  }

  /** From now on a round every `everyMs`, the first at once: the start may have found something to mend. */
  begin(): void {
    this.#runRound()
  }

  stop(): void {
    this.#stopped = true
    this.#off()
    if (this.#timer !== undefined) this.#house.clock.clearTimeout(this.#timer)
  }

  /** Resolves when nothing is being looked at; after stop(), and after the kernels have ended. */
  async drained(): Promise<void> {
    await this.#round
    await Promise.allSettled([...this.#looks.values()].flatMap(({ under, next }) => [under, next]))
    await Promise.all(this.#mending.values())
  }

  /** What the evidence of this kernel's failure is to name. Waits for limits.integrityCaptureMs at the longest. */
  async lookFor(unit: Unit): Promise<void> {
    const late = Promise.withResolvers<void>()
    const timer = this.#house.clock.setTimeout(() => late.resolve(), limits.integrityCaptureMs)
    const looked = this.#lookSoon(unit).catch((thrown: unknown) => this.#house.report(thrown))
    await Promise.race([looked, late.promise])
    this.#house.clock.clearTimeout(timer)
  }

  #heard(event: LazaretEvent): void {
    this.#damages.heard(event)
    const unit = occasions.has(event.type) ? this.#house.units.get(event.kernel ?? '') : undefined
    if (unit !== undefined) this.#lookSoon(unit).catch((thrown: unknown) => this.#house.report(thrown))
  }

  #runRound(): void {
    if (this.#stopped) return
    this.#round = this.#lookAtAll()
      .catch((thrown: unknown) => this.#house.report(thrown))
      .then(() => {
        if (this.#stopped) return
        this.#timer = this.#house.clock.setTimeout(() => this.#runRound(), this.#options.everyMs)
        unrefTimer(this.#timer)
      })
  }

  async #lookAtAll(): Promise<void> {
    this.#rounds += 1
    this.#marks.begin(this.#rounds % limits.integrityThoroughRounds === 0)
    await this.#lookAtFleet(true)
    // One after the other: a kernel that has crashed is looked at beside them, and waits for none of them.
    for (const unit of this.#house.units.values()) {
      if (this.#stopped) return
      await this.#lookSoon(unit)
    }
    this.#marks.end()
  }

  /** One look at a time for each kernel; who asks while one is under way gets the one after it. */
  #lookSoon(unit: Unit): Promise<void> {
    const looks = this.#looks.get(unit.id)
    if (looks?.next !== undefined) return looks.next
    const start = async () => {
      // Whoever asked for that one heard of its failure.
      if (looks !== undefined) await Promise.allSettled([looks.under])
      const own = this.#looks.get(unit.id)
      if (own !== undefined) this.#looks.set(unit.id, { under: own.next ?? own.under })
      await this.#lookAtFleet(false)
      await this.#look(unit, false)
    }
    const look = start().finally(() => {
      const own = this.#looks.get(unit.id)
      if (own?.under === look && own.next === undefined) this.#looks.delete(unit.id)
    })
    this.#looks.set(unit.id, looks === undefined ? { under: look } : { under: looks.under, next: look })
    return look
  }

  async #look(unit: Unit, atStart: boolean): Promise<void> {
    const leave = await this.#turnstile.enter()
    try {
      if (this.#stopped) return
      this.#compareConfig(unit)
      await this.#compareSources(unit)
      await this.#damages.examine(unit, atStart)
    } catch (thrown) {
      // Short of files or memory: that says nothing about the files, and the next round looks again.
      if (!isShortage(toRecord(thrown).code ?? '')) this.#house.report(thrown)
      return
    } finally {
      leave()
    }
    if (!atStart) this.#mend(unit)
  }

  #mend(unit: Unit): void {
    if (this.#stopped || this.#mending.has(unit.id)) return
    const mending = this.#damages
      .mend(unit)
      .catch((thrown: unknown) => this.#house.report(thrown))
      .finally(() => this.#mending.delete(unit.id))
    this.#mending.set(unit.id, mending)
  }

  #lookAtFleet(inRound: boolean): Promise<void> {
    const { fleetFile } = this.#options
    if (fleetFile === undefined) return Promise.resolve()
    // One after the other, so that an older answer never replaces a newer one.
    this.#readingFleet = this.#readingFleet.then(() => this.#readFleet(fleetFile, inRound))
    return this.#readingFleet
  }

  /** Never rejects. A file that is as it was is not parsed again, but once a round where it could not be used. */
  async #readFleet(file: string, inRound: boolean): Promise<void> {
    if (this.#stopped) return
    let sum = ''
    try {
      sum = await this.#marks.look(file, () => sha256OfFile(file))
    } catch (thrown) {
      if (isShortage(toRecord(thrown).code ?? '')) return
      // Gone or unreadable: the parser says so in the words that a person knows.
    }
    const before = this.#fleet
    if (before?.sha256 === sum && ('specs' in before || !inRound)) return
    try {
      const specs = new Map(this.#house.rereadFleet().kernels.map((spec) => [spec.id, spec]))
      this.#fleet = { sha256: sum, specs }
    } catch (thrown) {
      this.#fleet = { sha256: sum, error: toRecord(thrown) }
    }
    this.#note('fleet', undefined, this.#fleetFindings(file, this.#fleet))
  }

  #fleetFindings(file: string, fleet: FleetNow): Finding[] {
    if ('error' in fleet) return [fleetUnreadable(file, fleet.error.message)]
    return unknownKernels(new Set(this.#house.units.keys()), [...fleet.specs.keys()], file)
  }

  #compareConfig(unit: Unit): void {
    const { fleetFile } = this.#options
    // While the file cannot be read, what was found last is the best that is known.
    if (fleetFile === undefined || this.#fleet === undefined || 'error' in this.#fleet) return
    const { spec, boot } = unit
    const now = this.#fleet.specs.get(unit.id)
    this.#note('config', unit, configDrift({ spec, config: boot?.config }, now, fleetFile))
  }

  async #compareSources(unit: Unit): Promise<void> {
    const { boot } = unit
    const findings = await sourceDrift(unit.id, [...unit.files.values()], (url) => this.#fileNow(url))
    // Started anew meanwhile: it has loaded what is there now, and is looked at when it is in service.
    if (unit.boot === boot) this.#note('sources', unit, findings)
  }

  async #fileNow(url: string): Promise<FileNow & { readonly path: string }> {
    const path = fileURLToPath(url)
    try {
      return { path, sha256: await this.#marks.look(path, () => sha256OfText(path)) }
    } catch (thrown) {
      const code = toRecord(thrown).code ?? 'unknown error'
      if (isShortage(code)) throw thrown
      return { path, problem: code === 'ENOENT' ? 'is gone' : `cannot be read (${code})` }
    }
  }

  /** What of one scope is found now; what is new or gone is told, a file at a time. */
  #note(scope: string, unit: Unit | undefined, findings: readonly Finding[]): void {
    if (this.#stopped) return
    const { found, gone } = this.#ledger.replace(`${scope} ${unit?.id ?? ''}`, findings)
    if (found.length === 0 && gone.length === 0) return
    for (const each of unit === undefined ? this.#house.units.values() : [unit]) this.#publish(each)
    const tell = (type: 'config.drifted' | 'config.settled', some: readonly Finding[]) => {
      for (const [file, about] of Map.groupBy(some, ({ path }) => path)) {
        const what = about.map((finding) => finding.what)
        const findings = type === 'config.settled' ? {} : { findings: about.map(({ text }) => text) }
        this.#house.events.emit(type, unit?.id, { what, ...(file && { file }), ...findings })
      }
    }
    tell('config.drifted', found)
    tell('config.settled', gone)
  }

  #publish(unit: Unit): void {
    unit.findings = [...this.#ledger.of(unit.id), ...this.#damages.of(unit.id)]
  }
}

/** As the loader reckons it: of the text, in which bytes that are not UTF-8 have been replaced. */
async function sha256OfText(path: string): Promise<string> {
  await using handle = await openRegular(path)
  return sha256(await handle.readFile('utf8'))
}
