/**
 * Faults as they come in life: from outside the kernel, through the inspector, its messages or its thread. For drills,
 * tests, and the stress run. Nothing here asks the kernel to play along; faults on disk are in disk-faults.ts.
 */
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import type { AnyRemoteApi, AskOptions, Ref } from '../actor/kernel.ts'
import { LazaretError } from '../base/errors.ts'
import { inspectorLine } from '../lifecycle/inspector.ts'

/** What a fault needs of a fleet: a Runtime is one. */
export interface Target {
  /** Absolute path. */
  readonly dataDir: string
  ref(id: string, options?: AskOptions): Ref<AnyRemoteApi>
  threadOf(id: string): { readonly name: string; terminate(): Promise<void> } | undefined
}

const inspectorMs = 5000

/** Ends the kernel's thread from outside, without a word to it. Resolves when it is gone. */
export async function killThread(fleet: Target, id: string): Promise<void> {
  await threadOf(fleet, id).terminate()
}

function threadOf(fleet: Target, id: string) {
  const thread = fleet.threadOf(id)
  if (thread !== undefined) return thread
  throw new LazaretError('COMMAND_REFUSED', `${id} has no thread now.`, { kernel: id, hint: 'See: lazaret status' })
}

/**
 * Runs an expression inside the kernel's thread through the inspector, as a debugger would: `process.exit(0)`. Resolves
 * when the thread has read it, or has ended by it.
 * @throws LazaretError COMMAND_REFUSED where the thread does not answer within 5 s, or cannot be inspected.
 */
export async function evaluateInThread(fleet: Target, id: string, expression: string): Promise<void> {
  const answer = Promise.withResolvers<void>()
  const line = openLine(fleet, id, () => answer.resolve())
  const late = new LazaretError('COMMAND_REFUSED', `${id} did not answer its inspector within ${inspectorMs} ms.`, {
    kernel: id,
  })
  const timer = setTimeout(() => answer.reject(late), inspectorMs)
  line.send('Runtime.evaluate', { expression })
  try {
    await answer.promise
  } finally {
    clearTimeout(timer)
    line.hangUp()
  }
}

function openLine(fleet: Target, id: string, onAnswer: () => void) {
  const line = inspectorLine(threadOf(fleet, id).name, onAnswer)
  if (line !== undefined) return line
  const text = `${id} cannot be inspected: from within a worker the inspector reaches that worker only.`
  throw new LazaretError('COMMAND_REFUSED', text, { kernel: id })
}

/** As evaluateInThread, for what never ends and so is never answered. */
function setGoing(fleet: Target, id: string, expression: string): void {
  const line = openLine(fleet, id, () => undefined)
  line.send('Runtime.evaluate', { expression })
  line.hangUp()
}

/** Keeps the kernel's event loop busy for ever, as an endless loop in its code would. Returns at once. */
export function blockLoop(fleet: Target, id: string): void {
  setGoing(fleet, id, 'for (let turns = 0; ; turns += 1) globalThis.turnsOfABlockedLoop = turns')
}

/** Has the kernel's thread sleep for ever: it uses no CPU and answers nothing, as in a lock that is never released. */
export function stallHeartbeat(fleet: Target, id: string): void {
  setGoing(fleet, id, 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)')
}

/**
 * Memory that is taken and never given back, some megabytes every few milliseconds while the loop turns, until the
 * kernel's `limits.heapMb` ends its thread. A chain of closures: other shapes take the whole process with them (FACTS A5).
 */
export async function leakMemory(fleet: Target, id: string): Promise<void> {
  await evaluateInThread(
    fleet,
    id,
    `setInterval(() => {
      for (let n = 0; n < 4096; n += 1) {
        const text = String(n).padStart(1024, String(Math.random()))
        const before = globalThis.leaked
        globalThis.leaked = () => [text.charAt(n % 7), before]
      }
    }, 5)`,
  )
}

/**
 * Tells a kernel the same thing many times at once.
 * @param args the arguments, or a function of the message's number, from 0, that makes them.
 */
export function floodTells(
  fleet: Target,
  id: string,
  method: string,
  args: unknown[] | ((n: number) => unknown[]),
  count: number,
): void {
  const tell = fleet.ref(id).tell[method]
  for (let sent = 0; sent < count; sent++) tell?.(...(typeof args === 'function' ? args(sent) : args))
}

/**
 * Asks for something that must be refused, many times at once. Resolves with how many were refused with this code of the
 * kernel's own (`ACCESS_DENIED`), how many were let through, and how many failed otherwise.
 */
export async function askForbidden(
  fleet: Target,
  id: string,
  what: { method: string; args: unknown[]; code: string; deadlineMs?: number },
  count: number,
): Promise<{ refused: number; allowed: number; failed: number }> {
  const { method, args, code, deadlineMs = 10_000 } = what
  const { ask } = fleet.ref(id, { deadlineMs })
  const outcomes = await Promise.all(
    Array.from({ length: count }, () =>
      Promise.resolve(ask[method]?.(...args)).then(
        () => 'allowed' as const,
        (error: { cause?: { code?: string } }) => (error.cause?.code === code ? 'refused' : 'failed'),
      ),
    ),
  )
  const inAll = (outcome: string) => outcomes.filter((each) => each === outcome).length
  return { refused: inAll('refused'), allowed: inAll('allowed'), failed: inAll('failed') }
}

export interface BusyProcesses {
  /** Resolves when the last one is gone. */
  readonly ended: Promise<void>
  end(): void
}

/**
 * Keeps every core of the machine busy with processes of its own. They end when the time is over, when they are told to,
 * or when this process ends.
 * @param ms milliseconds.
 */
export function saturateCpu(ms: number, cores: number = availableParallelism()): BusyProcesses {
  // Each ends itself as well: nothing is left behind where this process is killed.
  const spin = `const end = Date.now() + ${Math.round(ms)}; while (Date.now() < end);`
  const busy = Array.from({ length: cores }, () => spawn(process.execPath, ['-e', spin], { stdio: 'ignore', env: {} }))
  const gone = busy.map(
    (child) =>
      new Promise<void>((resolve) => {
        child.once('exit', () => resolve())
        child.once('error', () => resolve())
      }),
  )
  const end = () => {
    for (const child of busy) child.kill('SIGKILL')
  }
  process.once('exit', end)
  const ended = Promise.all(gone).then(() => {
    process.off('exit', end)
  })
  return { ended, end }
}
