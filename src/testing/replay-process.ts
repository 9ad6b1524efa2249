/**
 * The process in which `replayKernel` runs one kernel: started, handed its messages in order, and ended. It speaks over
 * Node's own channel between processes: the job comes in, what begins and how it ended goes out. Who waits for it, and
 * for how long, is replay-kernel.ts's part.
 */
import { deserialize, serialize } from 'node:v8'
import { importKernel, KernelFailure, KernelHost } from '../actor/kernel-host.ts'
import { installLoader } from '../actor/loader.ts'
import { recordedContext } from '../actor/recorded-world.ts'
import { type ErrorRecord, toRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { RecordedReply } from '../base/remedy.ts'
import type { CrashOn } from '../base/spec.ts'

export interface ReplayJob {
  readonly kernel: string
  readonly entryUrl: string
  readonly config: Record<string, unknown>
  /** v8.serialize of the state; absent where there is none. */
  readonly state?: Uint8Array
  /** `args` is v8.serialize of the argument list. */
  readonly messages: readonly { readonly method: string; readonly args: Uint8Array }[]
  readonly replies: readonly RecordedReply[]
  readonly crashOn: CrashOn
  readonly dataDir: string
  readonly settleMs: number
}

export type ReplayAnswer = { readonly value: Uint8Array } | { readonly error: ErrorRecord }

export type ReplayWord =
  /** Something begins: `at` is the index of the message. */
  | { readonly begins: 'import' | 'start' | 'message' | 'idle'; readonly at?: number }
  | { readonly answers: readonly ReplayAnswer[] }
  | { readonly failed: ErrorRecord }

// Taken before any kernel's code runs, which may replace them.
const send = process.send?.bind(process)
const exit = process.exit.bind(process)

let hasEnded = false

function say(word: ReplayWord): void {
  if (!hasEnded) send?.(word)
}

/** The first end counts; whatever timers or handles the kernel still has, the process leaves. */
function end(word: ReplayWord): void {
  if (hasEnded) return
  hasEnded = true
  if (send === undefined) exit(1)
  else send(word, undefined, undefined, () => exit(0))
}

function fail(thrown: unknown): void {
  end({ failed: thrown instanceof KernelFailure ? thrown.record : toRecord(thrown) })
}

async function replay(job: ReplayJob): Promise<void> {
  const loader = installLoader({})
  say({ begins: 'import' })
  const kernel = await importKernel(job.entryUrl, loader.lastUrl)
  say({ begins: 'start' })
  const world = { ...job, log: () => {} }
  const host = await KernelHost.start(kernel, recordedContext(world), job.crashOn)
  const answers: ReplayAnswer[] = []
  for (const [at, { method, args }] of job.messages.entries()) {
    say({ begins: 'message', at })
    const handled = await host.handle(method, deserialize(args) as unknown[])
    answers.push(handled.ok ? answerOf(method, handled.value) : { error: handled.error })
    // Between two messages a kernel in its thread gets a turn of the loop; a late throw shows there.
    await new Promise((resolve) => setImmediate(resolve))
  }
  say({ begins: 'idle' })
  await new Promise((resolve) => setTimeout(resolve, job.settleMs))
  end({ answers })
}

function answerOf(method: string, value: unknown): ReplayAnswer {
  try {
    return { value: serialize(value) }
  } catch (cause) {
    const text = `The reply of ${method} cannot be copied to another thread.`
    return { error: toRecord(new LazaretError('REPLY_UNCLONABLE', text, { cause })) }
  }
}

process.on('uncaughtException', fail)
process.on('unhandledRejection', fail)
// Whoever waited is gone.
process.on('disconnect', () => exit(1))
process.once('message', (job) => void replay(job as ReplayJob).catch(fail))
