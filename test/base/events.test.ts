import { expect, test } from 'vitest'
import { EventStream, type LazaretEvent } from '../../src/base/events.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'

function streamOf(lastSeq?: number) {
  const clock = new ManualClock(5000)
  const stream = new EventStream(clock, lastSeq)
  const seen: LazaretEvent[] = []
  stream.on((event) => seen.push(event))
  return { clock, stream, seen }
}

test('an event has its type, kernel, time, number and facts', () => {
  const { clock, stream, seen } = streamOf()
  clock.advance(7)
  const event = stream.emit('kernel.crashed', 'a', { phase: 'start' })
  expect(event).toEqual({ type: 'kernel.crashed', kernel: 'a', at: 5007, seq: 1, phase: 'start' })
  expect(seen).toEqual([event])
  expect(stream.emit('runtime.started', undefined)).toEqual({ type: 'runtime.started', at: 5007, seq: 2 })
})

test('facts cannot pose as type, kernel, time or number', () => {
  const { stream } = streamOf()
  const facts = { type: 'kernel.parked', kernel: 'b', at: 0, seq: 99, more: 1 }
  expect(stream.emit('kernel.crashed', 'a', facts)).toEqual({
    type: 'kernel.crashed',
    kernel: 'a',
    at: 5000,
    seq: 1,
    more: 1,
  })
})

test('numbers go on from those of an earlier process', () => {
  expect(streamOf(41).stream.emit('runtime.started', undefined).seq).toBe(42)
})

test('a listener that subscribes twice hears twice, and ends once at a time', () => {
  const stream = new EventStream(new ManualClock())
  let calls = 0
  const listener = () => {
    calls += 1
  }
  const [end] = [stream.on(listener), stream.on(listener)]
  stream.emit('runtime.started', undefined)
  expect(calls).toBe(2)
  end?.()
  stream.emit('runtime.stopped', undefined)
  expect(calls).toBe(3)
})

test('a listener that throws is reported, the others hear the event all the same, and it is called again', () => {
  const { stream, seen } = streamOf()
  let calls = 0
  const after: string[] = []
  stream.on(() => {
    calls += 1
    throw new Error('listener broke')
  })
  stream.on((event) => after.push(event.type))
  stream.emit('kernel.started', 'a')
  expect(seen.map(({ type }) => type)).toEqual(['kernel.started', 'listener.failed'])
  expect(seen[1]).toMatchObject({ kernel: 'a', during: 'kernel.started', error: { message: 'listener broke' } })
  expect(after.sort()).toEqual(['kernel.started', 'listener.failed'])
  stream.emit('kernel.started', 'b')
  expect(calls).toBe(4)
})

test('an async listener that rejects is reported like one that throws', async () => {
  const { stream, seen } = streamOf()
  stream.on(async () => {
    throw new Error('rejected')
  })
  stream.emit('kernel.started', 'a')
  await Promise.resolve()
  await Promise.resolve()
  expect(seen.map(({ type }) => type)).toEqual(['kernel.started', 'listener.failed'])
  expect(seen[1]).toMatchObject({ during: 'kernel.started', error: { message: 'rejected' } })
})

test('listeners that all throw, throw undefined, and throw at the report, end nowhere', () => {
  const { stream, seen } = streamOf()
  for (let index = 0; index < 10; index += 1) {
    stream.on(() => {
      throw undefined
    })
  }
  stream.emit('kernel.started', 'a')
  expect(seen.filter(({ type }) => type === 'listener.failed')).toHaveLength(10)
})

test('who unsubscribes hears no more, also while an event is told; who subscribes then hears the next', () => {
  const { stream } = streamOf()
  const heard: string[] = []
  const off = stream.on(() => {
    heard.push('once')
    off()
    if (heard.length === 1) stream.on(() => heard.push('late'))
  })
  stream.emit('kernel.started', 'a')
  expect(heard).toEqual(['once'])
  stream.emit('kernel.started', 'a')
  expect(heard).toEqual(['once', 'late'])
  off()
})
