/**
 * Proved repairs that wait for a person, and for how long: what was proved a week ago may not hold any more. One timer
 * for the next that expires, armed from the journal, so that it outlives the process. The task itself stays open, since
 * the kernel still needs somebody; what is dropped is the remedy. What a person's word does is commands.ts's part.
 */
import type { Clock } from '../base/clock.ts'
import type { EventStream } from '../base/events.ts'
import { limits } from '../base/limits.ts'
import type { Remedy } from '../base/remedy.ts'
import { unrefTimer } from '../base/timers.ts'
import type { Journal } from '../journal/journal.ts'
import type { TaskRow } from '../journal/rows.ts'
import { remedyKey } from '../repair/repair.ts'
import type { Unit } from './unit.ts'

interface Ports {
  readonly journal: Journal
  readonly clock: Clock
  readonly events: EventStream
  readonly units: ReadonlyMap<string, Unit>
  readonly report: (thrown: unknown) => void
}

export class Suggestions {
  readonly #ports: Ports
  #timer: unknown
  #stopped = false

  constructor(ports: Ports) {
    this.#ports = ports
  }

  /** Those that have expired while no runtime ran, and the timer for the others. */
  begin(): void {
    this.#expireDue()
  }

  stop(): void {
    this.#stopped = true
    this.#disarm()
  }

  /** The remedy waits in the task until `expiresMs` from now. */
  add(unit: Unit, task: TaskRow, remedy: Remedy): void {
    const expiresAt = this.#ports.clock.now() + unit.spec.repair.expiresMs
    this.#ports.journal.updateTask(task.id, { remedy, expiresAt })
    // It has not failed: whoever asks for a repair meanwhile, or when it has expired, is offered it again.
    unit.triedRemedies.delete(remedyKey(remedy))
    this.#arm()
  }

  /** The remedy does not hold, or has not held: nobody is asked for a word on it any more. */
  withdraw(unit: Unit, incident: string, remedy: Remedy): void {
    const { journal } = this.#ports
    const key = remedyKey(remedy)
    for (const task of journal.tasks({ kernel: unit.id, status: 'open' })) {
      if (task.incident !== incident || task.remedy === undefined || remedyKey(task.remedy) !== key) continue
      journal.updateTask(task.id, { remedy: undefined, expiresAt: undefined })
    }
    this.#arm()
  }

  /** Whether the task's remedy has expired, now or earlier; it is dropped then. */
  hasExpired(task: TaskRow): boolean {
    const { remedy, expiresAt } = task
    if (expiresAt === undefined || expiresAt > this.#ports.clock.now()) return false
    if (remedy !== undefined) this.#expire(task, remedy)
    return true
  }

  #waiting(): TaskRow[] {
    const open = this.#ports.journal.tasks({ status: 'open', limit: Number.MAX_SAFE_INTEGER })
    return open.filter(({ remedy, expiresAt }) => remedy !== undefined && expiresAt !== undefined)
  }

  #expireDue(): void {
    if (this.#stopped) return
    for (const task of this.#waiting()) this.hasExpired(task)
    this.#arm()
  }

  #arm(): void {
    this.#disarm()
    if (this.#stopped) return
    const next = Math.min(...this.#waiting().map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY))
    if (next === Number.POSITIVE_INFINITY) return
    const { clock, report } = this.#ports
    // One that is far away, or a clock that was set back, finds nothing due and is armed again.
    const delayMs = Math.min(limits.timerMs, Math.max(1, next - clock.now()))
    this.#timer = clock.setTimeout(() => {
      try {
        this.#expireDue()
      } catch (thrown) {
        // The journal refuses: an approval looks at the time itself.
        report(thrown)
      }
    }, delayMs)
    unrefTimer(this.#timer)
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#ports.clock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #expire({ id, kernel, incident }: TaskRow, remedy: Remedy): void {
    const { journal, events, units } = this.#ports
    const unit = units.get(kernel)
    journal.transaction(() => {
      journal.updateTask(id, { remedy: undefined })
      if (unit !== undefined)
        noteParked(journal, unit, `its proved repair has expired; to prove it anew: lazaret repair ${kernel}`)
    })
    events.emit('task.expired', kernel, { task: id, incident, agent: remedy.agent })
  }
}

/** Another reason for a kernel that is parked already, which a later process is to know as well. */
export function noteParked(journal: Journal, unit: Unit, why: string): void {
  const row = journal.kernelRows().find(({ id }) => id === unit.id)
  if (row?.state !== 'quarantined.parked') return
  unit.parkedWhy = why
  journal.commitKernel({ ...row, facts: { ...row.facts, parkedWhy: why } })
}
