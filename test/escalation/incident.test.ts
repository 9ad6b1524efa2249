import { expect, test } from 'vitest'
import type { BusTopics } from '../../src/actor/kernel.ts'
import type { Clock } from '../../src/base/clock.ts'
import { EventStream, type LazaretEvent } from '../../src/base/events.ts'
import { type IncidentChange, type IncidentStore, Incidents, type NewIncident } from '../../src/escalation/incident.ts'
import { buildTask, taskPayload } from '../../src/escalation/task.ts'
import type { IncidentRow } from '../../src/journal/rows.ts'

const failure: NewIncident = {
  ...{ kernel: 'notes', tier: 2, fingerprint: 'abc', phase: 'message' },
  error: {
    name: 'TypeError',
    message: 'x is not a function\npassword=hunter2',
    cause: { name: 'Error', message: 'deep' },
  },
}

class MemoryStore implements IncidentStore {
  readonly rows = new Map<string, IncidentRow>()
  openIncident(row: IncidentRow): void {
    this.rows.set(row.id, row)
  }
  updateIncident(id: string, change: IncidentChange): void {
    const row = this.rows.get(id)
    if (row === undefined) throw new Error(`no row ${id}`)
    this.rows.set(id, { ...row, ...change })
  }
  openIncidents(): IncidentRow[] {
    return [...this.rows.values()].filter((row) => row.status === 'open')
  }
}

function setUp(store = new MemoryStore()) {
  let nowMs = 1000
  const clock: Clock = { now: () => nowMs, monotonicMs: () => nowMs, setTimeout: () => 0, clearTimeout: () => {} }
  const events: LazaretEvent[] = []
  const published: BusTopics['event.incident'][] = []
  const stream = new EventStream(clock)
  stream.on((event) => events.push(event))
  const publish = (_topic: string, payload: BusTopics['event.incident']) => void published.push(payload)
  const incidents = new Incidents({ store, clock, emit: stream.emit, publish })
  return { incidents, store, events, published, advance: (ms: number) => (nowMs += ms) }
}

test('a failure opens one incident, stored, announced as an event and on the bus', () => {
  const { incidents, store, events, published } = setUp()
  const { row, isNew } = incidents.open(failure)
  expect(isNew).toBe(true)
  expect(store.rows.get(row.id)).toEqual(row)
  expect(events.map((event) => event.type)).toEqual(['incident.opened'])
  expect(published).toEqual([
    {
      ...{ incident: row.id, kernel: 'notes', tier: 2, status: 'open', fingerprint: 'abc', count: 1, at: 1000 },
      error: 'TypeError: x is not a function\\npassword=[redacted] <- Error: deep',
    },
  ])
})

test('the same failure while it is open is counted; another fingerprint or kernel opens its own', () => {
  const { incidents, store, events } = setUp()
  const first = incidents.open(failure)
  const again = incidents.open(failure)
  expect(again).toMatchObject({ isNew: false, row: { id: first.row.id, count: 2 } })
  expect(store.rows.get(first.row.id)?.count).toBe(2)
  incidents.open({ ...failure, fingerprint: 'def' })
  incidents.open({ ...failure, kernel: 'log' })
  expect(events.map((event) => event.type)).toEqual([
    ...['incident.opened', 'incident.repeated', 'incident.opened', 'incident.opened'],
  ])
})

test('a resolved incident says how and how long, and the next such failure opens a new one', () => {
  const { incidents, store, events, published, advance } = setUp()
  const { row } = incidents.open(failure)
  incidents.note(row.id, { folder: '/evidence' })
  advance(500)
  const resolved = incidents.resolve(row.id, 'code', 'the regression was reverted')
  expect(resolved).toMatchObject({ status: 'resolved', healedBy: 'code', resolvedAt: 1500, folder: '/evidence' })
  expect(store.rows.get(row.id)).toEqual(resolved)
  expect(events.at(-1)).toMatchObject({ type: 'incident.resolved', tookMs: 500, healedBy: 'code' })
  expect(published.at(-1)).toMatchObject({ status: 'resolved', at: 1500 })
  expect(incidents.list()).toEqual([])
  expect(incidents.open(failure).row.id).not.toBe(row.id)
  expect(() => incidents.resolve(row.id, 'code', 'twice')).toThrow(/No incident .* is open/)
})

test('a later process goes on with the incidents that were open', () => {
  const { incidents, store } = setUp()
  const { row } = incidents.open(failure)
  const later = setUp(store)
  expect(later.incidents.list()).toEqual([row])
  expect(later.incidents.open(failure)).toMatchObject({ isNew: false, row: { id: row.id, count: 2 } })
})

test('nobody is told of an incident that could not be stored', () => {
  const { incidents, store, events, published } = setUp()
  store.openIncident = () => {
    throw new Error('disk full')
  }
  expect(() => incidents.open(failure)).toThrow('disk full')
  expect([events, published, incidents.list()]).toEqual([[], [], []])
})

test('a task names the kernel, the error in one line, the evidence and the last ten lines', () => {
  const log = Array.from({ length: 11 }, (_, index) => `line ${index}`)
  const incident = { id: 'inc_1', kernel: 'notes', error: failure.error }
  const task = buildTask(incident, '/evidence', log, 42, 'task_1')
  expect(task).toMatchObject({ priority: 10, type: 'fix_kernel_failure', status: 'open', createdAt: 42 })
  expect(taskPayload(task)).toEqual({
    ...{ task: 'task_1', type: 'fix_kernel_failure', kernel: 'notes', incident: 'inc_1', priority: 10 },
    ...{ diagnostic_path: '/evidence', log: log.slice(1) },
    error: 'TypeError: x is not a function\\npassword=[redacted] <- Error: deep',
  })
})
