/** What a program has registered with OpenTelemetry may throw: the asks go on as if it were not there. */
import { type ContextManager, context, propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, expect, test } from 'vitest'
import { Tracing } from '../../src/actor/tracing.ts'
import { house, kernelOf } from '../support/house.ts'

const broken = new Set<string>()
const may = (what: string) => {
  if (broken.has(what)) throw new Error(`${what} is broken`)
}
const w3c = new W3CTraceContextPropagator()

/** Runs what it is given before it throws, where `with` is broken late. */
const manager: ContextManager = {
  active: () => {
    may('active')
    return ROOT_CONTEXT
  },
  with: (_context, run, self, ...args) => {
    may('with')
    const result = run.call(self as never, ...args)
    may('leaving')
    return result
  },
  bind: (_context, target) => target,
  enable: () => manager,
  disable: () => manager,
}

function register(): void {
  const processor = {
    ...{ onStart: () => may('start'), onEnd: () => may('end') },
    ...{ forceFlush: async () => {}, shutdown: async () => {} },
  }
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [processor] }))
  context.setGlobalContextManager(manager)
  propagation.setGlobalPropagator({
    fields: () => w3c.fields(),
    inject: (...given) => {
      may('inject')
      w3c.inject(...given)
    },
    extract: (...given) => {
      may('extract')
      return w3c.extract(...given)
    },
  })
}

const points = ['start', 'end', 'inject', 'extract', 'active', 'with', 'leaving'] as const

afterEach(() => {
  broken.clear()
  for (const api of [trace, context, propagation]) api.disable()
})

test('an ask is answered, a late one is refused and a tell is handled, whatever of the telemetry throws', async () => {
  register()
  const store = kernelOf(`    return { api: {
      get: (key) => key === 'late' ? new Promise((done) => setTimeout(done, 200)) : key,
      put: (key) => append('told', key),
    } }`)
  const relay = kernelOf(`    const store = ctx.ref('store')
    return { api: { get: (key) => store.ask.get(key) } }`)
  await using a = await house([
    { id: 'store', source: store, concurrency: 100 },
    { id: 'relay', source: relay },
  ])
  for (const point of points) {
    broken.clear()
    broken.add(point)
    expect(await a.runtime.ref('relay').ask.get?.(point)).toBe(point)
    const late = a.runtime.ref('store').with({ deadlineMs: 50 }).ask.get?.('late')
    await expect(late).rejects.toMatchObject({ code: 'ASK_TIMEOUT' })
    a.runtime.ref('store').tell.put?.(point)
  }
  await expect.poll(() => a.lines('told')).toEqual(points)
  expect(a.of('runtime.failed')).toEqual([])
  expect(a.runtime.pendingAsks).toBe(0)
})

test('a handler runs once, and what it returns or throws comes through, whatever of the telemetry throws', async () => {
  register()
  const tracing = await Tracing.load()
  const message = {
    from: 'a',
    to: 'b',
    method: 'm',
    trace: { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` },
  }
  for (const point of points) {
    broken.clear()
    broken.add(point)
    let times = 0
    const run = (result: () => unknown) => () => {
      times += 1
      return result()
    }
    const fail = () => {
      throw new Error('its own')
    }
    expect(
      tracing?.handle(
        message,
        run(() => 1),
        () => undefined,
      ),
    ).toBe(1)
    expect(
      await tracing?.handle(
        message,
        run(async () => 2),
        () => undefined,
      ),
    ).toBe(2)
    expect(() => tracing?.handle(message, run(fail), () => undefined)).toThrow('its own')
    await expect(
      tracing?.handle(
        message,
        run(async () => fail()),
        () => undefined,
      ),
    ).rejects.toThrow('its own')
    expect([point, times]).toEqual([point, 4])
  }
})
