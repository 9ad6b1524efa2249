/**
 * The only decider: it owns the instances' actors, carries out their effects with the tools of the lower floors, and
 * feeds the outcome back to their charts. A part that does something is a file of its own beside this one; here they
 * are joined.
 */
import { type ActorRefFrom, createActor } from 'xstate'
import type { BootRequest, ThreadMessage } from '../actor/protocol.ts'
import type { Thread } from '../actor/thread.ts'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { FleetSpec } from '../base/spec.ts'
import type { KernelRow } from '../journal/rows.ts'
import { type BootReason, dotted, Instance, type InstancePorts, type LifecycleSnapshot } from '../lifecycle/instance.ts'
import { lifecycleInput } from '../lifecycle/machine.ts'
import { Turnstile } from '../lifecycle/turnstile.ts'
import { bootRequestOf } from './boot-request.ts'
import { Bystanders } from './bystanders.ts'
import { capture, decide, sayParked, serveMeanwhile } from './escalation.ts'
import { settleEnd } from './failures.ts'
import { act, propose } from './healing.ts'
import { apply, loadHotfixes, rollBack } from './hotfixing.ts'
import type { House } from './house.ts'
import type { IntegrityWatch } from './integrity-watch.ts'
import { Keeper } from './keeping.ts'
import { leftAt, openIncidentOf, rowOf, takeFacts } from './kernel-row.ts'
import { type Member, supervisorMachine } from './machine.ts'
import { parkAsJournaled } from './parking.ts'
import { forgetIncident, recovered } from './recovery.ts'
import { resume } from './resume.ts'
import { Service } from './service.ts'
import { StandIns } from './standing-in.ts'
import { finishWriting, takeOverIfWished } from './taking-over.ts'
import { Transitions } from './transitions.ts'
import type { Unit } from './unit.ts'
import { watchThread } from './watching.ts'

type PortEffect = Parameters<InstancePorts['effect']>[0]

/** The chart waits for an answer to each of these. */
const rungs: ReadonlySet<PortEffect['type']> = new Set(['capture', 'decide', 'act', 'propose', 'apply'])

export class Supervisor {
  readonly #house: House
  readonly #integrity: IntegrityWatch
  readonly #turnstile = new Turnstile(limits.parallelStarts)
  /** Standbys load one after the other: nobody who is needed waits behind one. */
  readonly #standbyTurnstile = new Turnstile(1)
  readonly #bystanders: Bystanders
  readonly #service: Service
  readonly #transitions: Transitions
  readonly #actor: ActorRefFrom<typeof supervisorMachine>
  readonly #unwatch = new Map<Thread, () => void>()
  /** Effects that are still being carried out: an orderly end waits for them. */
  readonly #busy = new Set<Promise<void>>()
  #stopping = false
  /** Where an earlier process left each kernel. */
  readonly #rows: ReadonlyMap<string, KernelRow>

  constructor(house: House, levels: FleetSpec['levels'], integrity: IntegrityWatch) {
    this.#house = house
    this.#integrity = integrity
    this.#bystanders = new Bystanders(house)
    this.#service = new Service(house, {
      bystanders: this.#bystanders,
      track: (work) => this.#track(work),
      isStopping: () => this.#stopping,
    })
    this.#transitions = new Transitions(house.journal)
    this.#rows = new Map(house.journal.kernelRows().map((row) => [row.id, row]))
    const members = [...house.units.values()].map((unit) => this.#member(unit))
    this.#actor = createActor(supervisorMachine, {
      input: { levels, members, adopt: (id, ref) => this.#adopt(id, ref) },
      clock: house.clock,
      inspect: this.#transitions.inspect,
    })
    this.#actor.start()
  }

  /** Where an earlier process left the kernel. */
  #member(unit: Unit): Member {
    const { journal, events } = this.#house
    const row = leftAt(this.#rows.get(unit.id), this.#house.repairs.state.on)
    const incident = openIncidentOf(journal, row) ?? journal.openIncidentFor(unit.id)
    const { first, counters, why, diedInStart } = resume(row, unit.spec.restart.max, incident?.folder !== undefined)
    unit.incident = incident?.id
    unit.diedInStart = diedInStart ?? false
    takeFacts(unit, row)
    parkAsJournaled(journal, unit)
    if (why !== undefined) events.emit('kernel.resumed', unit.id, { from: row?.state, why })
    return { id: unit.id, input: { ...lifecycleInput(unit.spec), ...counters }, first }
  }

  #adopt(id: string, ref: ConstructorParameters<typeof Instance>[1]): void {
    const unit = this.#unit(id)
    this.#transitions.follow(unit, ref, this.#house.clock.now())
    unit.instance = new Instance(() => unit.spec, ref, this.#ports(unit), this.#turnstile, this.#house.clock)
    unit.keeper = new Keeper(this.#house, unit)
    unit.standIns = new StandIns(this.#house, unit, {
      ...{ turnstile: this.#turnstile, standbyTurnstile: this.#standbyTurnstile },
      receive: (thread, message) => this.#receive(unit, thread, message),
      watch: (thread) => this.#watch(unit, thread),
      forget: (thread) => this.#forgetThread(thread),
      commit: () => this.#commit(unit, unit.instance.snapshot),
    })
  }

  #unit(id: string): Unit {
    const unit = this.#house.units.get(id)
    if (unit === undefined) throw new LazaretError('UNKNOWN_KERNEL', `The fleet has no kernel ${JSON.stringify(id)}.`)
    return unit
  }

  /** Boots the fleet; resolves when every kernel has settled, in service or not. */
  async start(): Promise<void> {
    await this.#integrity.examineAtStart()
    await Promise.all(
      [...this.#house.units.values()].map((unit) => {
        const row = this.#rows.get(unit.id)
        return finishWriting(this.#house, unit).then(() => loadHotfixes(this.#house, unit, row))
      }),
    )
    this.#house.suggestions.begin()
    if (this.#stopping) return
    const serving = this.#reached('serving')
    this.#actor.send({ type: 'BOOT' })
    await serving
    this.#integrity.begin()
  }

  /**
   * Stops every kernel in reverse order; resolves when no thread is left. A kernel takes messages of other kernels until
   * its own turn comes, so that one which writes its last words to another is heard.
   */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const unit of this.#house.units.values()) if (unit.servingThread === undefined) unit.route.close()
    for (const unit of this.#house.units.values()) {
      unit.repair?.abort(new LazaretError('RUNTIME_STOPPED', 'The runtime stops.'))
      unit.steps?.abort()
    }
    const stopped = this.#reached('stopped')
    this.#actor.send({ type: 'STOP' })
    await stopped
    const units = [...this.#house.units.values()]
    await Promise.all(units.map((unit) => unit.standIns.end()))
    while (this.#busy.size > 0) await Promise.all(this.#busy)
    await Promise.all(units.map((unit) => unit.instance.drained()))
    // Its route may have been opened anew, for a restart that the stop has overtaken.
    for (const unit of units) unit.route.close()
    await Promise.all(units.map((unit) => unit.keeper.drained()))
    this.#actor.stop()
  }

  #reached(state: 'serving' | 'stopped'): Promise<void> {
    return new Promise((resolve) => {
      const subscription = this.#actor.subscribe((snapshot) => {
        if (!snapshot.matches(state) && !snapshot.matches('stopped')) return
        subscription.unsubscribe()
        resolve()
      })
    })
  }

  #ports(unit: Unit): InstancePorts {
    const { house } = { house: this.#house }
    return {
      commit: (snapshot) => this.#commit(unit, snapshot),
      effect: (effect) => this.#carryOut(unit, effect),
      bootRequest: () => this.#bootRequest(unit),
      standBy: (request) => unit.standIns.relieve(request),
      handOver: () => unit.standIns.handOver(),
      adopted: (standIn) => this.#service.adopted(unit, standIn),
      booting: (thread, request, reason) => this.#booting(unit, thread, request, reason),
      ready: (thread, message, reason) => this.#service.ready(unit, thread, message, reason),
      message: (thread, message) => this.#receive(unit, thread, message),
      log: (line) => house.logs.add(unit.id, line),
      stuck: (thread) => house.events.emit('kernel.stuck', unit.id, { thread: thread.name }),
      gone: async (thread, end, expected) => {
        if (thread !== undefined) this.#forgetThread(thread)
        if (unit.standIns.thread === undefined) {
          unit.goneAtMs = house.clock.monotonicMs()
          unit.keeper.pause()
        }
        const settled = settleEnd(house, unit, thread, end, expected)
        if (this.#stopping) unit.route.close()
        return settled
      },
      report: house.report,
      pendingSteps: () => unit.steps?.pending,
    }
  }

  #forgetThread(thread: Thread): void {
    this.#unwatch.get(thread)?.()
    this.#unwatch.delete(thread)
    this.#house.bus.forget(thread)
    this.#house.inspections.forget(thread)
  }

  /** Before any effect of the transition. */
  #commit(unit: Unit, snapshot: LifecycleSnapshot): void {
    const { journal, events, clock } = this.#house
    const state = dotted(snapshot.value)
    const moved = this.#transitions.take(unit, snapshot, clock.now())
    // Until its turn comes the journal has where an earlier process left it: one killed before that must find it there.
    if (state === 'stopped' && !unit.begun) return
    unit.begun = true
    try {
      journal.commitKernel(rowOf(unit, snapshot, clock.now()))
    } finally {
      if (moved !== undefined) events.emit('kernel.transitioned', unit.id, { ...moved })
    }
    if (!state.startsWith('repairing'))
      unit.repair?.abort(new LazaretError('COMMAND_REFUSED', `The kernel is ${state} now.`))
  }

  #carryOut(unit: Unit, effect: PortEffect): void {
    try {
      const done = this.#perform(unit, effect)
      if (done !== undefined) this.#track(done.catch((thrown: unknown) => this.#failed(unit, effect, thrown)))
    } catch (thrown) {
      this.#failed(unit, effect, thrown)
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((thrown: unknown) => this.#house.report(thrown))
      .finally(() => this.#busy.delete(tracked))
    this.#busy.add(tracked)
  }

  /** A rung of the ladder that breaks (a disk that refuses) must not leave the kernel on it for ever. */
  #failed(unit: Unit, effect: PortEffect, thrown: unknown): void {
    this.#house.report(thrown)
    if (!rungs.has(effect.type)) return
    unit.parkedWhy = `${effect.type} failed: ${toRecord(thrown).message}`
    unit.instance.send({ type: 'PARK' })
  }

  #perform(unit: Unit, effect: PortEffect): Promise<void> | undefined {
    const house = this.#house
    // No repair is begun any more: the journal has where the kernel is, and the next process goes on from there.
    if (this.#stopping && (effect.type === 'act' || effect.type === 'propose' || effect.type === 'apply'))
      return undefined
    switch (effect.type) {
      case 'hold':
        unit.route.hold()
        this.#bystanders.crashed(unit)
        return undefined
      case 'exhausted':
        house.events.emit('restart.exhausted', unit.id, { starts: unit.instance.snapshot.context.starts })
        return undefined
      case 'capture':
        serveMeanwhile(unit)
        // So that the evidence names what of its files is not what it should be.
        return this.#integrity.lookFor(unit).then(() => capture(house, unit))
      case 'decide':
        return decide(house, unit)
      case 'quarantine':
        return this.#service.leave(unit)
      case 'act':
        return act(house, unit, effect.plan)
      case 'propose':
        return propose(house, unit)
      case 'apply':
        return this.#apply(unit)
      case 'rollBack':
        // A standby that served and crashed says nothing about the repair, which stood by.
        return rollBack(house, unit, effect.failed && !unit.failedOver)
      case 'recovered':
        // After a failover what was repaired stands by already; the instance is the one that has other code.
        if (!unit.failedOver) unit.standIns.renew()
        return recovered(house, unit).then(() => this.#commit(unit, unit.instance.snapshot))
      case 'steady':
        return this.#steady(unit)
      case 'parked':
        sayParked(house, unit)
        return undefined
    }
  }

  async #apply(unit: Unit): Promise<void> {
    const event = await apply(this.#house, unit)
    // Nothing boots any more: the next process takes the remedy back and tries the repair again.
    if (this.#stopping) return
    // Parked meanwhile, by a person or the switch: what was applied is not to be left behind.
    if (unit.instance.state !== 'repairing.applying') await rollBack(this.#house, unit, false)
    else unit.instance.send(event)
  }

  async #steady(unit: Unit): Promise<void> {
    unit.steadyAtMs = this.#house.clock.monotonicMs()
    // An earlier process ended between the end of the probation and the end of the incident.
    if (unit.incident !== undefined) {
      await recovered(this.#house, unit)
      return
    }
    if (unit.failure !== undefined) {
      const healedBy = unit.sawPoison ? 'parked message' : 'restart'
      this.#house.events.emit('kernel.recovered', unit.id, { healedBy })
      forgetIncident(unit)
    }
    unit.standIns.renew()
    await takeOverIfWished(this.#house, unit)
    await unit.keeper.goldenNow()
  }

  async #bootRequest(unit: Unit): Promise<BootRequest> {
    const house = this.#house
    await this.#bystanders.ended(unit)
    await unit.keeper.drained()
    const request = await bootRequestOf(house, unit)
    const stored = await house.snapshots.latest(unit.id)
    return { ...request, ...(stored && { state: stored.state }) }
  }

  #booting(unit: Unit, thread: Thread, request: BootRequest, reason: BootReason): void {
    unit.boot = request
    unit.boots[reason] += 1
    unit.files.clear()
    unit.recorder.boot({ config: request.config, files: [], ...(request.state && { state: request.state }) })
    this.#watch(unit, thread)
    this.#house.events.emit('kernel.started', unit.id, { reason, thread: thread.name })
  }

  #watch(unit: Unit, thread: Thread): void {
    this.#unwatch.set(thread, watchThread(this.#house, unit, thread))
  }

  #receive(unit: Unit, thread: Thread, message: ThreadMessage): void {
    const { office, bus, events } = this.#house
    switch (message.t) {
      case 'files':
        for (const file of message.files) unit.files.set(file.url, file)
        return
      case 'handled':
        office.handled(unit, message)
        return
      case 'told':
        office.told(unit, message.n)
        return
      case 'send':
        office.kernelSend(unit, thread, message)
        return
      case 'lineOpen':
        office.openLine(thread, message)
        return
      case 'subscribe':
        if (!bus.subscribe(message.topic, thread)) {
          this.#house.logs.add(unit.id, { level: 40, time: Date.now(), msg: `The bus has no topic ${message.topic}.` })
        }
        return
      case 'unsubscribe':
        bus.unsubscribe(message.topic, thread)
        return
      case 'inspected':
        this.#house.inspections.add(unit, thread, message.records)
        return
      case 'snapshot':
        unit.keeper.answered(message.id, message.state, message.error)
        return
      default:
        // 'ready' is the instance's; an ended thread's last words are the thread's own.
        events.emit('listener.failed', unit.id, { error: toRecord(new Error(`unexpected message ${message.t}`)) })
    }
  }
}
