/**
 * Tells other kernels to do something, again and again: every so many milliseconds, or when a cron pattern comes true.
 * It tells and does not ask, so a target that is slow or down delays no other job. Each run is written to the immutable
 * log. What was due while this kernel was down is not made up for.
 */
import { type AnyRemoteApi, defineKernel, type KernelApi, type KernelContext, type Ref } from 'lazaret/kernel'
import { type Job, readJob, refusal, shown, startCron } from './job.ts'

export interface SchedulerConfig {
  /** Jobs that always run; a wrong one keeps the kernel from starting, because a forgotten job is worse. */
  jobs?: Job[]
}
interface SchedulerState {
  /** Jobs of callers; those of the configuration come from there. */
  jobs: Job[]
  runs: [name: string, count: number][]
}

const maxJobs = 500

class Timetable {
  readonly #ctx: KernelContext<SchedulerState, SchedulerConfig>
  readonly #jobs = new Map<string, { job: Job; fixed: boolean; stop: () => void }>()
  readonly #runs: Map<string, number>

  constructor(ctx: KernelContext<SchedulerState, SchedulerConfig>) {
    this.#ctx = ctx
    const { jobs = [] } = ctx.config
    if (!Array.isArray(jobs)) throw refusal('CONFIG_INVALID', `config.jobs: accepted is a list. Got: ${typeof jobs}`)
    const fixed = jobs.map((job, index) => readJob(job, `config.jobs[${index}]`, 'CONFIG_INVALID'))
    const restored = (ctx.restored?.jobs ?? []).map((job, index) =>
      readJob(job, `state.jobs[${index}]`, 'STATE_INVALID'),
    )
    this.#runs = new Map(ctx.restored?.runs)
    if (![...this.#runs.values()].every(Number.isSafeInteger)) throw refusal('STATE_INVALID', 'state.runs: not counts.')
    try {
      for (const job of fixed) this.#start(job, true)
      for (const job of restored) {
        if (!this.#jobs.has(job.name)) this.#start(job, false)
        else ctx.log.warn('a restored job gave way to the one of the same name in the configuration', { job: job.name })
      }
    } catch (error) {
      this.stop() // a timetable that could not be set up whole must not tick in part
      throw error
    }
  }

  add(job: Job, fixed: boolean): void {
    if (this.#jobs.size >= maxJobs) throw refusal('TOO_MANY_JOBS', `There are ${maxJobs} jobs, which is the limit.`)
    this.#start(job, fixed)
  }

  /** A state of the full number, and one job more in the configuration, must still start: the limit is for callers. */
  #start(job: Job, fixed: boolean): void {
    if (this.#jobs.has(job.name)) throw refusal('JOB_EXISTS', `There is a job ${job.name} already: cancel it first.`)
    const target = this.#ctx.ref(job.to) // an id that no kernel can have is refused here
    const run = () => this.#run(job, target)
    if (job.everyMs !== undefined) {
      const timer = setInterval(run, job.everyMs)
      this.#jobs.set(job.name, { job, fixed, stop: () => clearInterval(timer) })
    } else {
      const cron = startCron(job, run)
      this.#jobs.set(job.name, { job, fixed, stop: () => cron.stop() })
    }
  }

  cancel(name: string): boolean {
    const entry = this.#jobs.get(name)
    if (entry === undefined) return false
    if (entry.fixed) throw refusal('JOB_FIXED', `The job ${name} stands in the configuration: take it out there.`)
    entry.stop()
    this.#runs.delete(name)
    return this.#jobs.delete(name)
  }

  list(): (Job & { fixed: boolean; runs: number })[] {
    return [...this.#jobs.values()].map(({ job, fixed }) => ({ ...job, fixed, runs: this.runs(job.name) }))
  }

  has(name: string): boolean {
    return this.#jobs.has(name)
  }

  runs(name: string): number {
    return this.#runs.get(name) ?? 0
  }

  state(): SchedulerState {
    const jobs = [...this.#jobs.values()].filter((entry) => !entry.fixed).map((entry) => entry.job)
    return { jobs, runs: [...this.#runs].filter(([name]) => this.#jobs.has(name)) }
  }

  stop(): void {
    for (const entry of this.#jobs.values()) entry.stop()
  }

  #run(job: Job, target: Ref<AnyRemoteApi>): void {
    const run = this.runs(job.name) + 1
    this.#runs.set(job.name, run)
    target.tell[job.method]?.(...(job.args ?? []))
    this.#ctx.ref('immutable_log').tell.append?.({ what: 'job', job: job.name, to: job.to, method: job.method, run })
  }
}

const kernel = defineKernel({
  start(ctx: KernelContext<SchedulerState, SchedulerConfig>) {
    const timetable = new Timetable(ctx)
    return {
      api: {
        /** Adds a job and starts it. Jobs added so are part of the snapshot. */
        schedule: (job: Job): void => timetable.add(readJob(job, 'job', 'INVALID_JOB'), false),
        /** False where there was no such job. */
        cancel: (name: string): boolean => timetable.cancel(name),
        jobs: () => timetable.list(),
        /** How often the job has run, over restarts too. */
        runs(name: string): number {
          if (!timetable.has(name)) throw refusal('NOT_FOUND', `There is no job ${shown(name)}.`)
          return timetable.runs(name)
        },
      },
      snapshot: () => timetable.state(),
      stop: () => timetable.stop(),
    }
  },
})
export default kernel
export type Scheduler = KernelApi<typeof kernel>
