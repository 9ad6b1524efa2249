/**
 * The stress run: the fleet at work, one defect after another on each kernel (several kernels at a time), then a second
 * wave, and the account of it all. What is expected stands in defects.ts, who counts in ledger.ts and traffic.ts.
 */
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { LazaretEvent } from '../base/events.ts'
import { newId } from '../base/ids.ts'
import { createRuntime, type Runtime } from '../runtime.ts'
import { type Defect, defects, type Field } from './defects.ts'
import { fatesOf, readLedger, startsPastBudget } from './ledger.ts'
import { notInjected, notInTime, problemsOf, type StressReport, type StressRow } from './report.ts'
import { type Stage, setStage, stressTimes, tokenPattern } from './stage.ts'
import { Traffic } from './traffic.ts'

export interface StressOptions {
  /** The run works in `<root>/<run>`. Default `.lazaret/stress`. */
  readonly root?: string
  /** Ends the run early; everything is stopped and removed. */
  readonly signal?: AbortSignal
  /** Leaves the folder of the run. */
  readonly keep?: boolean
  readonly onProgress?: (progress: StressProgress) => void
}

export interface StressProgress {
  readonly defect: Defect
  readonly phase: 'begun' | 'done'
  readonly row?: StressRow
}

export interface StressResult {
  readonly report: StressReport
  /** What did not hold, in sentences; empty where every guarantee did. */
  readonly broken: readonly string[]
  /** Folder of the run, where it was kept. */
  readonly folder?: string
  readonly tookMs: number
}

const rowDeadlineMs = 30_000

function hasHealed({ healedBy }: StressRow): boolean {
  return healedBy !== 'parked' && healedBy !== notInTime && !healedBy.startsWith(notInjected)
}

export async function stress(options: StressOptions = {}): Promise<StressResult> {
  const folder = join(resolve(options.root ?? '.lazaret/stress'), newId('run'))
  const beganAt = performance.now()
  let broken: readonly string[] = ['the run did not end']
  try {
    const stage = setStage(folder)
    const run = new StressRun(stage, options)
    const report = await run.play()
    broken = problemsOf(report, run.handledTwice)
    const kept = options.keep === true || broken.length > 0
    return { report, broken, tookMs: performance.now() - beganAt, ...(kept ? { folder } : {}) }
  } finally {
    const aborted = options.signal?.aborted === true
    if (aborted || (options.keep !== true && broken.length === 0)) rmSync(folder, { recursive: true, force: true })
  }
}

class StressRun {
  readonly #stage: Stage
  readonly #options: StressOptions
  readonly #runtime: Runtime
  readonly #traffic: Traffic
  readonly #events: LazaretEvent[] = []
  /** Aborted when the run is over or interrupted: nobody waits for anything any more. */
  readonly #over = new AbortController()
  handledTwice = 0

  constructor(stage: Stage, options: StressOptions) {
    this.#stage = stage
    this.#options = options
    this.#runtime = createRuntime({
      ...{ fleet: stage.fleetFile, dataDir: join(stage.folder, 'data'), log: false },
      quarantineDir: join(stage.folder, 'quarantine'),
      playbooksDir: join(stage.folder, 'playbooks'),
      // Often, so that what it finds and mends is under load too.
      integrityEveryMs: 1000,
    })
    this.#runtime.on('event', (event) => this.#events.push(event))
    this.#traffic = new Traffic(this.#runtime)
  }

  async play(): Promise<StressReport> {
    const abort = new Promise<never>((_, reject) => {
      this.#options.signal?.addEventListener('abort', () => {
        reject(new LazaretError('RUNTIME_STOPPED', 'The stress run was interrupted.'))
      })
    })
    // Nobody may be waiting for it any more when the interruption comes.
    abort.catch(() => undefined)
    try {
      await Promise.race([this.#runtime.start(), abort])
      this.#traffic.start()
      await Promise.race([this.#wave(1), abort])
      await Promise.race([this.#wave(2), abort])
      await Promise.race([this.#traffic.stop(), abort])
      await Promise.race([this.#drained(), abort])
      return this.#account()
    } finally {
      this.#over.abort()
      const settled = this.#traffic.stop()
      await this.#runtime.stop()
      await settled
    }
  }

  readonly #rows: StressRow[] = []

  /** Kernels side by side, the defects of one kernel one after another. */
  async #wave(wave: 1 | 2): Promise<void> {
    const ofWave = defects.filter((defect) => defect.wave === wave)
    const byKernel = Map.groupBy(ofWave, ({ kernel }) => kernel)
    const rows = new Map<Defect, StressRow>()
    await Promise.all(
      [...byKernel.values()].map(async (list) => {
        for (const defect of list) {
          rows.set(defect, await this.#row(defect))
          this.#over.signal.throwIfAborted()
        }
      }),
    )
    this.#rows.push(...ofWave.map((defect) => rows.get(defect) as StressRow))
  }

  async #row(defect: Defect): Promise<StressRow> {
    const { kernel, wave, expected } = defect
    await this.#golden(kernel)
    this.#over.signal.throwIfAborted()
    const wasParked = this.#isParked(kernel)
    this.#options.onProgress?.({ defect, phase: 'begun' })
    const from = this.#events.length
    const beganAt = performance.now()
    const healedBy = wasParked ? 'parked' : await this.#injected(defect)
    const measured = Math.round(performance.now() - beganAt)
    const tookMs = wasParked ? (this.#bootToPark(kernel) ?? measured) : measured
    const since = this.#events.slice(from).filter((event) => event.kernel === kernel)
    const count = (type: string) => since.filter((event) => event.type === type).length
    const row: StressRow = {
      ...{ defect: defect.name, kernel, wave, expected, healedBy, asExpected: healedBy === expected, tookMs },
      faults: count('kernel.crashed') || this.#bootFaults(kernel),
      restarts: since.filter((event) => event.type === 'kernel.started' && event.reason === 'restart').length,
      state: this.#runtime.kernel(kernel).status().state,
    }
    this.#options.onProgress?.({ defect, phase: 'done', row })
    return row
  }

  async #injected(defect: Defect): Promise<string> {
    const ended = this.#ended(defect.kernel)
    try {
      await defect.inject(this.#field())
    } catch (thrown) {
      this.#over.signal.throwIfAborted()
      // The kernel is not as the table expects it: one row that did not hold, and the others go on.
      return `${notInjected}: ${toRecord(thrown).message}`
    }
    return ended
  }

  /** A defect that is there from the first boot has done its work before its row begins. */
  #bootToPark(kernel: string): number | undefined {
    const at = (type: string) => this.#events.find((event) => event.kernel === kernel && event.type === type)?.at
    const [from, to] = [at('kernel.started'), at('kernel.parked')]
    return from === undefined || to === undefined ? undefined : to - from
  }

  /** As above. */
  #bootFaults(kernel: string): number {
    return this.#events.filter((event) => event.type === 'kernel.crashed' && event.kernel === kernel).length
  }

  #field(): Field {
    return {
      ...{ runtime: this.#runtime, stage: this.#stage },
      crashed: async (kernel, then) => {
        await this.#next((event) => event.type === 'kernel.crashed' && event.kernel === kernel, then)
      },
    }
  }

  /** A defect comes to a kernel that has something to go back to; one that never ran has nothing. */
  async #golden(kernel: string): Promise<void> {
    const wanted = (event: LazaretEvent) => event.kernel === kernel && event.type === 'snapshot.golden'
    if (this.#isParked(kernel) || this.#events.some(wanted)) return
    await this.#next(wanted)
  }

  #isParked(kernel: string): boolean {
    return this.#runtime.kernel(kernel).status().state === 'quarantined.parked'
  }

  /** How the kernel's next failure ends. */
  async #ended(kernel: string): Promise<string> {
    const event = await this.#next(
      ({ type, kernel: who }) => who === kernel && (type === 'kernel.recovered' || type === 'kernel.parked'),
    )
    if (event === undefined) return notInTime
    return event.type === 'kernel.parked' ? 'parked' : String(event.healedBy)
  }

  /** The next event that satisfies the test; undefined where none comes in time, or before the run is over. */
  #next(test: (event: LazaretEvent) => boolean, then?: () => void): Promise<LazaretEvent | undefined> {
    return new Promise((resolve) => {
      const end = (event?: LazaretEvent) => {
        clearTimeout(timer)
        this.#over.signal.removeEventListener('abort', giveUp)
        off()
        resolve(event)
      }
      const giveUp = () => end()
      const timer = setTimeout(giveUp, rowDeadlineMs)
      this.#over.signal.addEventListener('abort', giveUp)
      const off = this.#runtime.on('event', (event) => {
        if (!test(event)) return
        then?.()
        end(event)
      })
    })
  }

  /** Every message that was accepted has been handled: an ask to each kernel in service, after all others in its mailbox. */
  async #drained(): Promise<void> {
    const last: readonly [string, string][] = [
      ...[['memory_fusion', 'size'] as const, ['immutable_log', 'head'] as const, ['message_bus', 'stats'] as const],
      ...[['coding_agent', 'stats'] as const, ['scheduler', 'jobs'] as const],
    ].map(([kernel, method]) => [kernel, method])
    await Promise.allSettled(
      last.map(([kernel, method]) => this.#runtime.ref(kernel).with({ deadlineMs: 10_000 }).ask[method]?.()),
    )
  }

  #account(): StressReport {
    const states = this.#runtime.status().map(({ state }) => state)
    const inState = (test: (state: string) => boolean) => states.filter(test).length
    const ofType = (type: string) => this.#events.filter((event) => event.type === type)
    const ledgers = new Map(this.#stage.kernels.map((kernel) => [kernel, readLedger(this.#stage.ledger(kernel))]))
    const pastBudget = this.#stage.kernels.map((kernel) => {
      const started = ofType('kernel.started').filter((event) => event.kernel === kernel)
      const bounds = { max: 3, stableMs: stressTimes.stableMs, gapMs: 400 }
      return startsPastBudget(ledgers.get(kernel) ?? [], started, bounds)
    })
    const letters = this.#runtime.journal.deadLetters({ limit: 100_000 }).map(({ args }) => args)
    const fates = fatesOf(this.#traffic.accepted, ledgers, letters, tokenPattern)
    this.handledTwice = fates.handledTwice
    const healed = this.#rows.filter(hasHealed)
    return {
      kernels: {
        total: states.length,
        running: inState((state) => state.startsWith('running')),
        quarantined: inState((state) => state.startsWith('quarantined') && state !== 'quarantined.parked'),
        parked: inState((state) => state === 'quarantined.parked'),
        failed: inState((state) => state.startsWith('failed')),
      },
      faults: {
        injected: this.#rows.length,
        healed: healed.length,
        asExpected: this.#rows.filter(({ asExpected }) => asExpected).length,
      },
      restarts: {
        total: ofType('kernel.started').filter(({ reason }) => reason === 'restart').length,
        pastBudget: pastBudget.reduce((sum, past) => sum + past, 0),
      },
      incidents: this.#runtime.journal.incidents({ limit: 1000 }).length,
      healedBy: Object.fromEntries(
        [...Map.groupBy(healed, ({ healedBy }) => healedBy)].map(([way, rows]) => [way, rows.length]),
      ),
      playbooks: { generated: ofType('playbook.generated').length, used: ofType('playbook.applied').length },
      asks: this.#traffic.asks,
      messages: {
        accepted: this.#traffic.accepted.size,
        ...{ handled: fates.handled, deadLettered: fates.deadLettered, lost: fates.lost.length },
      },
      rows: this.#rows,
    }
  }
}
