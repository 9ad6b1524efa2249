/**
 * The child process in which a candidate runs: it starts one kernel under its original URL, hands it the recorded
 * messages or its check, and says truthfully how that went. Started by driver.ts with Node's permission model on and an
 * empty environment; see README.md for what that keeps out. It judges nothing, and trusts nothing but its job.
 *
 * It speaks on descriptor 3, in lines that begin with a word known to the job only: `b <pid>` at first, `p <phase> <index>`
 * when something begins, so that whoever watches knows what hung, `a <answer>` for each replayed message, `n <error>`
 * for what was not found and may be hidden, `m <KB>`, the most memory it held, and one `r <result>` at the end. What is printed cannot be mistaken for any. Code that sets out to forge a result can: it shares
 * this process.
 */
import { writeSync } from 'node:fs'
import { deserialize } from 'node:v8'
import { type Check, isCheck } from '../src/actor/kernel.ts'
import { importKernel, KernelFailure, KernelHost } from '../src/actor/kernel-host.ts'
import { installLoader, type Loader } from '../src/actor/loader.ts'
import { type ErrorRecord, toRecord } from '../src/base/error-record.ts'
import { LazaretError } from '../src/base/errors.ts'
import { answerWithError, answerWithValue } from '../src/repair/answer.ts'
import type { TrialJob, TrialPhase, TrialResult } from '../src/repair/trial.ts'
import { cageNeed } from './cage.ts'
import { notFoundIn } from './hidden.ts'
import { askOf, contextOf, LogTail } from './stage.ts'
import { serveStripped } from './strip.ts'

export interface ProbeJob extends TrialJob {
  readonly nonce: string
  /** JavaScript of the overlay's texts, by URL. */
  readonly stripped: Readonly<Record<string, string>>
  /** The same of the files on disk. */
  readonly strippedFiles: Readonly<Record<string, string>>
  readonly inBubblewrap: boolean
}

const channel = 3
const write = writeSync
const stringify = JSON.stringify
const exit = process.exit.bind(process)
const resources = process.resourceUsage.bind(process)

/** Of the things not found, those that are told; a kernel may look for one at each message. */
const missingTold = 20

class Probe {
  readonly #job: ProbeJob
  readonly #log = new LogTail()
  readonly #startedAt = performance.now()
  #phase: TrialPhase = 'import'
  #at: number | undefined
  #ended = false
  #caged: string | undefined
  #missing = 0

  constructor(job: ProbeJob) {
    this.#job = job
    process.on('uncaughtException', (thrown) => this.#fail(thrown))
    process.on('unhandledRejection', (reason) => this.#fail(reason))
    this.#say('b', String(process.pid))
  }

  async run(): Promise<void> {
    try {
      const { mode, checkUrl } = this.#job
      if (mode === 'check' && checkUrl !== undefined) await this.#runCheck(checkUrl)
      else await this.#replay()
      await this.#settle()
      this.#end({ outcome: 'passed', phase: 'idle' })
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  #load(): Loader {
    const { overlay, checkUrl, stripped, strippedFiles } = this.#job
    serveStripped(strippedFiles)
    return installLoader(Object.fromEntries(Object.entries(overlay).filter(([url]) => url !== checkUrl)), stripped)
  }

  async #start(loader: Loader): Promise<KernelHost> {
    this.#enter('import')
    const kernel = await importKernel(this.#job.entryUrl, loader.lastUrl)
    this.#enter('start')
    return KernelHost.start(kernel, contextOf(this.#job, this.#log), this.#job.crashOn)
  }

  async #replay(): Promise<void> {
    const host = await this.#start(this.#load())
    for (const [index, message] of this.#job.messages.entries()) {
      this.#at = index
      this.#enter('message')
      const handled = await host.handle(message.method, deserialize(message.args) as unknown[])
      if (!handled.ok) this.#noteOrdinary(handled.error)
      this.#say('a', stringify(handled.ok ? answerWithValue(handled.value) : answerWithError(handled.error)))
      this.#enter('idle')
      // Between two messages a kernel in its thread gets a turn of the loop; a late throw shows there.
      await turn()
    }
    if (!host.keepsState) return
    this.#enter('snapshot')
    try {
      await host.snapshot()
    } catch (thrown) {
      // In production the kernel goes on after a failed snapshot, so it is no failure of the replay either.
      this.#log.add('warn', toRecord(thrown).message)
    }
  }

  /** A kernel survives its handlers' ordinary errors; one that the cage caused is remembered all the same. */
  #noteOrdinary(error: ErrorRecord): void {
    this.#caged ??= this.#need(error)
    this.#log.add('info', `answered with ${error.name}: ${error.message}`)
  }

  #need(error: ErrorRecord, thrown?: unknown): string | undefined {
    const { inBubblewrap } = this.#job
    for (const missing of inBubblewrap ? notFoundIn(error) : []) {
      this.#missing += 1
      if (this.#missing <= missingTold) this.#say('n', stringify(missing))
    }
    return cageNeed(error, { thrown, inBubblewrap })
  }

  async #loadCheck(checkUrl: string): Promise<Check> {
    this.#enter('check')
    const module = (await import(checkUrl)) as { default?: unknown }
    if (isCheck(module.default)) return module.default
    throw new LazaretError('KERNEL_MALFORMED', `${checkUrl} has no default export made by defineCheck.`, {
      hint: "Write: export default defineCheck(async (kernel) => { ... }), from 'lazaret/kernel'.",
    })
  }

  async #runCheck(checkUrl: string): Promise<void> {
    const loader = this.#load()
    // The check is loaded first, so that a candidate's top level cannot prepare the ground for it.
    const check = await this.#loadCheck(checkUrl)
    const host = await this.#start(loader)
    this.#enter('check')
    const ask = askOf(this.#job.kernel, host, {
      ordinary: (error) => this.#noteOrdinary(error),
      fatal: (failure) => this.#fail(failure),
    })
    await check.run({ ask })
  }

  async #settle(): Promise<void> {
    this.#enter('idle')
    await turn()
    await new Promise((resolve) => setTimeout(resolve, this.#job.bounds.settleMs))
  }

  #enter(phase: TrialPhase): void {
    this.#phase = phase
    this.#say('p', `${phase} ${this.#at ?? -1}`)
  }

  #say(kind: 'b' | 'p' | 'a' | 'n' | 'm' | 'r', text: string): void {
    write(channel, `${this.#job.nonce} ${kind} ${text}\n`)
  }

  #fail(thrown: unknown): void {
    const failure = thrown instanceof KernelFailure ? thrown : undefined
    const error = failure?.record ?? toRecord(thrown)
    const phase = this.#phase === 'check' ? 'check' : (failure?.phase ?? this.#phase)
    this.#caged ??= this.#need(error, failure?.cause ?? thrown)
    this.#end({ outcome: 'failed', phase, error })
  }

  /** The one way out: says the result and leaves, whatever timers or handles the kernel still has. */
  #end(result: Pick<TrialResult, 'outcome' | 'phase' | 'error'>): void {
    if (this.#ended) return
    this.#ended = true
    const whole: TrialResult = {
      ...result,
      ...(this.#at === undefined ? {} : { at: this.#at }),
      ...(this.#caged === undefined ? {} : { refused: 'CAGE_UNSUITABLE', needed: this.#caged }),
      log: this.#log.lines(),
      durationMs: performance.now() - this.#startedAt,
    }
    this.#say('m', String(resources().maxRSS))
    this.#say('r', stringify(whole))
    exit(0)
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function readJob(): Promise<ProbeJob> {
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(part as Buffer)
  return deserialize(Buffer.concat(parts)) as ProbeJob
}

// bubblewrap leaves one: PWD.
for (const name of Object.keys(process.env)) delete process.env[name]
// Nothing else holds the loop open while a kernel awaits something that never comes: it must show as a hang, not as an
// exit. The driver ends it.
setInterval(() => {}, 2 ** 30)
await new Probe(await readJob()).run()
