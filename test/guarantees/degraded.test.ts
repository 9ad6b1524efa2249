/** What becomes of the messages of a kernel that is out of service: its fallback, another kernel, a buffer, a refusal. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createRuntime, type KernelInput } from '../../src/index.ts'
import { fast, house, kernelOf, type TestHouse, type TestKernel } from '../support/house.ts'

const flags = kernelOf(`
    const on = new Map(ctx.restored ?? [])
    return {
      api: { set(flag) { on.set(flag, true) }, isOn: (flag) => 'kernel:' + (on.get(flag) === true) },
      snapshot: () => [...on],
    }`)

/** Answers from what the kernel last saved. */
const flagsFallback = kernelOf(`
    const on = new Map(ctx.restored ?? [])
    append('fallbacks', 'started')
    return { api: {
      isOn: (flag) => 'fallback:' + (on.get(flag) === true),
      crash() { setImmediate(() => { throw new Error('told to') }) },
    } }`)

/** A fleet whose kernels name a fallback that lies beside them. */
async function withFallback(source: string, fallback: string, more: Partial<KernelInput> = {}): Promise<TestHouse> {
  const at = await house([{ id: 'flags', source, ...more }], { start: false })
  const file = join(at.folder, 'flags', 'fallback.ts')
  writeFileSync(file, fallback.replaceAll('FOLDER', at.folder))
  const runtime = createRuntime({
    fleet: {
      kernels: [{ id: 'flags', entry: join(at.folder, 'flags', 'kernel.ts'), degraded: { fallback: file }, ...more }],
    },
    ...{ log: false, dataDir: join(at.folder, 'data2'), quarantineDir: join(at.folder, 'quarantine') },
    playbooksDir: join(at.folder, 'playbooks'),
  })
  runtime.on('event', (event) => at.events.push(event))
  await runtime.start()
  return {
    ...at,
    runtime,
    of: at.of,
    seen: (wanted, ms = 20_000) =>
      new Promise((resolve, reject) => {
        const there = at.events.find(wanted)
        if (there !== undefined) return resolve(there)
        const timer = setTimeout(
          () => reject(new Error(`not seen: ${at.events.map(({ type }) => type).join(' ')}`)),
          ms,
        )
        const off = runtime.on('event', (event) => {
          if (!wanted(event)) return
          clearTimeout(timer)
          off()
          resolve(event)
        })
      }),
    async [Symbol.asyncDispose]() {
      await runtime.stop()
      await at[Symbol.asyncDispose]()
    },
  }
}

test('a fallback serves from the last state while the kernel is out, and hands back', async () => {
  await using at = await withFallback(flags, flagsFallback)
  const { ask } = at.runtime.ref('flags')
  await ask.set?.('dark')
  expect(await ask.isOn?.('dark')).toBe('kernel:true')
  await at.runtime.kernel('flags').quarantine()
  // What is sent before the fallback is ready waits for it.
  expect(await Promise.all([ask.isOn?.('dark'), ask.isOn?.('light')])).toEqual(['fallback:true', 'fallback:false'])
  expect(at.runtime.status()[0]).toMatchObject({ servedBy: 'fallback', epoch: 2, starts: { fallback: 1 } })
  await expect(ask.set?.('x')).rejects.toMatchObject({ code: 'UNKNOWN_METHOD' })
  await at.runtime.kernel('flags').rejoin()
  expect(await ask.isOn?.('dark')).toBe('kernel:true')
  expect(at.of('degraded.entered')).toMatchObject([{ mode: 'fallback' }])
  expect(at.of('degraded.left')).toMatchObject([{ mode: 'fallback', forMs: expect.any(Number) }])
  expect(at.runtime.status()[0]).toMatchObject({ servedBy: 'instance', epoch: 3 })
})

test('a fallback that crashes is not started again: messages are refused, with the reason', async () => {
  await using at = await withFallback(flags, flagsFallback)
  const { ask } = at.runtime.ref('flags')
  await at.runtime.kernel('flags').quarantine()
  await ask.crash?.()
  await at.seen(({ type }) => type === 'fallback.lost')
  await expect(ask.isOn?.('dark')).rejects.toMatchObject({
    code: 'KERNEL_UNAVAILABLE',
    message: expect.stringContaining('its fallback does not run'),
  })
  expect(at.of('degraded.changed')).toMatchObject([{ from: 'fallback', mode: 'reject' }])
  expect(at.lines('fallbacks')).toHaveLength(1)
  await at.runtime.kernel('flags').rejoin()
  expect(await ask.isOn?.('dark')).toBe('kernel:false')
})

test.each([
  ['does not exist as a kernel', 'export default 1'],
  ['throws when it starts', kernelOf(`throw new Error('no')`)],
])('a fallback that %s: what waited for it is refused', async (_what, fallback) => {
  await using at = await withFallback(flags, fallback)
  const { ask, tell } = at.runtime.ref('flags')
  await at.runtime.kernel('flags').quarantine()
  tell.set?.('lost')
  await expect(ask.isOn?.('dark')).rejects.toMatchObject({ code: 'KERNEL_UNAVAILABLE' })
  expect(at.of('message.deadLettered')).toMatchObject([{ method: 'set', code: 'KERNEL_UNAVAILABLE' }])
})

const mailer = kernelOf(`return { api: { send(n) { append('sent', ctx.id + ':' + n); return ctx.id } } }`)

function post(degraded: KernelInput['degraded'], id = 'webhooks'): TestKernel {
  return { id, source: mailer, restart: fast, ...(degraded && { degraded }) }
}

test('a rerouted message is the other kernel’s: those that wait go first, in their order', async () => {
  await using at = await house([post({ reroute: 'outbox' }), post(undefined, 'outbox')])
  const { ask, tell } = at.runtime.ref('webhooks')
  expect(await ask.send?.(1)).toBe('webhooks')
  await at.runtime.kernel('webhooks').quarantine()
  expect(at.runtime.kernel('webhooks').status()).toMatchObject({ servedBy: 'reroute', reroutedTo: 'outbox' })
  for (const n of [2, 3, 4]) tell.send?.(n)
  expect(await ask.send?.(5)).toBe('outbox')
  expect(at.lines('sent')).toEqual(['webhooks:1', 'outbox:2', 'outbox:3', 'outbox:4', 'outbox:5'])
  expect(at.of('degraded.entered')).toMatchObject([{ mode: 'reroute', to: 'outbox' }])
  await at.runtime.kernel('webhooks').rejoin()
  expect(await ask.send?.(6)).toBe('webhooks')
})

test('a reroute over two kernels that are out ends at the third; where that is out too, it says by which way', async () => {
  await using at = await house([post({ reroute: 'b' }), post({ reroute: 'c' }, 'b'), post({ mode: 'reject' }, 'c')])
  const { ask } = at.runtime.ref('webhooks')
  for (const id of ['webhooks', 'b']) await at.runtime.kernel(id).quarantine()
  expect(await ask.send?.(1)).toBe('c')
  await at.runtime.kernel('c').quarantine()
  await expect(ask.send?.(2)).rejects.toMatchObject({ code: 'KERNEL_UNAVAILABLE', kernel: 'c' })
})

test('an ask that a reroute would send back to its sender fails at once', async () => {
  const caller = kernelOf(`return { api: {
    relay: () => ctx.ref('webhooks').ask.send(1).then(() => 'sent', (error) => error.code),
    send: () => ctx.id,
  } }`)
  await using at = await house([post({ reroute: 'caller' }), { id: 'caller', source: caller, restart: fast }])
  const { ask } = at.runtime.ref('caller')
  expect(await ask.relay?.()).toBe('sent')
  await at.runtime.kernel('webhooks').quarantine()
  expect(await ask.relay?.()).toBe('ASK_CYCLE')
})

test('a message that waited when its kernel left service goes the new way, and cycles are still seen', async () => {
  const slow = kernelOf(`
    return { api: {
      hold: () => new Promise((resolve) => setTimeout(resolve, 400)),
      send: () => ctx.id,
    } }`)
  const caller = kernelOf(`return { api: {
    relay: () => ctx.ref('slow').with({ deadlineMs: 8000 }).ask.send().then(() => 'sent', (error) => error.code),
    send: () => ctx.id,
  } }`)
  await using at = await house([
    { id: 'slow', source: slow, restart: fast, degraded: { reroute: 'caller' } },
    { id: 'caller', source: caller, restart: fast },
  ])
  const held = at.runtime.ref('slow').ask.hold?.()
  const relayed = at.runtime.ref('caller').with({ deadlineMs: 9000 }).ask.relay?.()
  const began = performance.now()
  await at.runtime.ref('slow').tell.send?.()
  await at.runtime.kernel('slow').quarantine()
  expect(await relayed).toBe('ASK_CYCLE')
  expect(performance.now() - began).toBeLessThan(7000)
  await held
})

test('the fallback is not asked for messages that are poison', async () => {
  const fragile = kernelOf(`return { api: { isOn(flag) { if (flag === 'bad') process.exit(1); return 'kernel' } } }`)
  await using at = await withFallback(fragile, flagsFallback, { restart: { ...fast, max: 1 } })
  const { ask } = at.runtime.ref('flags').with({ idempotent: true })
  await expect(ask.isOn?.('bad')).rejects.toMatchObject({ code: 'MESSAGE_POISONED' })
  await at.seen(({ type }) => type === 'degraded.entered')
  await expect(ask.isOn?.('bad')).rejects.toMatchObject({ code: 'MESSAGE_POISONED' })
  expect(await ask.isOn?.('good')).toBe('fallback:false')
})

test('rest_for_one: whoever depends on the kernel ends first and starts again after it, uncharged', async () => {
  const noting = (id: string) =>
    kernelOf(`
    append('life', 'start ${id}')
    ctx.signal.addEventListener('abort', () => append('life', 'end ${id}'))
    return { api: { crash() { setImmediate(() => { throw new Error('told to') }) }, ping: () => 'pong' } }`)
  const kernel = (id: string, dependsOn: string[], more: Partial<KernelInput> = {}): TestKernel => ({
    ...{ id, source: noting(id), dependsOn, restart: { ...fast, backoffMs: 100, backoffMaxMs: 100 } },
    ...more,
  })
  await using at = await house([
    kernel('records', [], { strategy: 'rest_for_one' }),
    kernel('imports', ['records']),
    kernel('reports', ['imports']),
    kernel('bystander', []),
  ])
  at.lines('life')
  const before = at.lines('life').length
  at.runtime.ref('records').tell.crash?.()
  await at.seen(() => at.of('kernel.restarted').length === 3)
  expect(at.lines('life').slice(before)).toEqual([
    ...['end reports', 'end imports', 'start records', 'start imports', 'start reports'],
  ])
  expect(at.of('kernel.restarted')).toMatchObject([
    { kernel: 'records', reason: 'restart' },
    { kernel: 'imports', reason: 'bystander' },
    { kernel: 'reports', reason: 'bystander' },
  ])
  for (const id of ['imports', 'reports']) {
    expect(at.runtime.kernel(id).status()).toMatchObject({ failures: 0, restartsLeft: 3, starts: { bystander: 1 } })
    expect(await at.runtime.ref(id).ask.ping?.()).toBe('pong')
  }
  expect(at.runtime.kernel('bystander').status().starts).toMatchObject({ first: 1, bystander: 0 })
})

test('rest_for_one: dependents come back also where the kernel itself does not', async () => {
  const fragile = kernelOf(`return { api: { crash() { setImmediate(() => { throw new Error('told to') }) } } }`)
  const dependent = kernelOf(`return { api: { ping: () => 'pong' } }`)
  await using at = await house([
    {
      ...{ id: 'records', source: fragile, strategy: 'rest_for_one', restart: { ...fast, max: 1 } },
      repair: { autonomy: 'observe' },
    },
    { id: 'imports', source: dependent, dependsOn: ['records'], restart: fast },
  ])
  at.runtime.ref('records').tell.crash?.()
  await at.seen(() => at.of('kernel.restarted').length === 2)
  at.runtime.ref('records').tell.crash?.()
  await at.seen(({ type }) => type === 'kernel.parked')
  expect(await at.runtime.ref('imports').ask.ping?.()).toBe('pong')
  expect(at.runtime.kernel('imports').status()).toMatchObject({ state: 'running.settling', failures: 0 })
})
