/** A program that traces with OpenTelemetry: one trace from its own span through the asks of kernel after kernel. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { fileURLToPath } from 'node:url'
import { context, metrics, propagation, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { W3CTraceContextPropagator } from '@opentelemetry/core'
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { fast, house, kernelOf } from '../support/house.ts'

const exporter = new InMemorySpanExporter()
const path = (name: string) => JSON.stringify(fileURLToPath(import.meta.resolve(name)))

beforeAll(() => {
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }))
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  propagation.setGlobalPropagator(new W3CTraceContextPropagator())
})
beforeEach(() => exporter.reset())
afterAll(() => {
  for (const api of [trace, context, propagation, metrics]) api.disable()
})

const relay = {
  id: 'relay',
  source: kernelOf(`    const store = ctx.ref('store')
    return { api: { get: (key) => store.ask.get(key), put: (key) => { store.tell.put(key) } } }`),
}
/** Its thread has an SDK of its own, so it sees the context of the message that it handles. */
const store = {
  id: 'store',
  restart: { ...fast, max: 3, stableMs: 60_000 },
  source: kernelOf(
    `    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    propagation.setGlobalPropagator(new W3CTraceContextPropagator())
    return { api: {
      get: async (key) => {
        await null
        if (key === 'missing') throw Object.assign(new Error('no such key'), { code: 'ENOKEY' })
        if (key === 'bug') notThere()
        return trace.getActiveSpan()?.spanContext().traceId
      },
      put: (key) => append('told', key + ' ' + trace.getActiveSpan()?.spanContext().traceId),
    } }`,
    `import * as otel from ${path('@opentelemetry/api')}
import * as hooks from ${path('@opentelemetry/context-async-hooks')}
import * as core from ${path('@opentelemetry/core')}
const { context, propagation, trace } = otel
const { AsyncLocalStorageContextManager } = hooks
const { W3CTraceContextPropagator } = core`,
  ),
}

const parentOf = (span: ReadableSpan | undefined) => span?.parentSpanContext?.spanId
const named = (name: string) => exporter.getFinishedSpans().find((span) => span.name === name)

test('an ask of an ask is one trace, which the last thread sees too; a failed one says why, and a restart is a span', async () => {
  await using a = await house([relay, store])
  const { runtime } = a
  const seen = await trace.getTracer('app').startActiveSpan('request', async (span) => {
    const inThread = await runtime.ref('relay').ask.get?.('a')
    runtime.ref('relay').tell.put?.('b')
    span.end()
    return { inThread, id: span.spanContext().spanId, traceId: span.spanContext().traceId }
  })
  expect(seen.inThread).toBe(seen.traceId)
  const [outer, inner] = [named('ask relay.get'), named('ask store.get')]
  expect(parentOf(outer)).toBe(seen.id)
  expect(parentOf(inner)).toBe(outer?.spanContext().spanId)
  expect(inner?.attributes).toMatchObject({ 'rpc.service': 'store', 'rpc.method': 'get', 'lazaret.from': 'relay' })

  // Tells carry the context on, and are no spans of their own.
  await runtime.ref('relay').ask.get?.('again')
  await expect.poll(() => a.lines('told')).toEqual([`b ${seen.traceId}`])

  await expect(runtime.ref('store').ask.get?.('missing')).rejects.toMatchObject({ code: 'HANDLER_FAILED' })
  const failed = exporter.getFinishedSpans().find(({ status }) => status.code === SpanStatusCode.ERROR)
  expect(failed).toMatchObject({ name: 'ask store.get', attributes: { 'error.type': 'HANDLER_FAILED' } })

  await expect(runtime.ref('store').ask.get?.('bug')).rejects.toMatchObject({ code: 'KERNEL_DOWN' })
  await a.seen(({ type }) => type === 'kernel.restarted')
  expect(named('restart store')?.attributes).toMatchObject({ 'lazaret.outcome': 'kernel.restarted' })
  expect(await runtime.metrics()).toContain('lazaret_restarts_total{kernel="store"} 1')
})

test('an ask of a kernel that is never answered ends with its deadline: as a span and as a failure, once', async () => {
  const asker = {
    id: 'asker',
    source: kernelOf(`    const slow = ctx.ref('slow').with({ deadlineMs: 400 })
    return { api: { get: (ms) => slow.ask.get(ms) } }`),
  }
  const slow = {
    id: 'slow',
    source: kernelOf('    return { api: { get: (ms) => new Promise((done) => setTimeout(done, ms)) } }'),
  }
  await using a = await house([asker, slow])
  const failures = async () =>
    /lazaret_asks_total\{kernel="slow",outcome="failed"\} (\d+)/.exec(await a.runtime.metrics())?.[1]
  await expect(a.runtime.ref('asker').ask.get?.(900)).rejects.toMatchObject({ code: 'HANDLER_FAILED' })
  await expect
    .poll(() => named('ask slow.get')?.attributes, { timeout: 10_000 })
    .toMatchObject({ 'error.type': 'ASK_TIMEOUT' })
  expect(await failures()).toBe('1')
  // Its late reply is not noted as another end.
  await expect.poll(() => a.runtime.kernel('slow').status().handled, { timeout: 10_000 }).toBe(1)
  expect(await failures()).toBe('1')
  expect(await a.runtime.metrics()).toContain('lazaret_asks_total{kernel="slow",outcome="replied"} 0')
})

test('events and asks are told on diagnostics channels', async () => {
  const told: unknown[] = []
  const note = (message: unknown, name: string | symbol) =>
    void told.push([String(name), (message as { type?: string }).type])
  const channels = [
    'lazaret:kernel.started',
    'tracing:lazaret:ask:start',
    'tracing:lazaret:ask:asyncEnd',
    'tracing:lazaret:ask:error',
  ]
  for (const name of channels) subscribe(name, note)
  try {
    await using a = await house([{ id: 'echo', source: kernelOf('    return { api: { say: (text) => text } }') }])
    await a.runtime.ref('echo').ask.say?.('x')
    await a.runtime
      .ref('echo')
      .ask.nothing?.()
      .catch((error: { code: string }) => expect(error.code).toBe('UNKNOWN_METHOD'))
  } finally {
    for (const name of channels) unsubscribe(name, note)
  }
  expect(told.map((one) => (one as string[])[0])).toEqual([
    ...['lazaret:kernel.started', 'tracing:lazaret:ask:start', 'tracing:lazaret:ask:asyncEnd'],
    ...['tracing:lazaret:ask:start', 'tracing:lazaret:ask:error', 'tracing:lazaret:ask:asyncEnd'],
  ])
})
