/**
 * `/metrics`, in the text format of Prometheus. Nothing is measured for it: what the runtime counts anyway is read when
 * somebody asks. Names and units follow Prometheus' own rules (base units, `_total`); labels are ids of the fleet, states
 * of the chart and codes of the error catalogue, so their number is bounded.
 */
import { Counter, Gauge, type LabelValues, type Metric, Registry } from 'prom-client'
import { type AskTimes, askSecondsBounds } from '../base/ask-times.ts'
import type { KernelStatus } from '../supervisor/status.ts'
import type { Counts, EventCounts } from './event-counts.ts'
import { isServed } from './health.ts'

export interface MetricsPorts {
  readonly version: string
  readonly counts: EventCounts
  status(): readonly KernelStatus[]
  /** Messages since the start, by who sends to whom. */
  links(): readonly { readonly from: string; readonly to: string; readonly messages: number }[]
  askTimes(): Iterable<readonly [kernel: string, AskTimes]>
  /** Undefined where nobody knows. */
  openTasks(): number | undefined
  repairsOn(): boolean
}

type Label =
  | 'kernel'
  | 'tier'
  | 'state'
  | 'served_by'
  | 'from'
  | 'to'
  | 'code'
  | 'type'
  | 'outcome'
  | 'version'
  | 'budget'
type Labels = LabelValues<Label>
type Row = readonly [labels: Labels, value: number]

const megabyte = 1_048_576

export class Metrics {
  readonly #registry = new Registry()
  readonly contentType = this.#registry.contentType

  constructor(ports: MetricsPorts) {
    this.#perKernel(ports)
    this.#counters(ports)
    this.#asks(ports)
    this.#gauge('lazaret_info', 'The version that runs.', ['version'], () => [[{ version: ports.version }, 1]])
    this.#gauge('lazaret_tasks_open', 'Tasks that wait for whoever mends kernels.', [], () => {
      const open = ports.openTasks()
      return open === undefined ? [] : [[{}, open]]
    })
    this.#gauge('lazaret_repairs_enabled', '1 while repairs are switched on.', [], () => [
      [{}, Number(ports.repairsOn())],
    ])
  }

  /** @returns the text of one scrape. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }

  #perKernel({ status }: MetricsPorts): void {
    const each = (name: string, help: string, value: (kernel: KernelStatus) => number) =>
      this.#gauge(`lazaret_kernel_${name}`, help, ['kernel', 'tier'], () =>
        status().map((kernel) => [{ kernel: kernel.id, tier: String(kernel.tier) }, value(kernel)]),
      )
    each(
      'up',
      '1 while something answers its messages: its instance, a standby, its fallback, another kernel.',
      (kernel) => Number(isServed(kernel)),
    )
    each('incident_open', '1 while an incident of it is open.', ({ incident }) => Number(incident !== undefined))
    each('uptime_seconds', 'Since its instance was ready.', ({ uptimeMs }) => uptimeMs / 1000)
    each('heap_bytes', 'Heap of its thread.', ({ heapMb }) => heapMb * megabyte)
    each('external_bytes', 'Buffers and the like of its thread.', ({ externalMb }) => externalMb * megabyte)
    each('cpu_ratio', 'Share of one core.', ({ cpu }) => cpu)
    each('event_loop_utilization_ratio', 'Share of time in which its event loop was busy.', ({ elu }) => elu)
    each('mailbox_messages', 'Messages accepted and not handled.', ({ mailbox }) => mailbox)
    each('standbys_ready', 'Standbys that could take over at once.', ({ standbys }) => standbys.ready)
    each('restarts_left', 'Of its restart budget.', ({ restartsLeft }) => restartsLeft)
    this.#gauge(
      'lazaret_kernel_state',
      '1 for the state of the chart that it is in.',
      ['kernel', 'state', 'served_by'],
      () => status().map(({ id, state, servedBy }) => [{ kernel: id, state, served_by: servedBy }, 1]),
    )
    this.#gauge(
      'lazaret_kernel_budget_used',
      'Failures, charged starts and repairs tried since it was steady.',
      ['kernel', 'budget'],
      () =>
        status().flatMap(({ id, budget: { failures, starts, attempts } }): Row[] => [
          [{ kernel: id, budget: 'failures' }, failures],
          [{ kernel: id, budget: 'starts' }, starts],
          [{ kernel: id, budget: 'repairs' }, attempts],
        ]),
    )
    this.#counter('lazaret_kernel_handled_total', 'Messages handled.', ['kernel'], () =>
      status().map(({ id, handled }) => [{ kernel: id }, handled]),
    )
  }

  #counters({ counts, links }: MetricsPorts): void {
    const each = (name: string, help: string, found: () => Counts) =>
      this.#counter(`lazaret_${name}_total`, help, ['kernel'], () => [...found()].map(([kernel, n]) => [{ kernel }, n]))
    each('crashes', 'Crashes.', () => counts.of('kernel.crashed'))
    each('restarts', 'Restarts.', () => counts.of('kernel.restarted'))
    each('quarantines', 'Times that it left service.', () => counts.of('kernel.quarantined'))
    each('failovers', 'Times that a standby took over.', () => counts.of('failover.completed'))
    each('incidents', 'Incidents opened.', () => counts.of('incident.opened'))
    each('recoveries', 'Times that it was steady again after a repair.', () => counts.of('kernel.recovered'))
    each('poisoned_messages', 'Messages that are refused because they crash it.', () => counts.of('message.poisoned'))
    this.#counter('lazaret_repairs_total', 'Repairs, by how far they came.', ['kernel', 'outcome'], () =>
      (['started', 'verified', 'refused', 'exhausted'] as const).flatMap((outcome) =>
        [...counts.of(`repair.${outcome}`)].map(([kernel, n]): Row => [{ kernel, outcome }, n]),
      ),
    )
    this.#counter('lazaret_dead_letters_total', 'Messages that could not be delivered.', ['kernel', 'code'], () =>
      [...counts.deadLetters].flatMap(([kernel, codes]) => [...codes].map(([code, n]): Row => [{ kernel, code }, n])),
    )
    this.#counter('lazaret_events_total', 'Events, by type.', ['type'], () =>
      [...counts.byType].map(([type, of]) => [{ type }, [...of.values()].reduce((sum, n) => sum + n, 0)]),
    )
    this.#counter(
      'lazaret_messages_total',
      'Messages sent, by sender and kernel; host is the program itself.',
      ['from', 'to'],
      () => links().map(({ from, to, messages }) => [{ from, to }, messages]),
    )
  }

  #asks({ askTimes }: MetricsPorts): void {
    this.#counter('lazaret_asks_total', 'Asks that were settled.', ['kernel', 'outcome'], () =>
      [...askTimes()].flatMap(([kernel, { replied, failed }]): Row[] => [
        [{ kernel, outcome: 'replied' }, replied],
        [{ kernel, outcome: 'failed' }, failed],
      ]),
    )
    const name = 'lazaret_ask_duration_seconds'
    const help = 'From the sending of an ask to its reply.'
    // A histogram that is filled elsewhere: prom-client's own would have to be told of every ask as it happens.
    const histogram = {
      ...{ name, help, type: 'histogram', aggregator: 'sum' },
      get: async () => ({ ...{ name, help, type: 'histogram', aggregator: 'sum' }, values: askRows(name, askTimes()) }),
      reset: () => undefined,
    }
    this.#registry.registerMetric(histogram as unknown as Metric)
  }

  #gauge(name: string, help: string, labelNames: Label[], rows: () => readonly Row[]): void {
    const gauge = new Gauge<Label>({
      ...{ name, help, labelNames, registers: [this.#registry] },
      collect: () => {
        const found = rows()
        gauge.reset()
        // One without labels is 0 then, which nobody has found.
        if (found.length === 0) gauge.remove({})
        for (const [labels, value] of found) gauge.set(labels, value)
      },
    })
  }

  #counter(name: string, help: string, labelNames: Label[], rows: () => readonly Row[]): void {
    const counter = new Counter<Label>({
      ...{ name, help, labelNames, registers: [this.#registry] },
      collect: () => {
        counter.reset()
        for (const [labels, value] of rows()) counter.inc(labels, value)
      },
    })
  }
}

function askRows(name: string, all: Iterable<readonly [kernel: string, AskTimes]>): object[] {
  const rows: object[] = []
  for (const [kernel, { buckets, sumSeconds }] of all) {
    let sum = 0
    buckets.forEach((n, index) => {
      sum += n
      const le = askSecondsBounds[index] ?? '+Inf'
      rows.push({ metricName: `${name}_bucket`, labels: { kernel, le }, value: sum })
    })
    rows.push({ metricName: `${name}_sum`, labels: { kernel }, value: sumSeconds })
    rows.push({ metricName: `${name}_count`, labels: { kernel }, value: sum })
  }
  return rows
}
