/** A snapshot keeps no message waiting for longer than it must. */
import { expect, test } from 'vitest'
import { house, kernelOf } from '../support/house.ts'

test('a snapshot() that never ends stops nobody: it is withdrawn, said so, and not asked for again', async () => {
  await using place = await house([
    {
      ...{ id: 'stuck', snapshot: { everyMs: 100 }, limits: { askMs: 200, stopMs: 1000 } },
      source: kernelOf(`return { api: { ping: () => 1 }, snapshot: () => {
        append('snapshots', 'x')
        return new Promise(() => {})
      } }`),
    },
  ])
  const ref = place.runtime.ref('stuck').with({ deadlineMs: 5000 })
  for (let turn = 0; turn < 3; turn++) {
    await place.seen(() => place.of('snapshot.failed', 'stuck').length > turn)
    expect(await ref.ask.ping?.()).toBe(1)
  }
  const [first, second] = place.of('snapshot.failed', 'stuck')
  expect(first).toMatchObject({ error: { code: 'SNAPSHOT_FAILED', message: expect.stringContaining('within 200 ms') } })
  expect(second).toMatchObject({ error: { message: expect.stringContaining('has not finished') } })
  expect(place.lines('snapshots')).toHaveLength(1)
  await place.runtime.stop()
  expect(place.of('kernel.stopped', 'stuck')).toMatchObject([{ orderly: true }])
})

test('a snapshot waits for a moment between messages, and not for ever: who waits for a later message gets it', async () => {
  await using place = await house([
    {
      ...{ id: 'topic', concurrency: 4, snapshot: { everyMs: 100 } },
      source: kernelOf(`const waiting = []
let published = 0
return {
  api: {
    next: () => new Promise((done) => waiting.push(done)),
    publish(text) { published += 1; for (const done of waiting.splice(0)) done(text) },
  },
  snapshot: () => ({ published }),
}`),
    },
    {
      ...{ id: 'clock', snapshot: { everyMs: 100 } },
      source: kernelOf('return { api: {}, snapshot: () => 1 }'),
    },
  ])
  const topic = place.runtime.ref('topic').with({ deadlineMs: 4000 })
  const taken = (kernel: string) => place.of('snapshot.taken', kernel).length
  for (let turn = 1; turn <= 3; turn++) {
    const next = topic.ask.next?.()
    // By then this one has been asked for its snapshot too.
    const before = taken('clock')
    await place.seen(() => taken('clock') >= before + 2)
    await topic.ask.publish?.(`text ${turn}`)
    expect(await next).toBe(`text ${turn}`)
  }
  await place.seen(() => taken('topic') > 0)
})
