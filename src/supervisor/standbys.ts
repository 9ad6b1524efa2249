/**
 * The standbys of one kernel: threads that have loaded its module and wait. They are kept at the number that the fleet
 * names, and renewed when the kernel is steady with other code than theirs. Until then they keep what was good before: a
 * bad edit does not reach them. Whom they serve for, and when, is standing-in.ts's part.
 */
import type { BootRequest } from '../actor/protocol.ts'
import { LazaretError } from '../base/errors.ts'
import type { StandIn } from '../lifecycle/stand-in.ts'
import type { Turnstile } from '../lifecycle/turnstile.ts'
import { bootRequestOf } from './boot-request.ts'
import type { House } from './house.ts'
import { configSha256 } from './keeping.ts'
import type { Unit } from './unit.ts'

export interface StandbysPorts {
  readonly turnstile: Turnstile
  /** @param loaded called once: it stands; or why it does not. */
  make(request: BootRequest, loaded: (error?: unknown) => void): StandIn
  /** An orderly end waits for this work. */
  track(work: Promise<void>): void
}

export class Standbys {
  readonly #house: House
  readonly #unit: Unit
  readonly #ports: StandbysPorts
  /** Loading or standing. */
  readonly #all = new Set<StandIn>()
  /** Threads that wait for their turn to be started. */
  #coming = 0
  #ended = false

  constructor(house: House, unit: Unit, ports: StandbysPorts) {
    this.#house = house
    this.#unit = unit
    this.#ports = ports
  }

  /** Those that could take over at once. */
  get ready(): number {
    return [...this.#all].filter(({ state }) => state === 'standing').length
  }

  /** One that stands, to be promoted; it is no standby any more. */
  take(): StandIn | undefined {
    const standby = [...this.#all].find(({ state }) => state === 'standing')
    if (standby !== undefined) this.#all.delete(standby)
    return standby
  }

  /** It has gone. */
  forget(standIn: StandIn): void {
    this.#all.delete(standIn)
  }

  /** @param serving how many of the kernel's standbys serve. */
  fill(serving: number): void {
    const missing = this.#unit.spec.replicas - this.#all.size - this.#coming - serving
    for (let n = 0; n < missing && !this.#ended; n += 1) this.#ports.track(this.#loadInTurn())
  }

  /** The kernel is steady: those that have loaded other code, or another configuration, are ended, and so are spare ones. */
  endOthers(): void {
    const { boot, files, spec } = this.#unit
    const all = [...this.#all]
    const others = all.filter((standby) => {
      const config = configSha256(standby.request.config) !== configSha256(boot?.config ?? spec.config)
      return config || [...standby.files.values()].some(({ url, text }) => (files.get(url)?.text ?? text) !== text)
    })
    const spare = all.filter((standby) => !others.includes(standby)).slice(spec.replicas)
    for (const standby of [...others, ...spare]) {
      this.#all.delete(standby)
      this.#ports.track(standby.end())
    }
  }

  async #loadInTurn(): Promise<void> {
    this.#coming += 1
    const release = await this.#ports.turnstile.enter()
    let loading: Promise<void> | undefined
    try {
      const request = await bootRequestOf(this.#house, this.#unit)
      if (!this.#ended) loading = this.load(request)
    } finally {
      this.#coming -= 1
      // Why one did not load is told by its end, as an event.
      await Promise.allSettled([loading])
      release()
    }
  }

  /** For a caller that stands in the turnstile already. Resolves when it stands. @throws why it does not. */
  async load(request: BootRequest): Promise<void> {
    const kernel = this.#unit.id
    if (this.#ended) throw new LazaretError('RUNTIME_STOPPED', 'The runtime stops.', { kernel })
    const settled = Promise.withResolvers<void>()
    this.#all.add(
      this.#ports.make(request, (error) => (error === undefined ? settled.resolve() : settled.reject(error))),
    )
    await settled.promise
  }

  async end(): Promise<void> {
    this.#ended = true
    await Promise.all([...this.#all].map((standby) => standby.end()))
  }
}
