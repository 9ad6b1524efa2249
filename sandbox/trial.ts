/**
 * One trial: hands a caged process its job, follows its progress, bounds its time, memory and output, kills the whole
 * group at the end and says what happened and what it cost. Runs in the driver's thread. It decides nothing about the
 * repair.
 */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:os'
import { serialize } from 'node:v8'
import { toRecord } from '../src/base/error-record.ts'
import { type ErrorCode, LazaretError } from '../src/base/errors.ts'
import { limits } from '../src/base/limits.ts'
import type { IsolatedResult, TrialAnswer, TrialCost, TrialJob, TrialPhase, TrialResult } from '../src/repair/trial.ts'
import { type CagedEnd, type CagedProcess, residentMb } from './child.ts'
import { hiddenFile, type NotFound } from './hidden.ts'
import { cpuMsOf, Patience } from './patience.ts'
import type { ProbeJob } from './probe.ts'
import { strippedFiles, strippedOverlay } from './strip.ts'
import type { Walls } from './walls.ts'

const memoryPollMs = 50
/** Text kept of what the candidate printed, to show a person how it died. */
const outputTailChars = 4000

export interface TrialInput {
  readonly job: TrialJob
  readonly walls: Walls
  readonly caged: CagedProcess
  /** The process had been started beforehand. */
  readonly warm: boolean
  readonly startedAt: number
  /** Called when the candidate's own turn begins. */
  readonly loaded: () => void
}

export class Trial {
  readonly #input: TrialInput
  readonly #job: TrialJob
  readonly #nonce = randomUUID()
  readonly #caged: CagedProcess
  readonly #timers: NodeJS.Timeout[] = []
  readonly #done = Promise.withResolvers<IsolatedResult>()
  #stepTimer: NodeJS.Timeout | undefined
  #finishing = false
  /** Of the candidate, as its probe says; 0 until then. */
  #pid = 0
  #rssMb = 0
  #phase: TrialPhase = 'import'
  #at: number | undefined
  readonly #answers: TrialAnswer[] = []
  #hidden: string | undefined
  #result: TrialResult | undefined
  #line = ''
  #channelBytes = 0
  #outputBytes = 0
  #outputTail = ''

  constructor(input: TrialInput) {
    this.#input = input
    this.#job = input.job
    this.#caged = input.caged
  }

  /** @throws LazaretError SANDBOX_FAILED where the candidate's turn never came. */
  run(): Promise<IsolatedResult> {
    const { shell, channel, stdin, closed } = this.#caged
    closed.then(
      (end) => this.#closed(end),
      (cause) => this.#broken('The shell of the sandbox could not be started (/bin/sh).', cause),
    )
    for (const stream of [shell.stdout, shell.stderr]) stream?.on('data', (chunk: Buffer) => this.#output(chunk))
    channel.on('data', (chunk: Buffer) => this.#channel(chunk))
    // Only the candidate holds the channel's other end: it has left, or closed it, and has nothing more to say.
    channel.on('end', () => this.#finish())
    const job: ProbeJob = {
      ...{ ...this.#job, nonce: this.#nonce, inBubblewrap: this.#input.walls.ground.bubblewrap !== undefined },
      ...{ stripped: strippedOverlay(this.#job), strippedFiles: strippedFiles(this.#job) },
    }
    stdin.end(serialize(job))
    this.#timers.push(setTimeout(() => this.#hung(`${this.#job.bounds.runMs} ms in all`), this.#job.bounds.runMs))
    this.#timers.push(setInterval(() => this.#watchMemory(), memoryPollMs))
    this.#enter('import', -1)
    return this.#done.promise
  }

  abort(): void {
    this.#stop({ outcome: 'exited', error: toRecord(new LazaretError('SANDBOX_FAILED', 'The trial was aborted.')) })
  }

  #enter(phase: TrialPhase, at: number): void {
    this.#phase = phase
    if (at >= 0) this.#at = at
    clearTimeout(this.#stepTimer)
    const { startMs, messageMs, settleMs } = this.#job.bounds
    const bound = {
      import: startMs,
      start: startMs,
      message: messageMs,
      snapshot: messageMs,
      idle: messageMs + settleMs,
    }
    const ms: number | undefined = bound[phase as keyof typeof bound]
    if (ms === undefined) return
    const patience = new Patience(ms, () => (this.#pid === 0 ? undefined : cpuMsOf(this.#pid)))
    const look = () => {
      const moreMs = patience.moreMs()
      if (moreMs > 0) this.#stepTimer = setTimeout(look, moreMs)
      else this.#hung(`${ms} ms in phase ${phase}`)
    }
    this.#stepTimer = setTimeout(look, ms)
  }

  #hung(bound: string): void {
    const what = this.#at === undefined ? '' : ` at message ${this.#at}`
    this.#stop({
      outcome: 'hung',
      error: this.#error('KERNEL_HUNG', `Still busy${what} after ${bound}; the process was killed.`),
    })
  }

  #error(code: ErrorCode, text: string) {
    return toRecord(new LazaretError(code, text, { kernel: this.#job.kernel }))
  }

  #watchMemory(): void {
    const megabytes = this.#pid === 0 ? undefined : residentMb(this.#pid)
    this.#rssMb = Math.max(this.#rssMb, megabytes ?? 0)
    if (megabytes === undefined || megabytes <= this.#job.bounds.rssMb) return
    const text = `The process held ${Math.round(megabytes)} MB; ${this.#job.bounds.rssMb} are allowed.`
    this.#stop({ outcome: 'exited', error: this.#error('KERNEL_OUT_OF_MEMORY', text) })
  }

  #output(chunk: Buffer): void {
    this.#outputBytes += chunk.byteLength
    this.#outputTail = (this.#outputTail + chunk.toString('utf8')).slice(-outputTailChars)
    if (this.#outputBytes <= this.#job.bounds.outputBytes) return
    const text = `More than ${this.#job.bounds.outputBytes} bytes were printed; the process was killed.`
    this.#stop({ outcome: 'failed', error: this.#error('SANDBOX_FAILED', text) })
  }

  #channel(chunk: Buffer): void {
    if (this.#result !== undefined) return
    this.#channelBytes += chunk.byteLength
    if (this.#channelBytes > limits.sandboxChannelBytes) {
      const text = `More than ${limits.sandboxChannelBytes} bytes came on the channel of results.`
      this.#stop({ outcome: 'failed', error: this.#error('SANDBOX_FAILED', text) })
      return
    }
    const lines = (this.#line + chunk.toString('latin1')).split('\n')
    this.#line = lines.pop() ?? ''
    for (const line of lines) this.#said(Buffer.from(line, 'latin1').toString('utf8'))
  }

  #said(line: string): void {
    const [nonce, kind, ...rest] = line.split(' ')
    // Lines of anybody but the probe: the candidate can write to this descriptor too.
    if (nonce !== this.#nonce) return
    if (kind === 'b') this.#loaded(Number(rest[0]))
    if (kind === 'n') this.#hidden ??= this.#hiddenFile(JSON.parse(rest.join(' ')) as NotFound)
    if (kind === 'm') this.#rssMb = Math.max(this.#rssMb, Number(rest[0]) / 1024)
    if (kind === 'p') this.#enter(rest[0] as TrialPhase, Number(rest[1]))
    if (kind === 'a') this.#answers.push(JSON.parse(rest.join(' ')) as TrialAnswer)
    if (kind === 'r') {
      this.#result ??= JSON.parse(rest.join(' ')) as TrialResult
      this.#finish()
    }
  }

  #hiddenFile(missing: NotFound): string | undefined {
    return hiddenFile(missing, this.#input.walls.folder, this.#input.walls.readable)
  }

  #loaded(pid: number): void {
    // In a namespace of its own it does not know its number outside; bubblewrap told it before it let go of it.
    this.#pid = this.#input.walls.ground.bubblewrap === undefined ? pid : (this.#caged.innerPid ?? 0)
    this.#watchMemory()
    this.#input.loaded()
  }

  /** Ends the process; what counts is the first reason. The promise settles when it is gone. */
  #stop(result: Pick<TrialResult, 'outcome' | 'error'>): void {
    this.#result ??= this.#complete(result)
    this.#finish()
  }

  /** Has the shell end it. A shell that does not is killed with its whole group, and after that nothing more is hoped. */
  #finish(): void {
    if (this.#finishing) return
    this.#finishing = true
    this.#caged.end()
    const group = this.#caged.shell.pid
    this.#timers.push(
      setTimeout(() => this.#caged.killGroup(), limits.terminateMs / 2),
      setTimeout(
        () => this.#broken(`Process group ${group} is still there ${limits.terminateMs} ms after its end was ordered.`),
        limits.terminateMs,
      ),
    )
  }

  #complete(result: Pick<TrialResult, 'outcome' | 'error'>): TrialResult {
    const lines = this.#outputTail === '' ? [] : this.#outputTail.trimEnd().split('\n')
    return {
      ...result,
      phase: this.#phase,
      ...(this.#at === undefined ? {} : { at: this.#at }),
      log: lines.slice(-limits.sandboxLogLines),
      durationMs: performance.now() - this.#input.startedAt,
    }
  }

  #closed(end: CagedEnd): void {
    if (this.#result === undefined && this.#pid === 0) {
      // The candidate's turn had not begun, so this says nothing of it.
      this.#broken(`The sandbox's process ended before the candidate was loaded: ${this.#outputTail.trim()}`)
      return
    }
    const result = this.#result ?? this.#exited(end)
    this.#clear()
    const { isolation } = this.#input.walls.ground
    const answers = this.#job.mode === 'replay' ? { answers: this.#answers } : {}
    this.#done.resolve({
      ...result,
      ...this.#refusal(result),
      ...answers,
      isolation,
      pid: this.#pid,
      cost: this.#cost(end),
    })
  }

  #refusal({ refused }: TrialResult): Partial<TrialResult> {
    if (refused !== undefined || this.#hidden === undefined) return {}
    return { refused: 'CAGE_UNSUITABLE', needed: `to read files outside its folder (${this.#hidden})` }
  }

  #cost({ cpuMs }: CagedEnd): TrialCost {
    return {
      durationMs: performance.now() - this.#input.startedAt,
      ...(cpuMs === undefined ? {} : { cpuMs }),
      ...(this.#rssMb === 0 ? {} : { rssMb: Math.round(this.#rssMb) }),
      warm: this.#input.warm,
    }
  }

  /** No result: it left on its own. */
  #exited({ code, signal }: CagedEnd): TrialResult {
    // A shell reports a signal as 128 and its number.
    const number = code !== null && code > 128 ? code - 128 : undefined
    const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0]
    const how = name === undefined && signal === null ? `with exit code ${code}` : `by ${name ?? signal}`
    if (/heap out of memory|OOMError/.test(this.#outputTail)) {
      return this.#complete({ outcome: 'exited', error: this.#error('KERNEL_OUT_OF_MEMORY', `It ran out of memory.`) })
    }
    return this.#complete({
      outcome: 'exited',
      error: this.#error('KERNEL_EXITED', `It ended ${how} and said nothing.`),
    })
  }

  #broken(text: string, cause?: unknown): void {
    this.#clear()
    this.#caged.killGroup()
    this.#done.reject(new LazaretError('SANDBOX_FAILED', text, { kernel: this.#job.kernel, cause }))
  }

  #clear(): void {
    clearTimeout(this.#stepTimer)
    for (const timer of this.#timers) clearTimeout(timer)
  }
}
