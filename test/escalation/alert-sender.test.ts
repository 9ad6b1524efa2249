import { expect, test } from 'vitest'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { EventStream, type EventType, type LazaretEvent } from '../../src/base/events.ts'
import { limits } from '../../src/base/limits.ts'
import { type AlertOptions, checkAlertOptions } from '../../src/escalation/alert-options.ts'
import { type AlertBounds, AlertSender } from '../../src/escalation/alert-sender.ts'
import type { Notice } from '../../src/escalation/notify.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { freePort, receiver } from '../support/receiver.ts'

const quick: Partial<AlertBounds> = { alertBackoffMs: 1, alertBackoffMaxMs: 5, alertBreakMs: 5 }

interface SetUp {
  readonly bounds?: Partial<AlertBounds>
  readonly clock?: Clock
  readonly open?: () => readonly Notice[]
  readonly options?: Partial<AlertOptions>
}

function senderTo(url: string, { bounds, clock = systemClock, open = () => [], options }: SetUp = {}) {
  const events: LazaretEvent[] = []
  const stream = new EventStream(clock)
  stream.on((event) => events.push(event))
  const target = checkAlertOptions({ url, ...options })
  const sender = new AlertSender({
    target,
    emit: stream.emit,
    clock,
    open,
    missed: () => [],
    bounds: { ...quick, ...bounds },
  })
  const seen = (type: EventType, count = 1) =>
    new Promise<LazaretEvent[]>((resolve, reject) => {
      const look = () => {
        const found = events.filter((event) => event.type === type)
        if (found.length < count) return
        clearTimeout(timer)
        off()
        resolve(found)
      }
      const timer = setTimeout(() => {
        off()
        reject(new Error(`no ${count} ${type}, but: ${JSON.stringify(events)}`))
      }, 10_000)
      const off = stream.on(look)
      look()
    })
  return { sender, events, seen, [Symbol.asyncDispose]: () => sender.stop() }
}

function opened(kernel: string, more: Partial<Notice> = {}): Notice {
  return {
    ...{ kind: 'incident.opened', kernel, tier: 2, incident: `inc_${kernel}`, fingerprint: 'f', at: 1_000 },
    ...{ openedAt: 1_000, text: `${kernel} is out of service`, ...more },
  }
}

const resolved = (kernel: string): Notice => opened(kernel, { kind: 'incident.resolved', at: 9_000 })

/** Resolves when the clock has a timer of this delay. */
async function armed(clock: ManualClock, count: number): Promise<void> {
  const end = Date.now() + 10_000
  while (clock.armed() < count) {
    if (Date.now() > end) throw new Error(`${clock.armed()} timers, not ${count}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

test('500 twice, then 200: each alert is accepted once, in order', async () => {
  await using server = await receiver((index) => (index < 2 ? 500 : 200))
  await using to = senderTo(server.url)
  to.sender.tell(opened('notes'))
  to.sender.tell(resolved('notes'))
  const sent = await to.seen('notify.sent', 2)
  expect(server.posted.map(({ body, answer }) => [body.status, answer])).toEqual([
    ...[
      ['firing', 500],
      ['firing', 500],
    ],
    ...[
      ['firing', 200],
      ['resolved', 200],
    ],
  ])
  expect(sent).toMatchObject([
    { kernel: 'notes', incident: 'inc_notes', alert: 'LazaretKernelDown', status: 'firing', attempts: 3 },
    { status: 'resolved', attempts: 1 },
  ])
  expect(to.events).toHaveLength(2)
})

test('pauses between attempts grow from half a second by doubling, varied by half', async () => {
  await using server = await receiver((index) => (index < 3 ? 503 : 200))
  const clock = new ManualClock()
  const { alertBackoffMs, alertBackoffMaxMs } = limits
  await using to = senderTo(server.url, { clock, bounds: { alertBackoffMs, alertBackoffMaxMs } })
  to.sender.tell(opened('notes'))
  for (let pause = 0; pause < 3; pause++) {
    await armed(clock, pause + 1)
    const ms = clock.delays[pause] ?? 0
    expect(ms).toBeGreaterThanOrEqual((alertBackoffMs * 2 ** pause) / 2)
    expect(ms).toBeLessThanOrEqual(alertBackoffMs * 2 ** pause)
    expect(server.posted).toHaveLength(pause + 1)
    clock.advance(ms)
  }
  await to.seen('notify.sent')
  expect(clock.pending()).toBe(0)
})

test('nobody listens, then somebody does: the alert arrives, and the outage was reported once', async () => {
  const port = await freePort()
  await using to = senderTo(`http://127.0.0.1:${port}/alerts`)
  to.sender.tell(opened('notes'))
  to.sender.tell(resolved('notes'))
  const [failed] = await to.seen('notify.failed')
  expect(failed).toMatchObject({ kernel: 'notes', dropped: false, waiting: 1, error: { code: 'ALERT_UNDELIVERED' } })
  expect(JSON.stringify(failed)).toContain('ECONNREFUSED')
  await using server = await receiver(() => 200, port)
  await to.seen('notify.sent', 2)
  expect(server.posted.map(({ body }) => body.status)).toEqual(['firing', 'resolved'])
  expect(to.events.filter(({ type }) => type === 'notify.failed')).toHaveLength(1)
})

test('a dead receiver is tried five times, then once in each break, whatever else is told', async () => {
  await using server = await receiver((index) => (index < 7 ? 500 : 200))
  const clock = new ManualClock()
  await using to = senderTo(server.url, { clock, bounds: { alertBreakMs: 30_000 } })
  to.sender.tell(opened('notes'))
  for (let attempt = 1; attempt < 5; attempt++) {
    await armed(clock, attempt)
    clock.advance(5)
  }
  await armed(clock, 5)
  for (const kernel of ['search', 'mail']) to.sender.tell(opened(kernel))
  clock.advance(29_999)
  expect(server.posted).toHaveLength(5)
  clock.advance(1)
  await armed(clock, 6)
  expect(server.posted).toHaveLength(6)
  clock.advance(30_000)
  await armed(clock, 7)
  clock.advance(30_000)
  await to.seen('notify.sent', 3)
  expect(clock.delays.slice(4)).toEqual([30_000, 30_000, 30_000])
  expect(server.accepted().map(({ body }) => body.commonLabels.kernel)).toEqual(['notes', 'search', 'mail'])
  expect(to.events.filter(({ type }) => type === 'notify.failed')).toHaveLength(1)
})

test('a receiver that never answers is left at the end of the attempt, and its connection is closed', async () => {
  await using server = await receiver((index) => (index === 0 ? 'never' : 200))
  await using to = senderTo(server.url, { bounds: { alertAttemptMs: 200 } })
  to.sender.tell(opened('notes'))
  const [sent] = await to.seen('notify.sent')
  expect(sent).toMatchObject({ attempts: 2 })
  await server.idle()
})

test('the reason of a timeout is said', async () => {
  await using server = await receiver(() => 'never')
  await using to = senderTo(server.url, { bounds: { alertAttemptMs: 20 } })
  to.sender.tell(opened('notes'))
  const [failed] = await to.seen('notify.failed')
  expect(failed).toMatchObject({ error: { message: expect.stringContaining('no answer within 20 ms') } })
})

test('a redirect is not followed, and the alert is not sent again', async () => {
  await using elsewhere = await receiver()
  await using server = await receiver(() => ({ status: 307, location: elsewhere.url }))
  await using to = senderTo(server.url, { options: { headers: { authorization: 'Bearer abcdefgh12345678' } } })
  to.sender.tell(opened('notes'))
  const [failed] = await to.seen('notify.failed')
  expect(failed).toMatchObject({ dropped: true, error: { message: expect.stringContaining('redirects are not') } })
  expect([server.posted.length, elsewhere.posted.length]).toEqual([1, 0])
})

test('what the receiver refuses is reported and does not hold up the next one', async () => {
  await using server = await receiver((index) => (index === 0 ? 422 : 200))
  await using to = senderTo(server.url)
  for (const kernel of ['notes', 'search']) to.sender.tell(opened(kernel))
  await to.seen('notify.sent')
  expect(to.events).toMatchObject([
    { type: 'notify.failed', kernel: 'notes', dropped: true, error: { message: expect.stringContaining('422') } },
    { type: 'notify.sent', kernel: 'search' },
  ])
})

test('too many alerts: the oldest that wait are lost, each with an event', async () => {
  await using server = await receiver()
  await using to = senderTo(server.url, { bounds: { alertQueue: 3 } })
  for (let n = 0; n < 5; n++) to.sender.tell(opened(`kernel_${n}`))
  await to.seen('notify.sent', 3)
  expect(to.events).toMatchObject([
    { type: 'notify.failed', kernel: 'kernel_0', dropped: true, error: { message: expect.stringContaining('than 3') } },
    { type: 'notify.failed', kernel: 'kernel_1', dropped: true },
    ...['kernel_2', 'kernel_3', 'kernel_4'].map((kernel) => ({ type: 'notify.sent', kernel })),
  ])
})

test('to stop gives what is pending its time and not more; the rest is reported, and nothing is left', async () => {
  await using server = await receiver(() => 'never')
  const clock = new ManualClock()
  await using to = senderTo(server.url, { clock })
  for (const kernel of ['notes', 'search']) to.sender.tell(opened(kernel))
  await server.sent(1)
  const stopped = to.sender.stop()
  expect(clock.delays.at(-1)).toBe(limits.alertStopMs)
  clock.advance(limits.alertStopMs)
  await stopped
  expect(to.events).toMatchObject([
    { type: 'notify.failed', kernel: 'notes', dropped: true, error: { message: expect.stringContaining('stopped') } },
    { type: 'notify.failed', kernel: 'search', dropped: true },
  ])
  expect(clock.pending()).toBe(0)
  await server.idle()
})

test('to stop sends what waits for a pause to end, and takes no more', async () => {
  await using server = await receiver((index) => (index === 0 ? 500 : 200))
  const clock = new ManualClock()
  await using to = senderTo(server.url, { clock })
  to.sender.tell(opened('notes'))
  to.sender.tell(resolved('notes'))
  await armed(clock, 1)
  await to.sender.stop()
  expect(server.accepted().map(({ body }) => body.status)).toEqual(['firing', 'resolved'])
  expect(clock.pending()).toBe(0)
  to.sender.tell(opened('late'))
  expect(to.events.at(-1)).toMatchObject({ type: 'notify.failed', kernel: 'late', dropped: true })
})

test('to stop tries a receiver that fails once more, and not for each alert', async () => {
  await using server = await receiver(() => 500)
  const clock = new ManualClock()
  await using to = senderTo(server.url, { clock })
  for (const kernel of ['notes', 'search', 'mail']) to.sender.tell(opened(kernel))
  await armed(clock, 1)
  await to.sender.stop()
  expect(server.posted).toHaveLength(2)
  expect(to.events.map(({ type, kernel, dropped }) => [type, kernel, dropped])).toEqual(
    ['notes', 'search', 'mail'].map((kernel) => ['notify.failed', kernel, true]),
  )
})

test('to stop does not try a receiver that is dead already', async () => {
  await using server = await receiver(() => 500)
  const clock = new ManualClock()
  await using to = senderTo(server.url, { clock, bounds: { alertBreakAfter: 1 } })
  for (const kernel of ['notes', 'search']) to.sender.tell(opened(kernel))
  await armed(clock, 1)
  await to.sender.stop()
  expect(server.posted).toHaveLength(1)
  expect(to.events.filter(({ dropped }) => dropped === true).map(({ kernel }) => kernel)).toEqual(['notes', 'search'])
})

test('an API is told again what fires, without an event; what is over is not', async () => {
  await using server = await receiver()
  const clock = new ManualClock()
  let open: Notice[] = [opened('notes')]
  await using to = senderTo(server.url, { clock, open: () => open, options: { format: 'api' } })
  to.sender.start()
  await to.seen('notify.sent')
  await server.idle()
  clock.advance(limits.alertRepeatMs)
  await server.sent(2)
  to.sender.tell(resolved('notes'))
  open = []
  await to.seen('notify.sent', 2)
  clock.advance(10 * limits.alertRepeatMs)
  await to.sender.stop()
  expect(server.posted.map(({ body: [{ endsAt }] }) => Date.parse(endsAt))).toEqual([
    ...[1_000_000 + limits.alertHoldMs, 1_000_000 + limits.alertRepeatMs + limits.alertHoldMs, 9_000],
  ])
  expect(to.events).toHaveLength(2)
  expect(clock.pending()).toBe(0)
})

test('credentials travel to the receiver and stand nowhere else', async () => {
  await using server = await receiver((index) => (index === 0 ? 200 : 401))
  const url = server.url.replace('://', '://ops:hunter22@').replace('/alerts', '/hooks/T0SECRETPATH?key=querysecret')
  await using to = senderTo(url, { options: { headers: { 'X-Key': 'headersecret' } } })
  for (const kernel of ['notes', 'search']) to.sender.tell(opened(kernel))
  await to.seen('notify.failed')
  expect(server.posted[0]).toMatchObject({
    path: '/hooks/T0SECRETPATH?key=querysecret',
    headers: { authorization: `Basic ${btoa('ops:hunter22')}`, 'x-key': 'headersecret' },
  })
  expect(JSON.stringify(to.events)).not.toMatch(/hunter22|T0SECRETPATH|querysecret|headersecret/)
})
