import { readFileSync } from 'node:fs'
import type { AnyRemoteApi, Check, Kernel } from 'lazaret/kernel'
import { isCheck, isKernel } from 'lazaret/kernel'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { startKernel } from './fake-context.ts'

const folder = new URL('../../kernels/', import.meta.url)
const fleet = parse(readFileSync(new URL('fleet.yaml', folder), 'utf8')) as {
  kernels: { id: string; entry: string; dependsOn?: string[]; config?: Record<string, unknown> }[]
}

async function load(id: string): Promise<{ kernel: Kernel; check: Check }> {
  const entry = fleet.kernels.find((each) => each.id === id)?.entry ?? ''
  const kernel: unknown = (await import(new URL(entry, folder).href)).default
  const check: unknown = (await import(new URL(entry.replace('kernel.ts', 'check.ts'), folder).href)).default
  if (!isKernel(kernel) || !isCheck(check)) throw new Error(`${id} has no kernel or no check`)
  return { kernel, check }
}

test.each(fleet.kernels)(
  '$id starts with its configuration and passes its check, twice over',
  async ({ id, config }) => {
    const { kernel, check } = await load(id)
    for (const _ of ['once', 'and again']) {
      const { ask } = await startKernel(kernel, { id, ...(config && { config }) })
      await check.run({ ask })
    }
  },
)

/** Each is one way in which a change to the kernel could go wrong, as its callers would see it. */
const lies: [
  id: string,
  method: string,
  lie: (real: (...args: unknown[]) => unknown) => (...args: unknown[]) => unknown,
][] = [
  [
    'message_bus',
    'publish',
    (real) =>
      async (...args) => ({ ...((await real(...args)) as object), delivered: 1 }),
  ],
  [
    'message_bus',
    'publish',
    (real) =>
      async (...args) =>
        Promise.resolve(real(...args)).catch(() => ({ delivered: 0 })),
  ],
  ['message_bus', 'unsubscribe', () => async () => true],
  [
    'immutable_log',
    'append',
    (real) =>
      (...args) =>
        real(...args.map((arg) => (arg === null ? 0 : arg))),
  ],
  ['immutable_log', 'read', (real) => async (from, count) => ((await real(from, count)) as unknown[]).slice(1)],
  ['immutable_log', 'verify', () => async () => ({ ok: false, entries: 0, breaks: 0 })],
  [
    'memory_fusion',
    'recall',
    (real) =>
      async (...args) =>
        ((await real(...args)) as unknown[]).toReversed(),
  ],
  ['memory_fusion', 'forget', () => async () => true],
  ['memory_fusion', 'fuse', (real) => async (ids) => ({ ...((await real(ids)) as object), sources: [] })],
  ['coding_agent', 'claim', () => async () => null],
  ['coding_agent', 'queue', (real) => async () => ((await real()) as unknown[]).toReversed()],
  ['coding_agent', 'complete', (real) => async (id, outcome) => real(id, outcome || 'x')],
  ['scheduler', 'runs', (real) => async (name) => Math.min(1, (await real(name)) as number)],
  ['scheduler', 'cancel', () => async () => true],
  ['scheduler', 'schedule', (real) => async (job) => Promise.resolve(real(job)).catch(() => undefined)],
]

test.each(lies)('the check of %s notices when %s is wrong', async (id, method, lie) => {
  const { kernel, check } = await load(id)
  const config = fleet.kernels.find((each) => each.id === id)?.config
  const { ask } = await startKernel(kernel, { id, ...(config && { config }) })
  const real = ask as AnyRemoteApi
  const method_ = real[method]
  if (method_ === undefined) throw new Error(`${id} has no ${method}`)
  const wrong = lie(method_)
  const lying = new Proxy(real, { get: (target, name: string) => (name === method ? wrong : target[name]) })
  await expect(check.run({ ask: lying as AnyRemoteApi })).rejects.toThrow()
})

test('what a kernel depends on stands before it in the file', () => {
  const seen = new Set<string>()
  for (const { id, dependsOn = [] } of fleet.kernels) {
    for (const needed of dependsOn) expect(seen).toContain(needed)
    seen.add(id)
  }
})
