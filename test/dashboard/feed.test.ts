import { expect, test } from 'vitest'
import { LazaretError } from '../../src/base/errors.ts'
import type { EventListener } from '../../src/base/events.ts'
import { limits } from '../../src/base/limits.ts'
import type { DashboardApp } from '../../src/dashboard/app.ts'
import { eventText } from '../../src/dashboard/event-batch.ts'
import { bearer, desk, FrameReader, statusOf } from './desk.ts'

async function open(app: DashboardApp, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  const init = { headers: { ...bearer, ...headers }, ...(signal && { signal }) }
  return app.fetch(new Request('http://localhost:4000/api/events', init))
}

test('a stream begins with the whole state; then come events, soon and together, with the kernels that they are about', async () => {
  const { app, clock, events, kernels } = desk()
  const response = await open(app)
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  const frames = new FrameReader(response)
  expect(await frames.next()).toMatchObject({ type: 'state', kernels: [{ id: 'a' }, { id: 'b' }] })
  kernels.set('a', statusOf('a', { state: 'failed' }))
  events.emit('kernel.crashed', 'a', { failures: 1 })
  events.emit('restart.exhausted', 'a')
  clock.advance(limits.dashboardSoonMs)
  expect(await frames.next()).toMatchObject({ type: 'state', kernels: [{ id: 'a', state: 'failed' }], links: [] })
  const two = [{ type: 'kernel.crashed', kernel: 'a', seq: 1, failures: 1 }, { type: 'restart.exhausted' }]
  expect(await frames.next()).toMatchObject({ type: 'events', id: '2', events: two, leftOut: 0 })
  // The next ones wait for the frame to be over, and a kernel that has not changed is not told of again.
  events.emit('kernel.resumed', 'a')
  clock.advance(limits.dashboardFrameMs - limits.dashboardSoonMs - 1)
  expect(clock.delays.at(-1)).toBe(limits.dashboardFrameMs)
  clock.advance(limits.dashboardSoonMs + 1)
  expect(await frames.next()).toMatchObject({ type: 'events', id: '3', events: [{ type: 'kernel.resumed' }] })
})

test('what no event tells is compared once a second: only what has changed is sent, and the end of a load once', async () => {
  const { app, clock, kernels, links } = desk()
  const frames = new FrameReader(await open(app))
  await frames.next()
  const sample = () => clock.advance(limits.dashboardSampleMs)
  kernels.set('b', statusOf('b', { handled: 7, uptimeMs: 5 }))
  kernels.set('a', statusOf('a', { uptimeMs: 5 }))
  links.push({ from: 'host', to: 'b', messages: 7 })
  sample()
  expect(await frames.next()).toMatchObject({ kernels: [{ id: 'b', handled: 7 }], links: [{ to: 'b', messages: 7 }] })
  sample()
  expect(await frames.next()).toMatchObject({ kernels: [{ id: 'b', handled: 7 }], links: [] })
  sample()
  kernels.set('a', statusOf('a', { mailbox: 1 }))
  sample()
  expect(await frames.next()).toMatchObject({ kernels: [{ id: 'a', mailbox: 1 }], links: [] })
})

test('nothing is computed, awaited or subscribed to while nobody looks, and once for all who do', async () => {
  let asked = 0
  let subscribed = 0
  const made = desk()
  const { app, clock } = desk({
    more: {
      status: () => {
        asked += 1
        return made.ports.status()
      },
      on: () => {
        subscribed += 1
        return () => {
          subscribed -= 1
        }
      },
    },
  })
  clock.advance(10 * limits.dashboardSampleMs)
  expect([asked, clock.armed()]).toEqual([0, 0])
  const streams = [await open(app), await open(app), await open(app)].map((response) => new FrameReader(response))
  const before = asked
  clock.advance(limits.dashboardSampleMs)
  expect([asked - before, subscribed]).toEqual([1, 1])
  for (const stream of streams) await stream.cancel()
  const after = [asked, clock.armed()]
  clock.advance(10 * limits.dashboardSampleMs)
  expect([[asked, clock.armed()], subscribed]).toEqual([after, 0])
})

test('of a storm of events a frame holds so many: the rare ones, the newest of the others, and how many are left out', async () => {
  const { app, clock, events } = desk()
  const frames = new FrameReader(await open(app))
  await frames.next()
  events.emit('incident.opened', 'a', { error: { message: 'password=hunter2' } })
  for (let n = 0; n < 5 * limits.dashboardFrameEvents; n += 1) events.emit('message.deadLettered', 'b', { n })
  clock.advance(limits.dashboardFrameMs)
  const frame = await frames.next()
  if (frame?.type !== 'events') throw new Error(`unexpected ${frame?.type}`)
  expect(frame.events.length).toBe(limits.dashboardFrameEvents)
  expect(frame.leftOut).toBe(4 * limits.dashboardFrameEvents + 1)
  expect(frame.events[0]).toMatchObject({ type: 'incident.opened', error: { message: 'password=[redacted]' } })
  expect(frame.events.at(-1)).toMatchObject({ n: 5 * limits.dashboardFrameEvents - 1 })
})

test('an event that follows from another comes after it, and is where a reader goes on from', async () => {
  const { app, events, clock } = desk()
  events.on(({ type }) => {
    if (type === 'kernel.crashed') events.emit('restart.exhausted', 'a')
  })
  const frames = new FrameReader(await open(app))
  await frames.next()
  events.emit('kernel.crashed', 'a')
  clock.advance(limits.dashboardFrameMs)
  const frame = await frames.next()
  expect(frame?.type === 'events' && frame.events.map(({ type }) => type)).toEqual([
    'kernel.crashed',
    'restart.exhausted',
  ])
  expect(frame?.id).toBe(String(events.lastSeq))
})

test('a frame is bounded in bytes as well', async () => {
  const { app, clock, events } = desk()
  const frames = new FrameReader(await open(app))
  await frames.next()
  const text = 'word '.repeat(2000)
  for (let n = 0; n < 40; n += 1) events.emit('kernel.crashed', 'a', { n, text })
  clock.advance(limits.dashboardFrameMs)
  const frame = await frames.next()
  if (frame?.type !== 'events') throw new Error(`unexpected ${frame?.type}`)
  expect(JSON.stringify(frame).length).toBeLessThan(limits.dashboardFrameBytes + 1000)
  expect(frame.leftOut + frame.events.length).toBe(40)
  expect(frame.events.at(-1)).toMatchObject({ n: 39 })
})

test('after a gap what was missed comes first, from the journal; after too long a one it is begun anew', async () => {
  const { app, events } = desk()
  for (let n = 0; n < limits.dashboardResumeEvents + 1; n += 1) events.emit('kernel.resumed', 'a', { n })
  const last = events.lastSeq
  const resumed = new FrameReader(await open(app, { 'last-event-id': '1' }))
  const seqs: number[] = []
  for (let frame = await resumed.next(); frame?.type === 'events'; frame = await resumed.next())
    seqs.push(...frame.events.map(({ seq }) => seq))
  expect(seqs).toEqual(Array.from({ length: limits.dashboardResumeEvents }, (_, n) => n + 2))
  for (const id of ['0', String(last + 1)])
    expect(await new FrameReader(await open(app, { 'last-event-id': id })).next()).toEqual({ type: 'reset' })
  expect(await new FrameReader(await open(app, { 'last-event-id': String(last) })).next()).toMatchObject({
    type: 'state',
  })
  expect((await open(app, { 'last-event-id': '-1' })).status).toBe(400)
})

test('where the journal has not all that was missed, it is begun anew', async () => {
  const { app, events } = desk({ more: { eventsAfter: () => [] } })
  events.emit('kernel.resumed', 'a')
  expect(await new FrameReader(await open(app, { 'last-event-id': '0' })).next()).toEqual({ type: 'reset' })
})

test('where the journal cannot be read the reader is refused, and nobody is left who listens', async () => {
  const listening = new Set<EventListener>()
  const { app, events } = desk({
    more: {
      on: (listener) => {
        listening.add(listener)
        return () => listening.delete(listener)
      },
      eventsAfter: () => {
        throw new LazaretError('JOURNAL_FAILED', 'The disk is full.')
      },
    },
  })
  events.emit('kernel.resumed', 'a')
  expect((await open(app, { 'last-event-id': '0' })).status).toBe(503)
  expect(listening.size).toBe(0)
})

test('kernels whose own machines have moved are named, each once a frame', async () => {
  let tell: (kernel: string) => void = () => undefined
  const { app, clock } = desk({
    more: {
      onInspected: (listener) => {
        tell = listener
        return () => undefined
      },
    },
  })
  const frames = new FrameReader(await open(app))
  await frames.next()
  for (const kernel of ['a', 'b', 'a']) tell(kernel)
  clock.advance(limits.dashboardFrameMs)
  expect(await frames.next()).toEqual({ type: 'inspected', kernels: ['a', 'b'] })
})

test('so many streams are served, and one more when one of them has ended', async () => {
  const { app } = desk()
  const streams: Response[] = []
  for (let n = 0; n < limits.dashboardStreams; n += 1) streams.push(await open(app))
  expect(streams.map(({ status }) => status)).toEqual(Array(limits.dashboardStreams).fill(200))
  const refused = await open(app)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
  await streams[0]?.body?.cancel()
  expect((await open(app)).status).toBe(200)
  // HEAD of a stream opens none.
  for (let n = 0; n <= limits.dashboardStreams; n += 1) {
    const head = new Request('http://localhost:4000/api/events', { method: 'HEAD', headers: bearer })
    expect((await app.fetch(head)).status).toBe(200)
  }
})

test('a stream without news says so now and then', async () => {
  const { app, clock } = desk()
  const frames = new FrameReader(await open(app))
  await frames.raw()
  clock.advance(limits.dashboardKeepAliveMs)
  expect(await frames.raw()).toBe(': nothing new\n\n')
})

test('a reader that takes nothing is held in bounded memory, begins anew if it goes on, and is cut off if it does not', async () => {
  const { app, clock, events } = desk()
  const response = await open(app)
  const frames = new FrameReader(response)
  const storm = () => {
    for (let n = 0; n < limits.dashboardFrameEvents; n += 1)
      events.emit('kernel.resumed', 'a', { text: 'word '.repeat(150) })
    clock.advance(limits.dashboardFrameMs)
  }
  const frameBytes = limits.dashboardFrameBytes
  for (let bytes = 0; bytes < 3 * limits.dashboardStreamBytes; bytes += frameBytes / 2) storm()
  let taken = 0
  let frame = await frames.next()
  for (; frame?.type !== 'reset'; frame = await frames.next()) {
    taken += JSON.stringify(frame).length
    if (taken >= limits.dashboardStreamBytes) storm()
  }
  expect(taken).toBeLessThan(2 * limits.dashboardStreamBytes)
  for (let bytes = 0; bytes < 3 * limits.dashboardStreamBytes; bytes += frameBytes / 2) storm()
  clock.advance(limits.dashboardStalledMs)
  storm()
  const rest = (async () => {
    while ((await frames.next()) !== undefined);
  })()
  await expect(rest).rejects.toThrow('took nothing for too long')
})

test('when the dashboard is closed its streams end, and what is asked later is refused', async () => {
  const { app, clock } = desk()
  const frames = new FrameReader(await open(app))
  await frames.next()
  app.close()
  expect(await frames.next()).toBeUndefined()
  expect((await open(app)).status).toBe(503)
  const armed = clock.armed()
  clock.advance(10 * limits.dashboardSampleMs)
  expect(clock.armed()).toBe(armed)
})

test('secrets are struck out of events, whatever they look like', () => {
  const secrets: readonly [fact: string, value: unknown, secret: string][] = [
    ['text', 'Authorization: Bearer abcdefgh12345', 'abcdefgh12345'],
    ['text', 'https://user:hunter2@db.example/x', 'hunter2'],
    ['text', 'sk-abcdefghijklmnop1234', 'sk-abcdefghijklmnop1234'],
    ['text', 'AKIAABCDEFGHIJKLMNOP', 'AKIAABCDEFGHIJKLMNOP'],
    ['text', 'aB1cD2eF3gH4iJ5kL6mN7oP8qR9sT0uV', 'aB1cD2eF3gH4'],
    ['text', 'eyJabcdefgh.abcdefgh', 'eyJabcdefgh'],
    ['apiKey', 'hunter2', 'hunter2'],
    ['login', { db_password: 'hunter2' }, 'hunter2'],
    ['login', { PIN: '1234' }, '1234'],
  ]
  for (const [fact, value, secret] of secrets) {
    const text = eventText({ type: 'kernel.crashed', at: 0, seq: 1, [fact]: value })
    expect(text).not.toContain(secret)
    expect(text).toContain('[redacted]')
  }
  expect(JSON.parse(eventText({ type: 'kernel.resumed', kernel: 'a', at: 0, seq: 1, n: 2n }))).toMatchObject({
    n: '2n',
  })
})
