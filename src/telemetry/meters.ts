/**
 * The figures that matter most as metrics of OpenTelemetry, for programs that export those rather than be scraped: the
 * same numbers as `/metrics`, read when the SDK collects. Without an SDK nothing is ever read.
 */
import type { Attributes, BatchObservableCallback, Observable } from '@opentelemetry/api'
import type { Tracing } from '../actor/tracing.ts'
import { isServed } from './health.ts'
import type { MetricsPorts } from './metrics.ts'

type Observe = (observable: Observable, value: number, attributes?: Attributes) => void

/** @returns the function that ends it. */
export function observeMeters({ api }: Pick<Tracing, 'api'>, ports: MetricsPorts): () => void {
  const meter = api.metrics.getMeter('lazaret', ports.version)
  const gauge = (name: string, description: string, unit = '1') =>
    meter.createObservableGauge(name, { description, unit })
  const counter = (name: string, description: string, unit = '1') =>
    meter.createObservableCounter(name, { description, unit })
  const perKernel = {
    up: gauge('lazaret.kernel.up', 'Whether something answers its messages.'),
    mailbox: gauge('lazaret.kernel.mailbox', 'Messages accepted and not handled.', '{message}'),
    heap: gauge('lazaret.kernel.heap', 'Heap of its thread.', 'By'),
    cpu: gauge('lazaret.kernel.cpu', 'Share of one core.'),
    elu: gauge('lazaret.kernel.event_loop.utilization', 'Share of time in which its event loop was busy.'),
    restartsLeft: gauge('lazaret.kernel.restarts_left', 'Of its restart budget.', '{restart}'),
    handled: counter('lazaret.kernel.handled', 'Messages handled.', '{message}'),
  }
  const asks = counter('lazaret.asks', 'Asks that were settled.', '{ask}')
  const events = counter('lazaret.events', 'Events, by type.', '{event}')
  const all: Observable[] = [...Object.values(perKernel), asks, events]

  const collect: BatchObservableCallback = (result) => {
    const observe: Observe = (observable, value, attributes) => result.observe(observable, value, attributes)
    for (const kernel of ports.status()) {
      const of = { 'lazaret.kernel': kernel.id, 'lazaret.tier': kernel.tier }
      observe(perKernel.up, Number(isServed(kernel)), of)
      observe(perKernel.mailbox, kernel.mailbox, of)
      observe(perKernel.heap, kernel.heapMb * 1_048_576, of)
      observe(perKernel.cpu, kernel.cpu, of)
      observe(perKernel.elu, kernel.elu, of)
      observe(perKernel.restartsLeft, kernel.restartsLeft, of)
      observe(perKernel.handled, kernel.handled, of)
    }
    for (const [kernel, { replied, failed }] of ports.askTimes()) {
      observe(asks, replied, { 'lazaret.kernel': kernel, 'lazaret.outcome': 'replied' })
      observe(asks, failed, { 'lazaret.kernel': kernel, 'lazaret.outcome': 'failed' })
    }
    for (const [type, counts] of ports.counts.byType) {
      for (const [kernel, n] of counts) observe(events, n, { 'lazaret.type': type, 'lazaret.kernel': kernel })
    }
  }
  meter.addBatchObservableCallback(collect, all)
  return () => meter.removeBatchObservableCallback(collect, all)
}
