/**
 * The drill: a known defect in a copy of somebody's own fleet, and whether each step of the ladder runs there. The copy is
 * a real runtime with folders of its own; everything that it made is gone at the end. What a step is judged by stands in
 * steps.ts, what becomes of the steps in judge.ts, how a failure is played in round.ts.
 */
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeRecord, type ErrorRecord } from '../../base/error-record.ts'
import { LazaretError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { FleetSpec, KernelSpec } from '../../base/spec.ts'
import type { Notice } from '../../escalation/notify.ts'
import { createRuntime, type Runtime } from '../../runtime.ts'
import { loadFleet } from '../../supervisor/fleet.ts'
import { interruption } from '../both.ts'
import { Watch } from '../watch.ts'
import { changedWords, drillTimes, fleetInCopy, ranked, whyNot } from './choose.ts'
import { copyFleet, type FleetCopy } from './copy.ts'
import { type DrillDefect, defectWords, type Edited, withDefect, withRoom, withUnrelatedEdit } from './defect.ts'
import { judgeDrill, shortEntry } from './judge.ts'
import { type DrillReport, hasPassed, type KernelDrill, type LeftOut } from './report.ts'
import { playRound, type Round } from './round.ts'

export interface DrillOptions {
  /** Path of the fleet's file. */
  readonly fleet: string
  /** Where the fleet's runtime keeps its playbooks: nothing is written there. Default `playbooks`. */
  readonly playbooksDir?: string
  /** Default: one is chosen, see choose.ts. */
  readonly kernel?: string
  /** Default `start`. */
  readonly defect?: DrillDefect
  /** Every kernel in turn. */
  readonly all?: boolean
  /** Leaves the folder of the drill. */
  readonly keep?: boolean
  /** Ends it early; everything is stopped and removed. */
  readonly signal?: AbortSignal
  /** What it is at, in a few words. */
  readonly onProgress?: (text: string) => void
}

/**
 * @throws LazaretError FLEET_INVALID, UNKNOWN_KERNEL, OPTION_INVALID before anything is started; RUNTIME_STOPPED where it
 * was interrupted.
 */
export async function drill(options: DrillOptions): Promise<DrillReport> {
  const fleet = loadFleet(options.fleet)
  needKernel(fleet, options.kernel)
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lazaret-drill-')))
  try {
    const report = await new Drill(fleet, folder, options).run()
    return options.keep === true ? { ...report, folder } : report
  } finally {
    if (options.keep !== true || options.signal?.aborted === true) rmSync(folder, { recursive: true, force: true })
  }
}

function needKernel({ kernels }: FleetSpec, id: string | undefined): void {
  if (id === undefined || kernels.some((spec) => spec.id === id)) return
  const known = kernels.map((spec) => spec.id)
  throw new LazaretError(
    'UNKNOWN_KERNEL',
    `The fleet has no kernel ${JSON.stringify(id)}. It has: ${known.join(', ')}.`,
    {
      details: { known },
      hint: 'Name one of them, or none: then one is chosen.',
    },
  )
}

class Drill {
  readonly #fleet: FleetSpec
  readonly #options: DrillOptions
  readonly #defect: DrillDefect
  readonly #copy: FleetCopy
  readonly #runtime: Runtime
  /** Aborted when the drill is over or interrupted: nobody waits for anything any more. */
  readonly #over = new AbortController()
  readonly #watch = new Watch(this.#over.signal)
  readonly #notices: Notice[] = []
  readonly #drills: KernelDrill[] = []
  readonly #leftOut: LeftOut[] = []
  /** What failed by itself. */
  readonly #broken: LeftOut[] = []

  constructor(fleet: FleetSpec, folder: string, options: DrillOptions) {
    this.#fleet = fleet
    this.#options = options
    this.#defect = options.defect ?? 'start'
    options.onProgress?.('copying the fleet')
    this.#copy = copyFleet(fleet, join(folder, 'copy'))
    for (const spec of fleet.kernels) if (whyNot(spec) === undefined) makeRoom(this.#entryOf(spec))
    this.#runtime = createRuntime({
      fleet: fleetInCopy(fleet, resolve(options.fleet), this.#copy, this.#defect),
      ...{ dataDir: join(folder, 'data'), quarantineDir: join(folder, 'quarantine') },
      playbooksDir: join(folder, 'playbooks'),
      ...{ log: false, control: false, notify: (notice) => void this.#notices.push(notice) },
    })
    this.#runtime.on('event', this.#watch.hear)
  }

  async run(): Promise<DrillReport> {
    const beganAt = performance.now()
    await using ending = new AsyncDisposableStack()
    ending.defer(async () => {
      this.#over.abort()
      await this.#runtime.stop()
    })
    const interrupted = interruption(this.#options.signal, 'The drill')
    this.#say(`starting ${this.#fleet.kernels.length} kernels`)
    await Promise.race([this.#runtime.start(), interrupted])
    this.#broken.push(...(await Promise.race([this.#settled(), interrupted])))
    await Promise.race([this.#drillAll(), interrupted])
    const { all = false } = this.#options
    const [drills, leftOut, brokenBefore] = [this.#drills, this.#leftOut, this.#broken]
    return {
      ...{ fleet: this.#options.fleet, kernels: this.#fleet.kernels.length, all, brokenBefore, drills, leftOut },
      changed: changedWords(this.#defect),
      passed: hasPassed({ drills, brokenBefore, all }),
      tookMs: Math.round(performance.now() - beganAt),
    }
  }

  /** In the copy. */
  #entryOf({ entryUrl }: KernelSpec): string {
    return this.#copy.placeOf(fileURLToPath(entryUrl))
  }

  #say(text: string): void {
    this.#options.onProgress?.(text)
  }

  /** Every kernel has become steady, or has failed: those are what was broken before. */
  async #settled(): Promise<LeftOut[]> {
    const isOver = (id: string) => {
      const { state, failures } = this.#runtime.kernel(id).status()
      return failures > 0 || state === 'running.steady' || state.startsWith('quarantined')
    }
    const ids = this.#fleet.kernels.map(({ id }) => id)
    const until = Date.now() + limits.drillStepMs
    while (!ids.every(isOver) && Date.now() < until && !this.#over.signal.aborted) {
      // Becoming steady is no event of its own: the snapshots that follow are, and so is every failure.
      await this.#watch.next(() => true, { withinMs: drillTimes.stableMs })
    }
    return this.#fleet.kernels.flatMap(({ id }) => {
      const crash = this.#watch.of(id).find(({ type }) => type === 'kernel.crashed')
      const { state } = this.#runtime.kernel(id).status()
      if (crash === undefined && state.startsWith('running')) return []
      const error = crash?.error as ErrorRecord | undefined
      return [{ kernel: id, why: error === undefined ? `it is ${state}` : describeRecord(error) }]
    })
  }

  async #drillAll(): Promise<void> {
    const { kernel, all } = this.#options
    const named = this.#fleet.kernels.filter(({ id }) => kernel === undefined || id === kernel)
    for (const spec of all ? named : ranked(named)) {
      if (this.#over.signal.aborted) return
      if (this.#broken.some((each) => each.kernel === spec.id)) continue
      const why = whyNot(spec)
      if (why === undefined && !(await this.#hasGolden(spec))) continue
      const done = why ?? (await this.#drillOne(spec))
      if (typeof done === 'string') {
        this.#leftOut.push({ kernel: spec.id, why: done })
        continue
      }
      this.#drills.push(done)
      const tries = this.#drills.length
      if (!all && (done.unsuitable === undefined || tries >= limits.drillTries)) return
    }
  }

  /** There must be something to go back to; a kernel that has nothing fails by itself. */
  async #hasGolden({ id }: KernelSpec): Promise<boolean> {
    this.#say(`waiting for a golden snapshot of ${id}`)
    const ends: ReadonlySet<string> = new Set(['snapshot.golden', 'snapshot.failed'])
    const end = await this.#watch.next(({ kernel, type }) => kernel === id && ends.has(type), {
      ...{ from: 0, withinMs: limits.drillStepMs },
    })
    if (end?.type === 'snapshot.golden') return true
    const error = end?.error as ErrorRecord | undefined
    const why = error === undefined ? 'it had none in time' : describeRecord(error)
    this.#broken.push({ kernel: id, why: `there is no golden snapshot of it: ${why}` })
    return false
  }

  /** The drill of one kernel, or why there was none. */
  async #drillOne(spec: KernelSpec): Promise<KernelDrill | string> {
    const entry = this.#entryOf(spec)
    const text = readFileSync(entry, 'utf8')
    for (const defect of new Set<DrillDefect>([this.#defect, 'import'])) {
      const edited = withDefect(text, defect)
      if (edited === undefined) continue
      this.#say(`${spec.id}: ${defectWords[defect]}`)
      const round = await this.#round(spec, () => writeFileSync(entry, edited.text))
      if (!round.hit) continue
      const again = await this.#again(spec, entry, edited, round)
      const where = `${defectWords[defect]}, line ${edited.line} of ${shortEntry(spec)}`
      const result = judgeDrill(spec, where, { round, again, playbooksDir: this.#options.playbooksDir ?? 'playbooks' })
      await this.#putBack(spec, entry, text)
      return result
    }
    await this.#putBack(spec, entry, text)
    return 'its source has no place where the defect is certain to be hit'
  }

  #round(spec: KernelSpec, change: () => void): Promise<Round> {
    return playRound({ runtime: this.#runtime, watch: this.#watch, notices: this.#notices }, spec.id, change)
  }

  async #again(spec: KernelSpec, entry: string, edited: Edited, round: Round): Promise<Round | undefined> {
    if (round.end !== 'recovered' || this.#over.signal.aborted) return undefined
    this.#say(`${spec.id}: the same failure once more`)
    return this.#round(spec, () => writeFileSync(entry, withUnrelatedEdit(edited)))
  }

  /** The kernel goes on as it was, for those that come after it. */
  async #putBack({ id }: KernelSpec, entry: string, text: string): Promise<void> {
    if (this.#over.signal.aborted) return
    writeFileSync(entry, text)
    const kernel = this.#runtime.kernel(id)
    if (kernel.status().state === 'running.steady') return
    const isOut = kernel.status().state.startsWith('quarantined')
    // Refused where it is neither: it is on its way by itself, and the next kernel's drill does not need it.
    await (isOut ? kernel.rejoin() : kernel.restart()).catch(() => undefined)
  }
}

function makeRoom(file: string): void {
  const text = readFileSync(file, 'utf8')
  const roomy = withRoom(text)
  if (roomy !== text) writeFileSync(file, roomy)
}
