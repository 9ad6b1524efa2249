import { expect, test } from 'vitest'
import type { Clock } from '../../src/base/clock.ts'
import { EventStream, type LazaretEvent } from '../../src/base/events.ts'
import { limits } from '../../src/base/limits.ts'
import { createLog } from '../../src/base/log.ts'
import { type Notice, Operators } from '../../src/escalation/notify.ts'

const notice: Notice = {
  ...{ kind: 'incident.opened', kernel: 'notes', tier: 2, incident: 'inc_1', fingerprint: 'abc', at: 0 },
  openedAt: 0,
  text: 'notes failed\nfor good',
}

function setUp(notify?: (notice: Notice) => void | Promise<void>) {
  const timers: { run: () => void; ms: number }[] = []
  const clock: Clock = {
    ...{ now: () => 0, monotonicMs: () => 0 },
    setTimeout: (run, ms) => timers.push({ run, ms }) - 1,
    clearTimeout: (index) => typeof index === 'number' && timers.splice(index, 1),
  }
  const events: LazaretEvent[] = []
  const stream = new EventStream(clock)
  stream.on((event) => events.push(event))
  const lines: { level: number; msg: string }[] = []
  const log = createLog({ level: 'info', destination: { write: (line: string) => void lines.push(JSON.parse(line)) } })
  const operators = new Operators({ notify, log, emit: stream.emit, clock })
  return { operators, tell: (told: Notice) => operators.tell(told), events, lines, timers }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('the terminal gets one line, fatal where it opens and info where it is resolved', () => {
  const { tell, lines } = setUp()
  tell(notice)
  tell({ ...notice, kind: 'incident.resolved' })
  expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
    [60, 'notes failed\\nfor good'],
    [30, 'notes failed\\nfor good'],
  ])
})

test('the user’s function gets the notice', async () => {
  const seen: Notice[] = []
  const { tell, events, timers } = setUp(async (got) => void seen.push(got))
  tell(notice)
  await settled()
  expect(seen).toEqual([notice])
  expect([events, timers]).toEqual([[], []])
})

test('a function that throws is reported and not in the way', () => {
  const { tell, events } = setUp(() => {
    throw new Error('pager down')
  })
  tell(notice)
  expect(events).toMatchObject([{ type: 'notify.failed', kernel: 'notes', error: { message: 'pager down' } }])
})

test('a rejection is reported, whatever it is', async () => {
  const { tell, events, timers } = setUp(() => Promise.reject(undefined))
  tell(notice)
  await settled()
  expect(events).toMatchObject([{ type: 'notify.failed', error: { nonError: true } }])
  expect(timers).toEqual([])
})

test('a promise that never settles is reported at its deadline, once', () => {
  const { tell, events, timers } = setUp(() => new Promise(() => {}))
  tell(notice)
  expect(timers.map(({ ms }) => ms)).toEqual([limits.notifyMs])
  const [timer] = timers
  timer?.run()
  timer?.run()
  expect(events).toMatchObject([{ type: 'notify.failed', incident: 'inc_1' }])
})

test('a promise that has not settled when the runtime stops is reported, and leaves no timer', async () => {
  const { operators, tell, events, timers } = setUp(() => new Promise(() => {}))
  tell(notice)
  await operators.stop()
  expect(timers).toEqual([])
  expect(events).toMatchObject([{ type: 'notify.failed', error: { message: expect.stringContaining('stopped') } }])
})
