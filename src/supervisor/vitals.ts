/**
 * Memory and CPU of every thread, sampled in turn: what `status()` shows, and what `limits.externalMb` is held against.
 * (V8's own limit does not count buffers: 610 MB of them in a thread of 32, FACTS A5.)
 */
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { unrefTimer } from '../base/timers.ts'
import type { House } from './house.ts'
import type { Unit } from './unit.ts'

const megabyte = 1_048_576

export class VitalsSampler {
  readonly #house: House
  readonly #cpuBefore = new Map<string, { micros: number; atMs: number }>()
  #timer: unknown
  #round: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(house: House) {
    this.#house = house
  }

  start(): void {
    this.#timer = this.#house.clock.setTimeout(() => {
      this.#round = this.#sampleAll()
        .catch((thrown: unknown) => this.#house.report(thrown))
        .then(() => {
          if (!this.#stopped) this.start()
        })
    }, limits.vitalsSampleMs)
    unrefTimer(this.#timer)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#house.clock.clearTimeout(this.#timer)
    await this.#round
  }

  async #sampleAll(): Promise<void> {
    for (const unit of this.#house.units.values()) {
      if (this.#stopped) return
      await this.#sample(unit)
    }
  }

  async #sample(unit: Unit): Promise<void> {
    const thread = unit.servingThread
    if (thread === undefined) {
      unit.vitals = { heapMb: 0, externalMb: 0, cpu: 0, elu: 0 }
      this.#cpuBefore.delete(unit.id)
      return
    }
    const elu = thread.busyShare()
    // A thread that is stuck does not answer; the sweep must not wait for it.
    const answered = Promise.all([thread.memory(), thread.cpuUsage()])
    const [memory, cpu] = await Promise.race([answered, thread.silence(limits.vitalsAnswerMs)])
    if (memory === undefined) {
      unit.vitals = { ...unit.vitals, elu }
      return
    }
    const nowMs = this.#house.clock.monotonicMs()
    const before = this.#cpuBefore.get(thread.name)
    const micros = cpu === undefined ? 0 : cpu.user + cpu.system
    this.#cpuBefore.set(thread.name, { micros, atMs: nowMs })
    const share = before === undefined ? 0 : (micros - before.micros) / 1000 / Math.max(1, nowMs - before.atMs)
    const externalMb = memory.external / megabyte
    unit.vitals = { heapMb: memory.heapUsed / megabyte, externalMb, cpu: Math.max(0, share), elu }
    const max = unit.spec.limits.externalMb
    if (externalMb <= max) return
    this.#house.events.emit('kernel.overLimit', unit.id, { limit: 'externalMb', max, found: Math.round(externalMb) })
    const text = `Its buffers hold ${Math.round(externalMb)} MB, ${max} MB are allowed (limits.externalMb).`
    await thread.kill(toRecord(new LazaretError('KERNEL_OUT_OF_MEMORY', text, { kernel: unit.id })))
  }
}
