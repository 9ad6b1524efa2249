/**
 * rest_for_one: when a kernel with this strategy crashes and is restarted, whoever depends on it, directly or through
 * others, is ended first and started when it has settled again, level by level. Nobody is charged for that. Kernels that
 * are not in service at the moment are left alone, and so is everyone where the strategy is one_for_one.
 */
import type { LifecycleSnapshot } from '../lifecycle/instance.ts'
import type { House } from './house.ts'
import { isSettled } from './machine.ts'
import type { Unit } from './unit.ts'

export class Bystanders {
  readonly #house: House
  /** By id of a kernel that stepped aside: for whom it waits. */
  readonly #waiting = new Map<string, Set<string>>()
  /** By id of a kernel that is restarted: its dependents are being ended. */
  readonly #ending = new Map<string, Promise<void>>()

  constructor(house: House) {
    this.#house = house
  }

  /** The kernel is about to be restarted. */
  crashed(unit: Unit): void {
    if (unit.spec.strategy !== 'rest_for_one' || unit.instance.state !== 'restarting.backingOff') return
    // Those furthest from it first.
    const ending = this.#stepAside(unit, this.#dependents(unit.id).reverse())
      .catch((thrown: unknown) => this.#house.report(thrown))
      .finally(() => {
        if (this.#ending.get(unit.id) === ending) this.#ending.delete(unit.id)
      })
    this.#ending.set(unit.id, ending)
  }

  /** Resolves when whoever had to step aside for this kernel has ended: it starts after that. */
  async ended(unit: Unit): Promise<void> {
    await this.#ending.get(unit.id)
  }

  async #stepAside(unit: Unit, levels: readonly (readonly Unit[])[]): Promise<void> {
    for (const level of levels) {
      const aside = level.filter((dependent) => {
        const { instance } = dependent
        if (instance.state === 'restarting.aside') {
          this.#waiting.get(dependent.id)?.add(unit.id)
          return true
        }
        // Whatever it waited for before, a command has brought it back since.
        this.#waiting.delete(dependent.id)
        if (!instance.snapshot.can({ type: 'STEP_ASIDE' })) return false
        this.#waiting.set(dependent.id, new Set([unit.id]))
        instance.send({ type: 'STEP_ASIDE' })
        return true
      })
      await Promise.all(aside.map(({ instance }) => instance.endThread()))
    }
  }

  /** The kernel serves again, or is out of service for long: those that wait for it only go on. */
  settled(unit: Unit): void {
    this.#release(unit).catch((thrown: unknown) => this.#house.report(thrown))
  }

  async #release(unit: Unit): Promise<void> {
    await this.ended(unit)
    if (![...this.#waiting.values()].some((causes) => causes.has(unit.id))) return
    const levels = this.#dependents(unit.id).map((level) =>
      level.filter(({ id }) => {
        const causes = this.#waiting.get(id)
        causes?.delete(unit.id)
        return causes?.size === 0
      }),
    )
    await this.#stepBack(levels)
  }

  async #stepBack(levels: readonly (readonly Unit[])[]): Promise<void> {
    for (const level of levels) {
      const back = level.filter(({ id, instance }) => {
        // The one that it waits for has crashed once more.
        if ((this.#waiting.get(id)?.size ?? 0) > 0) return false
        this.#waiting.delete(id)
        // A command, or the end of the runtime, may have come in between.
        return instance.state === 'restarting.aside'
      })
      for (const { instance } of back) instance.send({ type: 'STEP_BACK' })
      const isDone = (snapshot: LifecycleSnapshot) => isSettled(snapshot) || snapshot.matches('stopping')
      await Promise.all(back.map(({ instance }) => instance.until(isDone)))
    }
  }

  /** Whoever depends on it: those that do so directly, then those that depend on these, and so on. */
  #dependents(id: string): Unit[][] {
    const units = [...this.#house.units.values()]
    const found = new Set([id])
    const levels: Unit[][] = []
    for (;;) {
      // One that depends on two of them comes after both.
      const rest = units.filter((unit) => !found.has(unit.id) && this.#leadsTo(unit, id, new Set()))
      const level = rest.filter(({ spec }) => !spec.dependsOn.some((on) => rest.some((other) => other.id === on)))
      if (level.length === 0) return levels
      for (const unit of level) found.add(unit.id)
      levels.push(level)
    }
  }

  #leadsTo(unit: Unit, id: string, seen: Set<string>): boolean {
    return unit.spec.dependsOn.some((on) => {
      const next = this.#house.units.get(on)
      if (on === id) return true
      if (next === undefined || seen.has(on)) return false
      seen.add(on)
      return this.#leadsTo(next, id, seen)
    })
  }
}
