/** What a scrape says, and that the Grafana file asks for nothing that it does not say. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { AskTimes, askSecondsBounds } from '../../src/base/ask-times.ts'
import { systemClock } from '../../src/base/clock.ts'
import { LazaretError } from '../../src/base/errors.ts'
import { EventStream } from '../../src/base/events.ts'
import type { LazaretEvent } from '../../src/index.ts'
import type { House } from '../../src/supervisor/house.ts'
import type { KernelStatus } from '../../src/supervisor/status.ts'
import { EventCounts } from '../../src/telemetry/event-counts.ts'
import { isServed, readiness } from '../../src/telemetry/health.ts'
import { Metrics } from '../../src/telemetry/metrics.ts'
import { Signals } from '../../src/telemetry/signals.ts'

function status(change: Partial<KernelStatus>): KernelStatus {
  return {
    ...{ id: 'a', tier: 1, state: 'running.steady', servedBy: 'instance', epoch: 1, standbys: { ready: 0, of: 0 } },
    ...{ failures: 0, restartsLeft: 3, uptimeMs: 1500, heapMb: 2, externalMb: 1, cpu: 0.25, elu: 0.5, mailbox: 7 },
    ...{
      budget: { failures: 1, starts: 2, max: 3, attempts: 0, maxAttempts: 3 },
      handled: 41,
      stateSince: 0,
      timers: [],
    },
    ...{ starts: { first: 1, restart: 0, command: 0, rejoin: 0, bystander: 0, promotion: 0, fallback: 0 } },
    ...change,
  } as KernelStatus
}

function scrape(kernels: readonly KernelStatus[], counts = new EventCounts(), times = new AskTimes()): Promise<string> {
  return new Metrics({
    ...{ version: '1.2.3', counts, status: () => kernels, openTasks: () => 2, repairsOn: () => true },
    links: () => [{ from: 'host', to: 'a', messages: 5 }],
    askTimes: () => [['a', times]],
  }).text()
}

const event = (type: LazaretEvent['type'], facts: object = {}) => ({ type, kernel: 'a', at: 0, seq: 1, ...facts })

test('a scrape has what status says, in base units', async () => {
  const text = await scrape([status({}), status({ id: 'b', tier: 4, servedBy: 'reject', state: 'quarantined.parked' })])
  for (const line of [
    'lazaret_info{version="1.2.3"} 1',
    'lazaret_kernel_up{kernel="a",tier="1"} 1',
    'lazaret_kernel_up{kernel="b",tier="4"} 0',
    'lazaret_kernel_state{kernel="b",state="quarantined.parked",served_by="reject"} 1',
    'lazaret_kernel_heap_bytes{kernel="a",tier="1"} 2097152',
    'lazaret_kernel_uptime_seconds{kernel="a",tier="1"} 1.5',
    'lazaret_kernel_budget_used{kernel="a",budget="starts"} 2',
    'lazaret_kernel_handled_total{kernel="a"} 41',
    'lazaret_messages_total{from="host",to="a"} 5',
    'lazaret_tasks_open 2',
    'lazaret_repairs_enabled 1',
  ])
    expect(text.split('\n')).toContain(line)
})

test('while the journal cannot be read a scrape leaves out what only the journal knows, and says the rest', async () => {
  const refuse = () => {
    throw new LazaretError('JOURNAL_FAILED', 'The disk is full.')
  }
  const rest = { units: new Map(), office: { links: () => [] }, repairs: { state: { on: true } }, tracing: undefined }
  const house = (openTaskCount: () => number) => ({ ...rest, journal: { openTaskCount } }) as unknown as House
  const events = new EventStream(systemClock)
  const { text } = await new Signals(house(refuse), events).metrics()
  expect(text).toContain('\nlazaret_repairs_enabled 1\n')
  expect(text).not.toMatch(/^lazaret_tasks_open/m)
  expect(
    (
      await new Signals(
        house(() => 0),
        events,
      ).metrics()
    ).text,
  ).toContain('\nlazaret_tasks_open 0\n')
})

test('events are counted by kernel, dead letters by their code, and a second scrape counts on', async () => {
  const counts = new EventCounts()
  for (const one of [event('kernel.crashed'), event('kernel.crashed'), event('repair.refused')]) counts.note(one)
  counts.note(event('message.deadLettered', { code: 'MAILBOX_FULL' }))
  const text = await scrape([status({})], counts)
  expect(text).toContain('lazaret_crashes_total{kernel="a"} 2')
  expect(text).toContain('lazaret_repairs_total{kernel="a",outcome="refused"} 1')
  expect(text).toContain('lazaret_dead_letters_total{kernel="a",code="MAILBOX_FULL"} 1')
  expect(text).toContain('lazaret_events_total{type="kernel.crashed"} 2')
  counts.note(event('kernel.crashed'))
  expect(await scrape([status({})], counts)).toContain('lazaret_crashes_total{kernel="a"} 3')
})

test('asks fall into the bucket of their time: at a bound into its own, beyond the last into +Inf', async () => {
  const times = new AskTimes()
  const last = askSecondsBounds.at(-1) ?? 0
  times.note(true, 0.1)
  times.note(true, last * 1000)
  times.note(false, last * 1000 + 1)
  const lines = (await scrape([status({})], new EventCounts(), times)).split('\n')
  expect(lines).toContain('lazaret_ask_duration_seconds_bucket{kernel="a",le="0.0001"} 1')
  expect(lines).toContain(`lazaret_ask_duration_seconds_bucket{kernel="a",le="${last}"} 2`)
  expect(lines).toContain('lazaret_ask_duration_seconds_bucket{kernel="a",le="+Inf"} 3')
  expect(lines).toContain('lazaret_ask_duration_seconds_count{kernel="a"} 3')
  expect(lines).toContain('lazaret_asks_total{kernel="a",outcome="failed"} 1')
})

test('a runtime is ready while every kernel of tier 1 is served, by whatever stands in', () => {
  const down = { state: 'quarantined.waiting', servedBy: 'buffer' } as const
  expect(readiness([status({}), status({ id: 'b', tier: 2, ...down })])).toMatchObject({
    ok: true,
    kernels: 2,
    served: 1,
  })
  expect(readiness([status(down)])).toEqual({ ok: false, kernels: 1, served: 0, missing: ['a'] })
  expect(readiness([status({ ...down, servedBy: 'standby' })]).ok).toBe(true)
  expect(isServed(status({ state: 'starting' }))).toBe(false)
  expect(isServed(status({ state: 'rejoined.probation' }))).toBe(true)
})

test('the Grafana file asks only for metrics that a scrape has', async () => {
  const text = readFileSync(new URL('../../src/telemetry/grafana.json', import.meta.url), 'utf8')
  const dashboard = JSON.parse(text) as { panels: { targets?: { expr: string }[] }[] }
  const asked = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  expect(asked.length).toBeGreaterThan(10)
  const said = new Set([...(await scrape([status({})])).matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name))
  for (const expr of asked) {
    for (const [name] of expr.matchAll(/\blazaret_\w+/g))
      expect(said, expr).toContain(name.replace(/(duration_seconds)_(bucket|sum|count)$/, '$1'))
  }
})
