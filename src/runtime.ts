/**
 * `createRuntime`: wires the floors for one fleet in one data directory, and gives the host program its handle. It
 * installs no signal handlers and starts no daemon.
 */
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { AnyRemoteApi, AskOptions, Ref } from './actor/kernel.ts'
import { makeRef } from './actor/ref.ts'
import { keepThreadsInterruptible } from './actor/thread.ts'
import { Tracing } from './actor/tracing.ts'
import type { AgentsSpec } from './base/agents-spec.ts'
import { type Clock, systemClock } from './base/clock.ts'
import { LazaretError } from './base/errors.ts'
import { type EventListener, EventStream } from './base/events.ts'
import { limits } from './base/limits.ts'
import { createLog, type Log } from './base/log.ts'
import type { ApplyTo } from './base/remedy.ts'
import type { FleetSpec } from './base/spec.ts'
import { version } from './base/version.ts'
import type { InspectedActor } from './chart/inspected.ts'
import { withCommandLog } from './control/command-log.ts'
import { ControlServer, type ControlTable } from './control/server.ts'
import { controlStreams } from './control/streams.ts'
import { controlTable } from './control/table.ts'
import { DashboardDesk } from './dashboard/desk.ts'
import type { DashboardHandler } from './dashboard/mount.ts'
import type { DashboardHandlerOptions, DashboardOptions } from './dashboard/options.ts'
import type { Shown } from './dashboard/ports.ts'
import type { DashboardServer } from './dashboard/serve.ts'
import { signalRoutes } from './dashboard/signal-routes.ts'
import { storyOf } from './dashboard/story.ts'
import type { Story } from './dashboard/story-shape.ts'
import { expireReplays } from './diagnostics/replay.ts'
import { checkAlertOptions } from './escalation/alert-options.ts'
import { Journal } from './journal/journal.ts'
import { acquireDataDirLock, type DataDirLock } from './journal/lock.ts'
import { attachInspector } from './lifecycle/inspector.ts'
import { checkPackages } from './repair/agents/packages.ts'
import { checkOptions, type RuntimeOptions } from './runtime-options.ts'
import { approve, type CommandName, command, openTask, reject } from './supervisor/commands.ts'
import { checkAgents, loadFleet } from './supervisor/fleet.ts'
import { furnish } from './supervisor/furnish.ts'
import { type HistoryPage, type HistoryStep, historyOf } from './supervisor/history.ts'
import { HotfixDesk } from './supervisor/hotfix-desk.ts'
import type { House } from './supervisor/house.ts'
import type { InspectionListener } from './supervisor/inspections.ts'
import { IntegrityWatch } from './supervisor/integrity-watch.ts'
import type { TrafficLink } from './supervisor/links.ts'
import { type LogLevel, type LogTailOptions, lastLines, tailLogs } from './supervisor/log-tail.ts'
import { type PlaybookDesk, playbookDesk } from './supervisor/playbook-commands.ts'
import type { PostOffice } from './supervisor/post-office.ts'
import { type RepairsState, switchRepairs } from './supervisor/repair-switch.ts'
import { type DeadLettersReplayed, Replay } from './supervisor/replay.ts'
import type { ReplayOptions } from './supervisor/replay-choice.ts'
import { type KernelStatus, statusOf } from './supervisor/status.ts'
import { Supervisor } from './supervisor/supervisor.ts'
import { TaskDesk } from './supervisor/task-desk.ts'
import type { Unit } from './supervisor/unit.ts'
import { VitalsSampler } from './supervisor/vitals.ts'
import { Signals } from './telemetry/signals.ts'

export interface KernelHandle {
  status(): KernelStatus
  /** Re-reads the fleet file for this kernel and starts it anew, in an orderly way. */
  restart(): Promise<KernelStatus>
  quarantine(): Promise<KernelStatus>
  repair(): Promise<KernelStatus>
  /** As restart, for a kernel that is quarantined: it comes back on probation. */
  rejoin(): Promise<KernelStatus>
  park(): Promise<KernelStatus>
}

/** @throws LazaretError FLEET_INVALID, OPTION_INVALID or PACKAGE_MISSING; nothing is started then. */
export function createRuntime(options: RuntimeOptions = {}): Runtime {
  return new Runtime(options)
}

interface Subscription {
  readonly listener: EventListener
  /** Absent until the runtime is opened. */
  off: (() => void) | undefined
}

type Phase = 'new' | 'starting' | 'running' | 'stopping' | 'stopped'

export class Runtime {
  readonly #options: RuntimeOptions
  readonly #clock: Clock
  readonly #log: Log
  readonly #dataDir: string
  readonly #fleet: FleetSpec
  readonly #agents: AgentsSpec
  readonly #subscriptions = new Set<Subscription>()
  #events: EventStream | undefined
  #phase: Phase = 'new'
  #startedAt = 0
  #house: House | undefined
  #opening: Promise<{ house: House; supervisor: Supervisor }> | undefined
  /** Writes hotfixes that have held into the source files, or takes them back. */
  readonly hotfixes = new HotfixDesk(() => this.#serving())
  readonly #taskDesk = new TaskDesk(() => this.#serving())
  readonly #replay = new Replay(() => this.#serving())
  #close: (() => Promise<void>) | undefined
  readonly #dashboards = new DashboardDesk(() => this.#shown())
  #signals: Signals | undefined
  #stopping: Promise<void> | undefined

  constructor(options: RuntimeOptions) {
    this.#options = checkOptions(options)
    this.#clock = options.clock ?? systemClock
    this.#log = options.log === false ? createLog({ level: 'silent' }) : (options.log ?? createLog())
    this.#dataDir = resolve(options.dataDir ?? '.lazaret')
    this.#fleet = this.#loadFleet()
    this.#agents = options.agents === undefined ? this.#fleet.agents : checkAgents(options.agents)
    checkPackages(this.#agents)
  }

  #loadFleet(): FleetSpec {
    return loadFleet(this.#options.fleet ?? './kernels/fleet.yaml')
  }

  /** Absolute path. */
  get dataDir(): string {
    return this.#dataDir
  }

  get fleet(): FleetSpec {
    return this.#fleet
  }

  /**
   * Starts the fleet. Resolves when every kernel has settled, in service or not.
   * @throws LazaretError DATA_DIR_IN_USE, JOURNAL_FAILED; RUNTIME_STOPPED where it has been stopped.
   */
  async start(): Promise<KernelStatus[]> {
    if (this.#phase !== 'new')
      throw new LazaretError('RUNTIME_STOPPED', `A runtime is started once; this one is ${this.#phase}.`)
    this.#phase = 'starting'
    this.#startedAt = this.#clock.now()
    await using opening = new AsyncDisposableStack()
    this.#opening = this.#open(opening)
    const { house, supervisor } = await this.#opening
    const opened = opening.move()
    this.#house = house
    this.#close = () => opened.disposeAsync()
    if (this.#phase === 'starting') await supervisor.start()
    if (this.#phase !== 'starting') {
      throw new LazaretError('RUNTIME_STOPPED', 'The runtime was stopped while it started.')
    }
    this.#phase = 'running'
    house.events.emit('runtime.started', undefined, { kernels: this.#fleet.kernels.length, dataDir: this.#dataDir })
    return this.status()
  }

  /** Opens everything, lowest first; what is handed to the stack is closed in reverse, also where a later part fails. */
  async #open(closing: AsyncDisposableStack): Promise<{ house: House; supervisor: Supervisor }> {
    const lock = this.#lockDataDir()
    closing.defer(() => lock.release())
    if (this.#options.keepThreadsInterruptible !== false) keepThreadsInterruptible()
    closing.defer(attachInspector())
    const journal = Journal.open(this.#dataDir, this.#clock)
    closing.defer(() => journal.close())
    const events = new EventStream(this.#clock, journal.lastSeq())
    closing.defer(events.on((event) => journal.append(event)))
    this.#events = events
    for (const subscription of this.#subscriptions) subscription.off = events.on(subscription.listener)
    journal.onNote((note) => events.emit(note.type, undefined, note.facts))
    closing.defer(() => void events.emit('runtime.stopped', undefined))
    const tracing = await Tracing.load()
    const house = this.#furnish(journal, events, tracing)
    this.#signals = new Signals(house, events)
    closing.defer(() => this.#signals?.close())
    house.operators.start()
    closing.defer(() => house.operators.stop())
    closing.defer(() => house.office.close(() => new LazaretError('RUNTIME_STOPPED', 'The runtime has stopped.')))
    closing.defer(() => house.playbooks.close())
    await house.playbooks.load()
    expireReplays(house.quarantineDir, this.#clock.now())
    await house.goldens.expireTraffic(house.units.keys(), this.#clock.now())
    // Workspaces of a process that was killed; a repair that goes on makes its own.
    await rm(resolve(this.#dataDir, 'repair'), { recursive: true, force: true })
    if (this.#options.control !== false) {
      const streams = controlStreams(this, events)
      const control = await ControlServer.listen(this.#dataDir, this.#commandLine(house), streams, events)
      closing.defer(() => control.close())
    }
    closing.defer(() => house.sandbox.close())
    closing.defer(() => this.#taskDesk.close())
    closing.defer(() => this.#replay.close())
    house.sampler.start()
    closing.defer(() => house.sampler.stop())
    closing.defer(() => house.heartbeat.stop())
    closing.defer(() => house.suggestions.stop())
    const everyMs = this.#options.integrityEveryMs ?? limits.integrityEveryMs
    const watch = new IntegrityWatch(house, { fleetFile: this.#fleet.file, everyMs })
    closing.defer(() => watch.drained())
    const supervisor = new Supervisor(house, this.#fleet.levels, watch)
    closing.defer(() => supervisor.stop())
    closing.defer(() => watch.stop())
    const vitals = new VitalsSampler(house)
    vitals.start()
    closing.defer(() => vitals.stop())
    return { house, supervisor }
  }

  #commandLine({ units, events }: House): ControlTable {
    return withCommandLog(controlTable(this), 'command line', { emit: events.emit, isKernel: (id) => units.has(id) })
  }

  #lockDataDir(): DataDirLock {
    try {
      return acquireDataDirLock(this.#dataDir)
    } catch (thrown) {
      // Nothing was opened: the same runtime may try again when the folder is free.
      this.#phase = 'new'
      throw thrown
    }
  }

  #furnish(journal: Journal, events: EventStream, tracing: Tracing | undefined): House {
    const { notify, alerts, playbooksDir, playbookTrustAfter, quarantineDir } = this.#options
    return furnish({
      ...{ journal, events, clock: this.#clock, log: this.#log, fleet: this.#fleet, dataDir: this.#dataDir, notify },
      ...{ agents: this.#agents, tracing },
      alerts: alerts && checkAlertOptions(alerts),
      quarantineDir: resolve(quarantineDir ?? '.quarantine'),
      playbooksDir: resolve(playbooksDir ?? 'playbooks'),
      trustAfter: playbookTrustAfter ?? 1,
      applyTo: this.#options.apply ?? 'hotfix',
      rereadFleet: () => this.#loadFleet(),
      closed: () => this.#refusal(),
    })
  }

  /** Stops the fleet in reverse order, gracefully and then by force. Resolves when no thread, process or timer is left. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    if (this.#phase === 'new') {
      this.#phase = 'stopped'
      return
    }
    this.#phase = 'stopping'
    // A stop while the data directory is being opened waits for that; its failure is told to whoever called start().
    await Promise.allSettled([this.#opening])
    await this.#dashboards.close()
    await this.#close?.()
    this.#phase = 'stopped'
  }

  /** Why nothing can be sent now. */
  #refusal(): LazaretError | undefined {
    if (this.#phase === 'running' || this.#phase === 'starting') return undefined
    return new LazaretError('RUNTIME_STOPPED', `The runtime is ${this.#phase}: it takes no messages or commands.`)
  }

  /** A handle to a kernel. @throws LazaretError UNKNOWN_KERNEL where the fleet has none of this id. */
  ref<R = AnyRemoteApi>(id: string, options: AskOptions = {}): Ref<R> {
    if (!this.#fleet.kernels.some((kernel) => kernel.id === id)) throw this.#unknown(id)
    return makeRef<R>(id, (message) => this.#send(message), this.#remote, options)
  }

  readonly #remote: PostOffice['hostRemote'] = (to, options) => this.#opened().office.hostRemote(to, options)

  readonly #send: PostOffice['hostSend'] = (message) => {
    if (this.#house !== undefined) return this.#house.office.hostSend(message)
    const error = new LazaretError(
      'RUNTIME_NOT_STARTED',
      `${message.to}.${message.method}: the runtime has not been started.`,
      {
        hint: 'await runtime.start() first.',
      },
    )
    if (message.kind === 'ask') return Promise.reject(error)
    throw error
  }

  #unknown(id: string): LazaretError {
    const known = this.#fleet.kernels.map((kernel) => kernel.id)
    return new LazaretError(
      'UNKNOWN_KERNEL',
      `The fleet has no kernel ${JSON.stringify(id)}. It has: ${known.join(', ')}.`,
      {
        details: { known },
      },
    )
  }

  /** Every event from now on. Returns the function that ends the subscription. */
  on(_event: 'event', listener: EventListener): () => void {
    const subscription: Subscription = { listener, off: this.#events?.on(listener) }
    this.#subscriptions.add(subscription)
    return () => {
      this.#subscriptions.delete(subscription)
      subscription.off?.()
    }
  }

  /** Every kernel, in the order of the fleet. */
  status(): KernelStatus[] {
    return [...this.#opened().units.values()].map(statusOf)
  }

  /** Who talks to whom: messages by sender and target, `host` for the host program, since start(). */
  links(): TrafficLink[] {
    return this.#opened().office.links()
  }

  /**
   * The way of a kernel through the states of its lifecycle, in earlier processes too, oldest first.
   * @param page before: only steps with a smaller seq; limit: the last so many, default limits.historySteps.
   */
  history(id: string, page: HistoryPage = {}): HistoryStep[] {
    return historyOf(this.#opened().journal, this.#unitOf(id).id, page)
  }

  /** State machines of the kernel's own that it gives `ctx.inspect`, as the instance that serves has told of them. */
  machines(id: string): InspectedActor[] {
    return this.#opened().inspections.of(this.#unitOf(id))
  }

  /** Calls with the id of a kernel whose own machines have moved. Returns the function that ends it. */
  onInspected(listener: InspectionListener): () => void {
    return this.#opened().inspections.onChange(listener)
  }

  /** Asks of the host program that wait for their reply. */
  get pendingAsks(): number {
    return this.#house?.office.pendingAsks ?? 0
  }

  kernel(id: string): KernelHandle {
    const run = (name: CommandName) => async () => command(this.#serving(), this.#unitOf(id), name)
    return {
      status: () => statusOf(this.#unitOf(id)),
      ...{ restart: run('restart'), quarantine: run('quarantine'), repair: run('repair') },
      ...{ rejoin: run('rejoin'), park: run('park') },
    }
  }

  /**
   * Applies the proved repair that waits in a task.
   * @param options apply: what becomes of it when it has held; default as the runtime was created.
   * @throws LazaretError NOT_FOUND, COMMAND_REFUSED.
   */
  async approve(taskId: string, options: { readonly apply?: ApplyTo } = {}): Promise<KernelStatus> {
    const task = openTask(this.#serving(), taskId)
    return approve(this.#serving(), this.#unitOf(task.kernel), task, options.apply)
  }

  async reject(taskId: string): Promise<KernelStatus> {
    const task = openTask(this.#serving(), taskId)
    return reject(this.#serving(), this.#unitOf(task.kernel), task)
  }

  /** Whether repairs are made, and why not. One switch for the whole runtime, which outlives the process. */
  get repairs(): RepairsState {
    return this.#opened().repairs.state
  }

  /**
   * Off: nothing is proposed or applied any more, and what is under way is ended; kernels wait parked. On: those go on.
   * @param why in your own words, for whoever looks at it later.
   */
  setRepairs(on: boolean, why?: string): RepairsState {
    return switchRepairs(this.#serving(), on, why)
  }

  /** Last lines of a kernel's log, or of all logs, oldest first, as JSON lines. */
  logs(id?: string, lines: number = limits.kernelLogLines, level?: LogLevel): string[] {
    const { logs, units } = this.#opened()
    return lastLines(logs, id === undefined ? units.keys() : [this.#unitOf(id).id], lines, level)
  }

  /**
   * Calls with each line that is logged from now on, as JSON text, after those of `options.from`; it must not throw.
   * Returns the function that ends it. @throws LazaretError UNKNOWN_KERNEL; COMMAND_REFUSED where too many follow.
   */
  followLogs(options: LogTailOptions, onLine: (text: string) => void): () => void {
    const { logs, units } = this.#opened()
    if (options.kernel !== undefined) this.#unitOf(options.kernel)
    return tailLogs(logs, units.keys(), options, onLine)
  }

  /**
   * Sends dead letters to their kernels again as they were, the oldest first, one after the other; each is marked, and is
   * not sent a second time unless `again` says so. What was not kept whole is skipped.
   * @throws LazaretError OPTION_INVALID, UNKNOWN_KERNEL; COMMAND_REFUSED where nobody answers for the kernels of all of
   * them, or another replay goes on. Nothing has been sent then.
   */
  replayDeadLetters(options: ReplayOptions): Promise<DeadLettersReplayed> {
    return this.#replay.run(options)
  }

  /** The text of one scrape, in Prometheus' format; what `/metrics` of the dashboard answers. */
  async metrics(): Promise<string> {
    this.#opened()
    return (await this.#signals?.metrics())?.text ?? ''
  }

  /** What has been written down: incidents, tasks, dead letters, events, attempts. Read only. */
  get journal(): Pick<
    Journal,
    | 'incidents'
    | 'incident'
    | 'attempts'
    | 'tasks'
    | 'task'
    | 'deadLetters'
    | 'deadLetterCount'
    | 'lastPlaybookUses'
    | 'events'
    | 'failures'
    | 'hotfix'
    | 'hotfixes'
    | 'parkedMessages'
    | 'parkedPatterns'
    | 'playbookVersions'
    | 'playbookVersion'
  > {
    return this.#opened().journal
  }

  /** What failed, where it stands, what was found and tried: one incident, for people. @throws LazaretError NOT_FOUND */
  story(incident: string): Story {
    const { journal, units } = this.#opened()
    const status = (id: string) => (units.has(id) ? statusOf(this.#unitOf(id)) : undefined)
    return storyOf({ journal, nowMs: this.#clock.now(), dataDir: this.dataDir, status }, incident)
  }

  /** Tasks as those who mend by hand see them: shown, claimed, handed over, tried out, handed in. */
  get tasks(): Omit<TaskDesk, 'close'> {
    return this.#taskDesk
  }

  get playbooks(): PlaybookDesk {
    return playbookDesk(this.#opened(), (id) => this.#serving() && this.#unitOf(id))
  }

  /**
   * Serves the dashboard until stop(), to this machine only unless `host` says otherwise.
   * @returns its address, which holds the token.
   * @throws LazaretError OPTION_INVALID, RUNTIME_NOT_STARTED, DASHBOARD_FAILED where the port is taken.
   */
  serveDashboard(options: DashboardOptions = {}): Promise<DashboardServer> {
    return this.#dashboards.serve(options)
  }

  /**
   * The dashboard, to be mounted in a server of your own: as middleware of node:http, or as a handler of web requests.
   * It may be made before start(), and answers 503 until then. @throws LazaretError OPTION_INVALID
   */
  dashboardHandler(options: DashboardHandlerOptions = {}): DashboardHandler {
    return this.#dashboards.handler(options)
  }

  #shown(): Shown {
    const { units, events, clock, dataDir, journal, report } = this.#serving()
    return {
      ...{ runtime: this, fleet: this.#fleet, units, events, clock, dataDir, report },
      ...{ startedAt: this.#startedAt, version: version() },
      eventsAfter: (after, limit) => journal.events({ after, limit }),
      lastEvents: (types, limit) => journal.events({ types, limit }),
      links: () => this.links(),
      machines: (id) => this.machines(id),
      onInspected: (listener) => this.onInspected(listener),
      ...(this.#signals && { routes: signalRoutes(this.#signals) }),
    }
  }

  #unitOf(id: string): Unit {
    const unit = this.#opened().units.get(id)
    if (unit === undefined) throw this.#unknown(id)
    return unit
  }

  #opened(): House {
    if (this.#house !== undefined) return this.#house
    throw new LazaretError('RUNTIME_NOT_STARTED', 'The runtime has not been started.', {
      hint: 'await runtime.start() first.',
    })
  }

  /** For what changes something: a runtime that stops takes no commands, or one of them would keep it from its end. */
  #serving(): House {
    const refusal = this.#house === undefined ? undefined : this.#refusal()
    if (refusal !== undefined) throw refusal
    return this.#opened()
  }

  /** The instance's thread, for fault injection and tests: not part of the public surface. */
  threadOf(id: string): import('./actor/thread.ts').Thread | undefined {
    return this.#unitOf(id).servingThread
  }
}
