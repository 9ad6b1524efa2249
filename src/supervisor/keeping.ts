/**
 * Snapshots of a running kernel, and what of them is golden. A periodic snapshot is taken between two messages; it
 * becomes golden when the kernel has run for `stableMs` after it, together with the configuration and the sources that
 * it ran with. Snapshots of a kernel on probation are not kept: its state is not trusted yet.
 */
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { sha256 } from '../base/hash.ts'
import type { WrittenSnapshot } from '../snapshot/store.ts'
import type { House } from './house.ts'
import type { Unit } from './unit.ts'

interface Waiting {
  resolve(state: Uint8Array | undefined): void
  reject(error: unknown): void
  readonly timer: unknown
}

export function configSha256(config: Record<string, unknown>): string {
  return sha256(JSON.stringify(config))
}

export class Keeper {
  readonly #house: House
  readonly #unit: Unit
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 1
  #timer: unknown
  /** Whether what the instance leaves as its last state is kept; one on probation must prove itself first. */
  #trusted = false
  /** Counts the instances, so that a round begun for one does not go on for the next. */
  #round = 0
  /** Taken while steady, and golden when the kernel has been steady for stableMs after it. One at a time is enough. */
  #candidate: { snapshot: WrittenSnapshot; atMs: number } | undefined
  /** Writes in progress: an orderly end waits for them. */
  #writing: Promise<void> = Promise.resolve()

  constructor(house: House, unit: Unit) {
    this.#house = house
    this.#unit = unit
  }

  /**
   * The kernel is in service: from now on a snapshot every `snapshot.everyMs`.
   * @param trusted false for an instance on probation.
   */
  begin(trusted: boolean): void {
    this.#trusted = trusted
    this.#round += 1
    this.#arm(this.#round)
  }

  /** The instance is gone. */
  pause(): void {
    if (this.#timer !== undefined) this.#house.clock.clearTimeout(this.#timer)
    this.#round += 1
    this.#trusted = false
    this.#forgetCandidate()
    const gone = new LazaretError('SNAPSHOT_FAILED', 'The instance ended before its snapshot was taken.', {
      kernel: this.#unit.id,
    })
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(gone)
  }

  /** Waits for what is being written. */
  drained(): Promise<void> {
    return this.#writing
  }

  #arm(round: number): void {
    this.#timer = this.#house.clock.setTimeout(() => {
      this.#tick()
        .catch((thrown: unknown) => this.#failed(thrown))
        .finally(() => {
          if (round === this.#round) this.#arm(round)
        })
    }, this.#unit.spec.snapshot.everyMs)
  }

  async #tick(): Promise<void> {
    const taken = await this.take()
    if (!this.#unit.instance.state.startsWith('running.steady')) return
    const now = this.#house.clock.monotonicMs()
    if (this.#candidate === undefined && taken !== undefined) {
      this.#candidate = { snapshot: taken, atMs: now }
      this.#house.snapshots.pin(this.#unit.id, taken.name)
    }
    if (this.#candidate === undefined || now - this.#candidate.atMs < this.#unit.spec.restart.stableMs) return
    const { snapshot } = this.#candidate
    try {
      await this.#makeGolden(snapshot)
    } finally {
      // Also where it was damaged meanwhile: the next one has its turn.
      this.#forgetCandidate()
    }
  }

  #forgetCandidate(): void {
    this.#candidate = undefined
    this.#house.snapshots.pin(this.#unit.id, undefined)
  }

  /** Takes and stores a snapshot now. Undefined where the kernel keeps no state or is not in service. */
  async take(): Promise<WrittenSnapshot | undefined> {
    const unit = this.#unit
    const thread = unit.servingThread
    const { kind } = unit.standIns
    const isWhole = kind === undefined ? unit.instance.state.startsWith('running') : kind === 'standby'
    if (!unit.keepsState || thread === undefined || !isWhole) return undefined
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>()
    const { askMs } = unit.spec.limits
    const timer = this.#house.clock.setTimeout(() => {
      const text = `No snapshot within ${askMs} ms: snapshot() had not finished, or messages were being handled all the time.`
      thread.post([{ t: 'withdraw', id }])
      this.#settle(id)?.reject(new LazaretError('SNAPSHOT_FAILED', text, { kernel: unit.id }))
    }, askMs)
    this.#waiting.set(id, { resolve, reject, timer })
    thread.post([{ t: 'snapshot', id }])
    const state = await promise
    return state === undefined ? undefined : this.#write(state)
  }

  /** The thread answered; id 0 is the last word of an ordered end. */
  answered(id: number, state: Uint8Array | undefined, error: unknown): void {
    if (id === 0) {
      if (state !== undefined && this.#trusted) this.#write(state).catch((thrown: unknown) => this.#failed(thrown))
      if (error !== undefined) this.#failed(error)
      return
    }
    const waiting = this.#settle(id)
    if (error === undefined && state !== undefined) this.#unit.recorder.snapshotTaken(state)
    if (error === undefined) waiting?.resolve(state)
    else waiting?.reject(error)
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (waiting !== undefined) this.#house.clock.clearTimeout(waiting.timer)
    return waiting
  }

  #failed(thrown: unknown): void {
    this.#house.events.emit('snapshot.failed', this.#unit.id, { error: toRecord(thrown) })
  }

  #write(state: Uint8Array): Promise<WrittenSnapshot> {
    const unit = this.#unit
    const writing = this.#house.snapshots.write(unit.id, state, {
      codeSha256: unit.codeSha256,
      configSha256: configSha256(unit.boot?.config ?? unit.spec.config),
      keep: unit.spec.snapshot.keep,
    })
    const noted = writing.then((written) => {
      this.#house.events.emit('snapshot.taken', unit.id, { ...written })
      return written
    })
    // Whoever took the snapshot hears of a failure; the drain only waits.
    this.#writing = Promise.allSettled([this.#writing, noted]).then(() => undefined)
    return noted
  }

  /** Takes a snapshot in place of one that was damaged. Whether there is one; a failure is told as snapshot.failed. */
  async retake(): Promise<boolean> {
    try {
      return (await this.take()) !== undefined
    } catch (thrown) {
      this.#failed(thrown)
      return false
    }
  }

  /** The kernel is steady: what it is now is what was good. Whether it became golden. */
  async goldenNow(): Promise<boolean> {
    this.#trusted = true
    try {
      return await this.#makeGolden(await this.take())
    } catch (thrown) {
      // The kernel goes on; the next snapshot that is old enough becomes golden.
      this.#failed(thrown)
      return false
    }
  }

  async #makeGolden(snapshot: WrittenSnapshot | undefined): Promise<boolean> {
    const unit = this.#unit
    const { boot } = unit
    if (boot === undefined || !unit.instance.state.startsWith('running.steady')) return false
    const golden = {
      ...{ kernel: unit.id, at: this.#house.clock.now(), codeSha256: unit.codeSha256, config: boot.config },
      sources: Object.fromEntries([...unit.files.values()].map(({ url, text }) => [url, text])),
      ...(snapshot && { snapshot: snapshot.name }),
    }
    const holdOut = unit.recorder.holdOut()
    // One at a time: one that was renewed for damage, and one that has just become due, would drop each other's copies.
    const putting = this.#writing.then(() => this.#house.goldens.put(golden, holdOut))
    this.#writing = Promise.allSettled([this.#writing, putting]).then(() => undefined)
    await putting
    this.#house.events.emit('snapshot.golden', unit.id, { ...(snapshot && { snapshot: snapshot.name }) })
    return true
  }
}
