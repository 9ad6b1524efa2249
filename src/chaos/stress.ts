/**
 * The stress run: the fleet at work, three waves of defects, and the account of it all. Wave 1: lasting defects, several
 * kernels side by side. Wave 2: faults from outside. Wave 3: failures of wave 1 come back in other surroundings. What is
 * expected stands in defects.ts, who counts in ledger.ts and traffic.ts.
 */
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { newId } from '../base/ids.ts'
import { createRuntime, type Runtime } from '../runtime.ts'
import { account } from './account.ts'
import { interruption, scriptFor } from './both.ts'
import { type Defect, defects } from './defects.ts'
import type { Field } from './field.ts'
import { Hooks } from './hooks.ts'
import { problemsOf, type StressReport, type StressRow, type Wave } from './report.ts'
import { compared, playRow } from './row.ts'
import { type Stage, setStage, stressTimes } from './stage.ts'
import { Traffic } from './traffic.ts'
import { Watch } from './watch.ts'

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
}

export async function stress(options: StressOptions = {}): Promise<StressResult> {
  const folder = join(resolve(options.root ?? '.lazaret/stress'), newId('run'))
  let broken: readonly string[] = ['the run did not end']
  try {
    await using hooks = await Hooks.open()
    const stage = setStage(folder, scriptFor(hooks))
    const report = await new StressRun(stage, options, hooks).play()
    broken = problemsOf(report)
    const kept = options.keep === true || broken.length > 0
    return { report, broken, ...(kept ? { folder } : {}) }
  } finally {
    const aborted = options.signal?.aborted === true
    if (aborted || (options.keep !== true && broken.length === 0)) rmSync(folder, { recursive: true, force: true })
  }
}

class StressRun {
  readonly #stage: Stage
  readonly #options: StressOptions
  readonly #hooks: Hooks
  readonly #runtime: Runtime
  /** Aborted when the run is over or interrupted: nobody waits for anything any more. */
  readonly #over = new AbortController()
  readonly #watch = new Watch(this.#over.signal)
  readonly #rows = new Map<Defect, StressRow>()
  readonly #beganAt = performance.now()

  constructor(stage: Stage, options: StressOptions, hooks: Hooks) {
    this.#stage = stage
    this.#hooks = hooks
    this.#options = options
    this.#runtime = createRuntime({
      ...{ fleet: stage.fleetFile, dataDir: join(stage.folder, 'data'), log: false },
      // Often, so that what it finds and mends is under load too.
      integrityEveryMs: stressTimes.integrityMs,
      quarantineDir: join(stage.folder, 'quarantine'),
      playbooksDir: join(stage.folder, 'playbooks'),
    })
    this.#runtime.on('event', this.#watch.hear)
  }

  async play(): Promise<StressReport> {
    const abort = interruption(this.#options.signal, 'The stress run')
    await using ending = new AsyncDisposableStack()
    const traffic = new Traffic(this.#runtime, this.#stage.kernels, this.#hooks)
    ending.defer(async () => {
      this.#over.abort()
      const settled = traffic.stop()
      await this.#runtime.stop()
      await settled
    })
    const field: Field = {
      ...{ fleet: this.#runtime, stage: this.#stage, watch: this.#watch, traffic },
      defer: (end) => ending.defer(end),
    }
    await Promise.race([this.#runtime.start(), abort])
    traffic.start()
    for (const wave of [1, 2, 3] as const) await Promise.race([this.#wave(field, wave), abort])
    await Promise.race([traffic.stop(), abort])
    // Every message that was accepted has been handled: an ask to each kernel, after all others in its mailbox.
    const probes = this.#stage.kernels.map(async (kernel) => ({ kernel, why: await traffic.probe(kernel) }))
    const answers = await Promise.race([Promise.all(probes), abort])
    const silent = answers.flatMap(({ kernel, why }) => (why === undefined ? [] : [{ kernel, why }]))
    const rows = compared(
      [...defects].map((defect) => this.#rows.get(defect)).filter((row) => row !== undefined),
      defects,
    )
    const tookMs = performance.now() - this.#beganAt
    return account({ stage: this.#stage, runtime: this.#runtime, watch: this.#watch, traffic, rows, silent, tookMs })
  }

  /** Kernels side by side, the defects of one kernel one after another; then those that need the fleet for themselves. */
  async #wave(field: Field, wave: Wave): Promise<void> {
    const ofWave = defects.filter((defect) => defect.wave === wave)
    const together = ofWave.filter(({ alone }) => alone !== true)
    const byKernel = Map.groupBy(together, ({ kernel }) => kernel)
    await Promise.all([...byKernel.values()].map((list) => this.#oneByOne(field, list)))
    await this.#oneByOne(
      field,
      ofWave.filter(({ alone }) => alone === true),
    )
  }

  async #oneByOne(field: Field, list: readonly Defect[]): Promise<void> {
    for (const defect of list) {
      const row = await playRow(field, defect, {
        signal: this.#over.signal,
        stateOf: (kernel) => this.#stateOf(kernel),
        onBegun: () => this.#options.onProgress?.({ defect, phase: 'begun' }),
      })
      this.#rows.set(defect, row)
      this.#options.onProgress?.({ defect, phase: 'done', row })
    }
  }

  /** A row may be about all of them. */
  #stateOf(kernel: string): string {
    if (this.#stage.kernels.includes(kernel)) return this.#runtime.kernel(kernel).status().state
    const states = new Set(this.#runtime.status().map(({ state }) => state))
    return [...states].sort().join(', ')
  }
}
