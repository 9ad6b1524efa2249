/**
 * Who serves for a kernel that is out of service. Standbys are kept ready beside a kernel that runs; when it leaves
 * service one of them is promoted, and a kernel without one gets its fallback, where its fleet names one. Nothing here is
 * restarted: a stand-in that crashes gives way to the next standby, or to the kernel's degraded mode. When the kernel has
 * been repaired, the standby that serves becomes its instance, and what was repaired stands by.
 */
import type { BootRequest, ThreadMessage } from '../actor/protocol.ts'
import type { Thread, ThreadEnd } from '../actor/thread.ts'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { StandIn } from '../lifecycle/stand-in.ts'
import type { Turnstile } from '../lifecycle/turnstile.ts'
import type { StandInKind } from '../routing/route.ts'
import { fallbackRequestOf } from './boot-request.ts'
import { settleStandIn } from './failures.ts'
import type { House } from './house.ts'
import { Standbys } from './standbys.ts'
import type { Unit } from './unit.ts'

export interface StandInsPorts {
  readonly turnstile: Turnstile
  readonly standbyTurnstile: Turnstile
  receive(thread: Thread, message: ThreadMessage): void
  /** Looks after a thread that begins to serve, and forgets one that has gone. */
  watch(thread: Thread): void
  forget(thread: Thread): void
  /** The epoch has changed: where the kernel stands is written down. */
  commit(): void
}

export class StandIns {
  readonly #house: House
  readonly #unit: Unit
  readonly #ports: StandInsPorts
  readonly #standbys: Standbys
  /** Promoted, or the fallback: starting or serving. */
  #serving: StandIn | undefined
  /** The fallback's thread waits for its turn. */
  #fallbackComes = false
  #fallbackFailed = false
  /** A standby could not start when it was promoted; the others have the same code and the same state. */
  #barren = false
  #ended = false
  /** Everything that is being done: an orderly end waits for it. */
  readonly #busy = new Set<Promise<void>>()

  constructor(house: House, unit: Unit, ports: StandInsPorts) {
    this.#house = house
    this.#unit = unit
    this.#ports = ports
    this.#standbys = new Standbys(house, unit, {
      turnstile: ports.standbyTurnstile,
      make: (request, loaded) => this.#make('standby', request, loaded),
      track: (work) => this.#track(work),
    })
  }

  /** Standbys that could take over at once. */
  get ready(): number {
    return this.#standbys.ready
  }

  /** Who stands in now, or is about to. */
  get kind(): StandInKind | undefined {
    return this.#fallbackComes ? 'fallback' : this.#serving?.kind
  }

  /** Who would stand in if the kernel left service now. */
  get candidate(): StandInKind | undefined {
    if (this.ready > 0 && !this.#barren) return 'standby'
    return this.#unit.spec.degraded.mode === 'fallback' && !this.#fallbackFailed ? 'fallback' : undefined
  }

  /** The thread that takes the kernel's messages in its place. */
  get thread(): Thread | undefined {
    return this.#serving?.state === 'serving' ? this.#serving.thread : undefined
  }

  /**
   * Brings the standbys to the number that the fleet names.
   * @param started an instance has started: what a standby could not start from is gone.
   */
  fill(started = false): void {
    if (started) this.#barren = false
    if (this.#ended || this.#barren) return
    this.#standbys.fill(this.#serving?.kind === 'standby' ? 1 : 0)
    if (this.ready > 0) this.#offer()
  }

  /** The kernel is steady: what stands by is to be as it is. */
  renew(): void {
    this.#standbys.endOthers()
    this.#fallbackFailed = false
    this.fill(true)
  }

  /**
   * The kernel has no thread any more: whoever can serve in its place is asked to. Says who that is; undefined where
   * nobody can, and its degraded mode holds. A second call changes nothing.
   */
  takeOver(): StandInKind | undefined {
    if (this.#ended) return undefined
    if (this.kind !== undefined) return this.kind
    const standby = this.#barren ? undefined : this.#standbys.take()
    if (standby !== undefined) {
      this.#serving = standby
      this.#track(this.#promote(standby))
      return 'standby'
    }
    const { mode, fallbackUrl } = this.#unit.spec.degraded
    if (mode !== 'fallback' || fallbackUrl === undefined || this.#fallbackFailed) return undefined
    this.#fallbackComes = true
    this.#track(this.#startFallback(fallbackUrl))
    return 'fallback'
  }

  /** Ends who serves; resolves when what it had in hand is settled. Messages wait meanwhile. */
  async dismiss(): Promise<void> {
    this.#fallbackComes = false
    const serving = this.#serving
    if (serving === undefined) return
    await serving.end()
    if (this.#serving === serving) this.#serving = undefined
  }

  /**
   * The kernel was repaired, and a standby serves: the repaired one loads as a standby. Resolves with whether the other
   * still serves; then it may be handed over.
   * @throws what kept the repaired one from loading.
   */
  async relieve(request: BootRequest): Promise<boolean> {
    const serving = this.#serving
    if (serving?.kind !== 'standby') return false
    const { state: _, ...fresh } = request
    try {
      await Promise.all([this.#standbys.load(fresh), serving.started])
    } catch (thrown) {
      // At the end of the runtime all of them are told to end; that is no failure of the load.
      if (this.#ended) return false
      throw thrown
    }
    if (this.#serving === serving && serving.state === 'serving') return true
    // It was lost meanwhile: the kernel gets an instance of its own, unless a command has taken it out again.
    if (!this.#isWanted) await this.dismiss()
    return false
  }

  /** Hands over the standby that serves: it is the kernel's instance from now on. */
  handOver(): StandIn | undefined {
    const serving = this.#serving
    if (serving?.kind !== 'standby' || serving.state !== 'serving') return undefined
    this.#serving = undefined
    return serving
  }

  /** Ends all of them; resolves when no thread is left. */
  async end(): Promise<void> {
    this.#ended = true
    this.#fallbackComes = false
    await Promise.all([this.#standbys.end(), this.#serving?.end()])
    while (this.#busy.size > 0) await Promise.all(this.#busy)
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((thrown: unknown) => this.#house.report(thrown))
      .finally(() => this.#busy.delete(tracked))
    this.#busy.add(tracked)
  }

  /** @param loaded called when it stands, or has gone before that. */
  #make(kind: StandInKind, request: BootRequest, loaded: (error?: unknown) => void): StandIn {
    const { events, logs, clock, report } = this.#house
    const unit = this.#unit
    const standIn: StandIn = new StandIn(
      ...([kind, unit.spec, request] as const),
      {
        standing: () => {
          events.emit('standby.ready', unit.id, { thread: standIn.thread.name, ready: this.ready })
          loaded()
          this.#offer()
        },
        ready: () => {
          loaded()
          this.#serve(standIn)
        },
        message: (message) => {
          // A fallback's last words are no state of the kernel.
          if (kind === 'standby' || message.t !== 'snapshot') this.#ports.receive(standIn.thread, message)
        },
        log: (line) => logs.add(unit.id, line),
        stuck: () => events.emit('kernel.stuck', unit.id, { thread: standIn.thread.name }),
        gone: (end, expected) => {
          loaded(end.error ?? new LazaretError('KERNEL_EXITED', 'It ended while it loaded.', { kernel: unit.id }))
          this.#gone(standIn, end, expected)
        },
      },
      ...([clock, report] as const),
    )
    return standIn
  }

  /** A standby has become ready while the kernel is out of service, and nobody better than a fallback serves. */
  #offer(): void {
    if (!this.#isWanted || this.kind === 'standby') return
    this.#track(
      this.dismiss().then(() => {
        if (this.#isWanted) this.#change(this.takeOver())
      }),
    )
  }

  /** Out of service, and not on its way back by itself: two of a kernel are never started side by side. */
  get #isWanted(): boolean {
    const { id, instance } = this.#unit
    return this.#house.outOfService.has(id) && /^(?:failed|quarantined|repairing)/.test(instance.state)
  }

  async #promote(standby: StandIn): Promise<void> {
    try {
      await this.#start(standby)
    } catch (thrown) {
      // Its end makes way for the next one.
      await standby.thread.kill(toRecord(thrown), 'start')
    }
  }

  async #start(standby: StandIn): Promise<void> {
    const house = this.#house
    const unit = this.#unit
    await unit.keeper.drained()
    const stored = await house.snapshots.latest(unit.id)
    // Gone meanwhile, and its place given to another.
    if (standby.state !== 'standing' || standby.isEnding) return
    unit.servesFrom = stored?.at
    unit.boots.promotion += 1
    unit.recorder.boot({ config: standby.request.config, files: [], ...(stored && { state: stored.state }) })
    house.events.emit('kernel.started', unit.id, { reason: 'promotion', thread: standby.thread.name })
    this.#ports.watch(standby.thread)
    standby.promote(stored?.state)
  }

  async #startFallback(url: string): Promise<void> {
    const house = this.#house
    const unit = this.#unit
    const release = await this.#ports.turnstile.enter()
    try {
      const request = await fallbackRequestOf(house, unit, url)
      await unit.keeper.drained()
      const stored = await house.snapshots.latest(unit.id)
      if (!this.#fallbackComes) return
      this.#fallbackComes = false
      const { promise: started, resolve } = Promise.withResolvers<void>()
      const standIn = this.#make('fallback', { ...request, ...(stored && { state: stored.state }) }, () => resolve())
      this.#serving = standIn
      unit.boots.fallback += 1
      house.events.emit('kernel.started', unit.id, { reason: 'fallback', thread: standIn.thread.name })
      this.#ports.watch(standIn.thread)
      await started
    } catch (thrown) {
      this.#fallbackComes = false
      this.#fallbackFailed = true
      house.events.emit('fallback.lost', unit.id, { error: toRecord(thrown), phase: 'start', served: false })
      if (this.#isWanted) this.#change(this.takeOver())
    } finally {
      release()
    }
  }

  /** Its start() is over: messages go to it from now on. */
  #serve(standIn: StandIn): void {
    const { events, office, clock } = this.#house
    const unit = this.#unit
    if (this.#serving !== standIn) return
    office.started(unit)
    unit.route.serve(standIn.thread)
    standIn.thread.epoch = unit.route.epoch
    this.#ports.commit()
    const gapMs = Math.round((clock.monotonicMs() - (unit.goneAtMs ?? clock.monotonicMs())) * 10) / 10
    const facts = { epoch: unit.route.epoch, thread: standIn.thread.name, gapMs, waiting: unit.route.mailbox.depth }
    if (standIn.kind === 'fallback') {
      events.emit('fallback.started', unit.id, facts)
      return
    }
    unit.keepsState = standIn.ready?.keepsState ?? false
    unit.keeper.begin(true)
    const stateAgeMs = unit.servesFrom === undefined ? undefined : clock.now() - unit.servesFrom
    events.emit('failover.completed', unit.id, {
      ...facts,
      ...(unit.incident && { incident: unit.incident }),
      // What the kernel learnt in this time is lost; a kernel that keeps no state loses none.
      ...(unit.keepsState && stateAgeMs !== undefined && { stateAgeMs }),
    })
  }

  #gone(standIn: StandIn, end: ThreadEnd, expected: boolean): void {
    const { events, clock } = this.#house
    const unit = this.#unit
    this.#ports.forget(standIn.thread)
    this.#standbys.forget(standIn)
    const [kind, served] = [standIn.kind, this.#serving === standIn]
    if (served) {
      this.#serving = undefined
      unit.goneAtMs = clock.monotonicMs()
      if (kind === 'standby') unit.keeper.pause()
      settleStandIn(this.#house, unit, standIn, end, expected)
    }
    const next = () => {
      if (served && !this.#ended) this.#change(this.#isWanted ? this.takeOver() : undefined)
    }
    if (expected) {
      // Dismissed for an instance that has failed meanwhile: another one is needed.
      if (this.#isWanted) next()
      return
    }
    if (kind === 'standby' && served && standIn.ready === undefined) this.#barren = true
    const error = end.error ?? toRecord(new LazaretError('KERNEL_EXITED', 'It said goodbye without being asked to.'))
    events.emit(kind === 'standby' ? 'standby.lost' : 'fallback.lost', unit.id, { error, phase: end.phase, served })
    if (kind === 'fallback') this.#fallbackFailed = true
    next()
  }

  /** Another one answers for the kernel now. */
  #change(standIn: StandInKind | undefined): void {
    this.#unit.route.degrade(standIn)
    this.#house.outOfService.change(this.#unit.id, this.#unit.route.servedBy)
  }
}
