/**
 * One case in the sandbox: its golden, its broken and its mended kernel, replayed or checked. Shared by the corpus' own
 * test and the bench. It expects nothing; who calls it does.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import type { SandboxPool } from '../../../src/repair/sandbox-pool.ts'
import type { IsolatedResult, TrialBounds, TrialJob } from '../../../src/repair/trial.ts'
import type { Bench } from '../../sandbox/bench.ts'
import { type BugCall, type BugCase, mendedSources, recordedCall, type Sources } from './cases.ts'

/** A kernel with what it runs on. */
export interface World {
  readonly sources: Sources
  readonly config: Readonly<Record<string, unknown>>
  readonly state?: { readonly value: unknown } | undefined
}

/** Late throws of a failure that happens while idle; long enough for the timers of the cases, which are 50 ms at most. */
const idleSettleMs = 400

/** Keeps what snapshot() returned where it can be read when the trial is over. */
const recorder = (entry: string) => `import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { serialize } from 'node:v8'
import { defineKernel } from 'lazaret/kernel'
import kernel from './${entry}'

export default defineKernel({
  async start(ctx) {
    const instance = await kernel.start(ctx)
    const snapshot = async () => {
      const state = await instance.snapshot?.()
      writeFileSync(join(ctx.dataDir, 'state'), serialize(state))
      return state
    }
    return { ...instance, snapshot }
  },
})
`

export class CaseRuns {
  readonly #case: BugCase
  readonly #bench: Bench
  readonly #pool: SandboxPool
  #folders = 0

  constructor(bug: BugCase, bench: Bench, pool: SandboxPool) {
    this.#case = bug
    this.#bench = bench
    this.#pool = pool
  }

  /** Undefined where the defect was there from the first start. */
  golden(): World | undefined {
    const { golden, goldenConfig, goldenState } = this.#case
    return golden === undefined ? undefined : { sources: golden, config: goldenConfig, state: goldenState }
  }

  broken(): World {
    const { broken, config, state } = this.#case
    return { sources: broken, config, state }
  }

  /** As the right repair leaves it (see README.md). */
  async mended(): Promise<World> {
    const { mended, config, goldenConfig, state, hiddenOn } = this.#case
    const kept = mended !== undefined || state === undefined
    return {
      sources: mendedSources(this.#case),
      config: hiddenOn.config ?? (mended === undefined ? goldenConfig : config),
      state: hiddenOn.state ?? (kept ? state : { value: await this.goldenState() }),
    }
  }

  /** What the golden kernel's snapshot() gives after the traffic. */
  async goldenState(): Promise<unknown> {
    const world = this.golden()
    if (world === undefined) throw new Error(`${this.#case.name} has no golden kernel, and no state of one`)
    const sources = { ...world.sources, 'recorder.ts': recorder(this.#case.entry) }
    const { job, result } = await this.#trial({ ...world, sources }, this.#replayed(this.#case.traffic), 'recorder.ts')
    const file = join(job.folder, 'data', 'state')
    if (!existsSync(file)) throw new Error(`The golden run of ${this.#case.name} left no state: ${shown(result)}`)
    return deserialize(readFileSync(file)) as unknown
  }

  async replay(world: World, calls: readonly BugCall[]): Promise<IsolatedResult> {
    return (await this.#trial(world, this.#replayed(calls))).result
  }

  /** The author's check, on a fresh instance without state. */
  async check(world: World): Promise<IsolatedResult> {
    return (await this.#trial({ ...world, state: undefined }, { mode: 'check' }, this.#case.entry, 'check.ts')).result
  }

  /** The hidden check, on the state that there is. */
  async hidden(world: World): Promise<IsolatedResult> {
    return (await this.#trial(world, { mode: 'check' }, this.#case.entry, 'hidden.ts')).result
  }

  #replayed(calls: readonly BugCall[]): Partial<TrialJob> {
    return { mode: 'replay', messages: calls.map(recordedCall) }
  }

  async #trial(world: World, more: Partial<TrialJob>, entry = this.#case.entry, check?: 'check.ts' | 'hidden.ts') {
    this.#folders += 1
    const folder = `${this.#case.name}/${this.#folders}`
    const checks = check === undefined ? {} : { [check]: check === 'check.ts' ? this.#case.check : this.#case.hidden }
    for (const [name, text] of Object.entries({ ...world.sources, ...checks })) {
      this.#bench.write(`${folder}/${name}`, text)
    }
    const bounds: Partial<TrialBounds> = this.#case.fails.phase === 'idle' ? { settleMs: idleSettleMs } : {}
    const { bounds: _, ...given } = more
    const job = this.#bench.job(
      this.#bench.url(`${folder}/${entry}`),
      {
        ...given,
        config: { ...world.config },
        ...(world.state === undefined ? {} : { state: serialize(world.state.value) }),
        ...(check === undefined ? {} : { checkUrl: this.#bench.url(`${folder}/${check}`) }),
      },
      bounds,
    )
    return { job, result: await this.#pool.run(job, new AbortController().signal) }
  }
}

/** One line for the message of an assertion. */
export function shown({ outcome, phase, at, error, refused, needed }: IsolatedResult): string {
  const what =
    error === undefined ? '' : ` ${error.name}${error.code === undefined ? '' : ` [${error.code}]`}: ${error.message}`
  const cause = error?.cause === undefined ? '' : ` (${error.cause.name}: ${error.cause.message})`
  const cage = refused === undefined ? '' : ` ${refused}: ${needed}`
  return `${outcome} in phase ${phase}${at === undefined ? '' : ` at message ${at}`}${what}${cause}${cage}`
}
