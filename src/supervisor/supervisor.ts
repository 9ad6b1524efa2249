/**
 * The only decider: it owns the instances' actors, carries out their effects with the tools of the lower floors, and
 * feeds the outcome back to their charts. A part that does something is a file of its own beside this one; here they
 * are joined.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
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
import { capture, decide, sayParked } from './escalation.ts'
import { endHungThread, settleEnd } from './failures.ts'
import { act, propose } from './healing.ts'
import { apply, inForce, loadHotfixes, loadTried, rollBack } from './hotfixing.ts'
import type { House } from './house.ts'
import { Keeper } from './keeping.ts'
import { type Member, supervisorMachine } from './machine.ts'
import { forgetIncident, recovered } from './recovery.ts'
import { resume } from './resume.ts'
import type { Unit } from './unit.ts'

type PortEffect = Parameters<InstancePorts['effect']>[0]

/** The chart waits for an answer to each of these. */
const rungs: ReadonlySet<PortEffect['type']> = new Set(['capture', 'decide', 'act', 'propose', 'apply'])

export class Supervisor {
  readonly #house: House
  readonly #turnstile = new Turnstile(limits.parallelStarts)
  readonly #actor: ActorRefFrom<typeof supervisorMachine>
  readonly #unwatch = new Map<Thread, () => void>()
  /** Effects that are still being carried out: an orderly end waits for them. */
  readonly #busy = new Set<Promise<void>>()
  #stopping = false
  /** Where an earlier process left each kernel. */
  readonly #rows: ReadonlyMap<string, KernelRow>

  constructor(house: House, levels: FleetSpec['levels']) {
    this.#house = house
    this.#rows = new Map(house.journal.kernelRows().map((row) => [row.id, row]))
    const members = [...house.units.values()].map((unit) => this.#member(unit))
    this.#actor = createActor(supervisorMachine, {
      input: { levels, members, adopt: (id, ref) => this.#adopt(id, ref) },
      clock: house.clock,
    })
    this.#actor.start()
  }

  /** Where an earlier process left the kernel. */
  #member(unit: Unit): Member {
    const { journal, events } = this.#house
    const row = this.#rows.get(unit.id)
    const incident = journal.openIncidentFor(unit.id)
    const { first, counters, why, diedInStart } = resume(row, unit.spec.restart.max, incident?.folder !== undefined)
    unit.incident = incident?.id
    unit.parkedWhy = typeof row?.facts.parkedWhy === 'string' ? row.facts.parkedWhy : undefined
    unit.diedInStart = diedInStart ?? false
    for (const parked of journal.parkedMessages(unit.id)) unit.route.park(parked.method, parked.argsSha256)
    if (why !== undefined) events.emit('kernel.resumed', unit.id, { from: row?.state, why })
    return { id: unit.id, input: { ...lifecycleInput(unit.spec), ...counters }, first }
  }

  #adopt(id: string, ref: ConstructorParameters<typeof Instance>[1]): void {
    const unit = this.#unit(id)
    unit.instance = new Instance(() => unit.spec, ref, this.#ports(unit), this.#turnstile, this.#house.clock)
    unit.keeper = new Keeper(this.#house, unit)
  }

  #unit(id: string): Unit {
    const unit = this.#house.units.get(id)
    if (unit === undefined) throw new LazaretError('UNKNOWN_KERNEL', `The fleet has no kernel ${JSON.stringify(id)}.`)
    return unit
  }

  /** Boots the fleet; resolves when every kernel has settled, in service or not. */
  async start(): Promise<void> {
    await Promise.all(
      [...this.#house.units.values()].map((unit) => {
        const row = this.#rows.get(unit.id)
        const onProbation = row?.state.startsWith('rejoined') === true || row?.facts.probation === true
        loadTried(this.#house, unit)
        return loadHotfixes(this.#house, unit, onProbation)
      }),
    )
    if (this.#stopping) return
    const serving = this.#reached('serving')
    this.#actor.send({ type: 'BOOT' })
    await serving
  }

  /**
   * Stops every kernel in reverse order; resolves when no thread is left. A kernel takes messages of other kernels until
   * its own turn comes, so that one which writes its last words to another is heard.
   */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const unit of this.#house.units.values()) if (unit.instance.thread === undefined) unit.route.close()
    for (const unit of this.#house.units.values())
      unit.repair?.abort(new LazaretError('RUNTIME_STOPPED', 'The runtime stops.'))
    const stopped = this.#reached('stopped')
    this.#actor.send({ type: 'STOP' })
    await stopped
    while (this.#busy.size > 0) await Promise.all(this.#busy)
    const units = [...this.#house.units.values()]
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
      bootRequest: (reason) => this.#bootRequest(unit, reason),
      booting: (thread, request, reason) => this.#booting(unit, thread, request, reason),
      ready: (thread, message, reason) => this.#ready(unit, thread, message, reason),
      message: (thread, message) => this.#receive(unit, thread, message),
      log: (line) => house.logs.add(unit.id, line),
      stuck: (thread) => house.events.emit('kernel.stuck', unit.id, { thread: thread.name }),
      gone: async (thread, end, expected) => {
        if (thread !== undefined) this.#forgetThread(thread)
        unit.keeper.pause()
        const settled = settleEnd(house, unit, end, expected)
        if (this.#stopping) unit.route.close()
        return settled
      },
      report: house.report,
    }
  }

  #forgetThread(thread: Thread): void {
    this.#unwatch.get(thread)?.()
    this.#unwatch.delete(thread)
    this.#house.bus.forget(thread)
  }

  /** Before any effect of the transition. */
  #commit(unit: Unit, snapshot: LifecycleSnapshot): void {
    const { failures, attempts, starts, restored } = snapshot.context
    const state = dotted(snapshot.value)
    const probation = unit.hotfixOnProbation && !state.startsWith('running')
    this.#house.journal.commitKernel({
      ...{ id: unit.id, state, failures, attempts, starts, at: this.#house.clock.now() },
      ...(unit.incident && { incident: unit.incident }),
      facts: { restored, probation, ...(unit.parkedWhy && { parkedWhy: unit.parkedWhy }) },
    })
    if (!state.startsWith('repairing'))
      unit.repair?.abort(new LazaretError('COMMAND_REFUSED', `The kernel is ${state} now.`))
  }

  #carryOut(unit: Unit, effect: PortEffect): void {
    let done: Promise<void> | undefined
    try {
      done = this.#perform(unit, effect)
    } catch (thrown) {
      this.#failed(unit, effect, thrown)
    }
    if (done === undefined) return
    const tracked = done
      .catch((thrown: unknown) => this.#failed(unit, effect, thrown))
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
        return undefined
      case 'exhausted':
        house.events.emit('restart.exhausted', unit.id, { starts: unit.instance.snapshot.context.starts })
        return undefined
      case 'capture':
        capture(house, unit)
        return undefined
      case 'decide':
        return decide(house, unit)
      case 'quarantine':
        return this.#quarantine(unit)
      case 'act':
        return act(house, unit, effect.plan)
      case 'propose':
        return propose(house, unit)
      case 'apply':
        return this.#apply(unit)
      case 'rollBack':
        return rollBack(house, unit, effect.failed)
      case 'recovered':
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
    if (!this.#stopping) unit.instance.send(event)
  }

  async #quarantine(unit: Unit): Promise<void> {
    unit.route.degrade()
    this.#house.outOfService.enter(unit.id, unit.spec.degraded.mode, unit.incident)
    await unit.instance.endThread()
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
    await unit.keeper.goldenNow()
  }

  async #bootRequest(unit: Unit, reason: BootReason): Promise<BootRequest> {
    const house = this.#house
    const dataDir = join(house.dataDir, 'kernels', unit.id)
    await mkdir(dataDir, { recursive: true })
    await unit.keeper.drained()
    const { overlay, config } = inForce(house, unit)
    const stored = await house.snapshots.latest(unit.id)
    unit.boots[reason] += 1
    const askMs = Object.fromEntries([...house.units.values()].map(({ id, spec }) => [id, spec.limits.askMs]))
    return {
      ...{ kernel: unit.id, entryUrl: unit.spec.entryUrl, config, dataDir, overlay, askMs },
      compiledDir: house.compiledDir,
      ...{ concurrency: unit.spec.concurrency, crashOn: unit.spec.crashOn },
      ...(stored && { state: stored.state }),
    }
  }

  #booting(unit: Unit, thread: Thread, request: BootRequest, reason: BootReason): void {
    unit.boot = request
    unit.files.clear()
    unit.recorder.boot({ config: request.config, files: [], ...(request.state && { state: request.state }) })
    const unwatch = this.#house.heartbeat.watch({
      ...{ id: unit.id, threadName: thread.name, page: thread.page, timeoutMs: unit.spec.heartbeat.timeoutMs },
      elu: () => ({ idle: thread.idleMs() }),
      probe: () => thread.post([{ t: 'probe' }]),
      cpuUsage: async () => (await thread.cpuUsage()) ?? { user: 0, system: 0 },
      onHang: (verdict) => {
        endHungThread(unit, thread, verdict).catch((thrown: unknown) => this.#house.report(thrown))
      },
    })
    this.#unwatch.set(thread, unwatch)
    this.#house.events.emit('kernel.started', unit.id, { reason, thread: thread.name })
  }

  #ready(unit: Unit, thread: Thread, message: Extract<ThreadMessage, { t: 'ready' }>, reason: BootReason): void {
    const { events } = this.#house
    unit.keepsState = message.keepsState
    this.#house.office.started(unit)
    unit.route.open(thread)
    thread.epoch = unit.route.epoch
    unit.keeper.begin(reason !== 'rejoin')
    if (reason === 'restart' || reason === 'command') events.emit('kernel.restarted', unit.id, { reason })
    if (reason === 'rejoin')
      events.emit('kernel.rejoined', unit.id, { ...(unit.incident && { incident: unit.incident }) })
    this.#house.outOfService.leave(unit.id, unit.route.mailbox.depth)
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
      case 'snapshot':
        unit.keeper.answered(message.id, message.state, message.error)
        return
      default:
        // 'ready' is the instance's; an ended thread's last words are the thread's own.
        events.emit('listener.failed', unit.id, { error: toRecord(new Error(`unexpected message ${message.t}`)) })
    }
  }
}
