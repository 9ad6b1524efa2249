/**
 * What the runtime tells the tools that people watch programs with: metrics for Prometheus, spans and metrics of
 * OpenTelemetry, events on diagnostics channels. All of it is read from the one stream of events and from what the
 * runtime counts anyway; it decides nothing.
 */
import { LazaretError } from '../base/errors.ts'
import type { EventStream } from '../base/events.ts'
import { version } from '../base/version.ts'
import type { House } from '../supervisor/house.ts'
import { type KernelStatus, statusOf } from '../supervisor/status.ts'
import { publishEvent } from './channels.ts'
import { EventCounts } from './event-counts.ts'
import { type Health, readiness } from './health.ts'
import { observeMeters } from './meters.ts'
import type { Metrics, MetricsPorts } from './metrics.ts'
import { spansOfEvents } from './spans.ts'

export class Signals {
  readonly #ports: MetricsPorts
  readonly #ends: (() => void)[] = []
  #metrics: Promise<Metrics> | undefined

  constructor(house: Pick<House, 'units' | 'office' | 'journal' | 'repairs' | 'tracing'>, events: EventStream) {
    const counts = new EventCounts()
    const { tracing } = house
    this.#ports = {
      ...{ version: version(), counts },
      status: (): KernelStatus[] => [...house.units.values()].map(statusOf),
      links: () => house.office.links(),
      askTimes: () => [...house.units.values()].map((unit) => [unit.id, unit.asks] as const),
      openTasks: () => openTasksIn(house.journal),
      repairsOn: () => house.repairs.state.on,
    }
    this.#ends.push(events.on(counts.note), events.on(publishEvent))
    if (tracing === undefined) return
    this.#ends.push(events.on(spansOfEvents(tracing)), observeMeters(tracing, this.#ports))
  }

  /** The text of one scrape. prom-client is loaded by the first. */
  async metrics(): Promise<{ readonly text: string; readonly contentType: string }> {
    this.#metrics ??= import('./metrics.ts').then(({ Metrics }) => new Metrics(this.#ports))
    const metrics = await this.#metrics
    return { text: await metrics.text(), contentType: metrics.contentType }
  }

  /** Whether work may be sent to it. */
  readiness(): Health {
    return readiness(this.#ports.status())
  }

  close(): void {
    for (const end of this.#ends) end()
  }
}

/** Undefined while the journal cannot be read: what is watched must be seen just then, so the rest of a scrape goes on. */
function openTasksIn(journal: Pick<House['journal'], 'openTaskCount'>): number | undefined {
  try {
    return journal.openTaskCount()
  } catch (thrown) {
    if (thrown instanceof LazaretError && thrown.code === 'JOURNAL_FAILED') return undefined
    throw thrown
  }
}
