/** What the kernels of the fleet are started with in tests: a context that records what they send; its clock stands. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnyRemoteApi, Api, Kernel, KernelApi, KernelContext, KernelInstance, Ref } from 'lazaret/kernel'
import { onTestFinished } from 'vitest'
import { makeRef } from '../../src/actor/ref.ts'
import { LazaretError } from '../../src/base/errors.ts'

export interface Sent {
  to: string
  method: string
  args: readonly unknown[]
}

export interface Fake {
  /** What was told. */
  sent: Sent[]
  /** What was asked, answered or not. */
  asked: Sent[]
  /** Warnings and errors. */
  logged: string[]
  clock: { nowMs: number }
  /** Says something on the runtime's bus. */
  say(topic: string, message: unknown): Promise<void>
  dataDir: string
}

export interface Started<A extends Api> extends Fake {
  api: A
  /** As a caller in another thread sees it: arguments and replies are copies. */
  ask: KernelApi<Kernel<A>>
  instance: KernelInstance<A, unknown>
  snapshot(): Promise<unknown>
  stop(): Promise<void>
}

export interface StartOptions {
  id: string
  config?: Record<string, unknown>
  restored?: unknown
  /** Default: a new folder, gone when the test has ended. */
  dataDir?: string
  /** What other kernels answer, by `kernel.method`; one that is not named here is out of service. Looked up at each ask. */
  answers?: Answers
}

// biome-ignore lint/suspicious/noExplicitAny: a method of another kernel takes whatever it takes.
export type Answers = Record<string, (...args: any[]) => unknown>

/** An ordinary error of another kernel, as the runtime hands it to whoever asked. */
export function handlerFailed(kernel: string, code: string, message = code): Error {
  const cause = Object.assign(new Error(message), { code })
  return new LazaretError('HANDLER_FAILED', `${kernel} failed: ${message}`, { kernel, cause })
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-kernels-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export async function startKernel<A extends Api>(kernel: Kernel<A>, options: StartOptions): Promise<Started<A>> {
  const fake = makeFake(options.dataDir ?? temporaryFolder())
  const handlers = new Map<string, (message: never) => void | Promise<void>>()
  const note = (message: string) => void fake.logged.push(message)
  const answer = async (to: string, method: string, args: readonly unknown[]): Promise<unknown> => {
    fake.asked.push({ to, method, args })
    const reply = options.answers?.[`${to}.${method}`]
    if (reply === undefined) throw new LazaretError('KERNEL_UNAVAILABLE', `${to} is out of service.`, { kernel: to })
    return structuredClone(await reply(...args))
  }
  const ctx: KernelContext = {
    id: options.id,
    config: options.config ?? {},
    restored: structuredClone(options.restored),
    dataDir: fake.dataDir,
    log: { debug: () => {}, info: () => {}, warn: note, error: note },
    now: () => fake.clock.nowMs,
    bus: {
      on(topic, handler) {
        handlers.set(topic, handler as (message: never) => void)
        return () => handlers.delete(topic)
      },
    },
    ref: <R = AnyRemoteApi>(id: string): Ref<R> =>
      makeRef<R>(id, ({ kind, to, method, args }) => {
        if (kind === 'ask') return answer(to, method, structuredClone(args))
        fake.sent.push({ to, method, args: structuredClone(args) })
        return undefined
      }),
    signal: new AbortController().signal,
    inspect: () => {},
  }
  fake.say = async (topic, message) => handlers.get(topic)?.(structuredClone(message) as never)
  const instance = await kernel.start(ctx)
  let stopped = false
  const stop = async () => {
    if (!stopped) await instance.stop?.()
    stopped = true
  }
  onTestFinished(stop)
  const call = async (method: string, args: unknown[]) =>
    structuredClone(await instance.api[method]?.(...structuredClone(args)))
  const ask = new Proxy(
    {},
    {
      get:
        (_, method: string) =>
        (...args: unknown[]) =>
          call(method, args),
    },
  )
  const snapshot = async () => structuredClone(await instance.snapshot?.())
  return Object.assign(fake, { api: instance.api, ask: ask as KernelApi<Kernel<A>>, instance, snapshot, stop })
}

function makeFake(dataDir: string): Fake {
  return { sent: [], asked: [], logged: [], clock: { nowMs: 1_800_000_000_000 }, say: async () => {}, dataDir }
}
