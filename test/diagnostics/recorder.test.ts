import { deserialize } from 'node:v8'
import { expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { estimateBytes, FlightRecorder } from '../../src/diagnostics/recorder.ts'

function give(recorder: FlightRecorder, n: number, args: unknown[] = [n]): void {
  recorder.delivered({ n, kind: 'tell', from: 'test', method: 'add', args, at: n })
}

const argsOf = (recorder: FlightRecorder) => recorder.evidence().messages.map(({ args }) => deserialize(args)[0])

test('messages that were begun are evidence, later ones are not', () => {
  const recorder = new FlightRecorder()
  for (const n of [1, 2, 3, 4]) give(recorder, n)
  recorder.began(3)
  recorder.began(2)
  expect(argsOf(recorder)).toEqual([1, 2, 3])
  expect(recorder.evidence().leftOut).toBe(0)
})

test('a boot forgets what the instance before was given, and keeps its own state', () => {
  const recorder = new FlightRecorder()
  give(recorder, 1)
  recorder.began(1)
  recorder.asked({ id: 1, to: 'log', method: 'size', args: [] })
  const state = new Uint8Array([1])
  recorder.boot({ state, config: { a: 1 }, files: [] })
  recorder.answered(1, { value: 2 })
  recorder.loaded([{ url: 'file:///k.ts', sha256: 'x', text: '' }])
  expect(recorder.evidence()).toEqual({
    ...{ state, config: { a: 1 }, files: [{ url: 'file:///k.ts', sha256: 'x', text: '' }] },
    ...{ messages: [], replies: [], leftOut: 0 },
  })
})

test('messages are kept to the limit; one past it the oldest goes and is counted', () => {
  const recorder = new FlightRecorder()
  for (let n = 1; n <= limits.recorderMessages; n += 1) give(recorder, n)
  recorder.began(limits.recorderMessages)
  expect(argsOf(recorder)).toHaveLength(limits.recorderMessages)
  give(recorder, limits.recorderMessages + 1)
  recorder.began(limits.recorderMessages + 1)
  expect(argsOf(recorder).slice(0, 1)).toEqual([2])
  expect(recorder.evidence().leftOut).toBe(1)
})

test('bytes are bounded, and the newest message is kept however large', () => {
  const recorder = new FlightRecorder()
  for (const n of [1, 2, 3]) give(recorder, n, ['x'.repeat(limits.recorderBytes / 2 - 200)])
  recorder.began(3)
  expect(recorder.evidence()).toMatchObject({ messages: [{ at: 2 }, { at: 3 }], leftOut: 1 })
  give(recorder, 4, ['y'.repeat(limits.recorderBytes * 2)])
  recorder.began(4)
  expect(recorder.evidence()).toMatchObject({ messages: [{ at: 4 }], leftOut: 3 })
})

test('deep values that were estimated too small are bounded when they are serialised', () => {
  const recorder = new FlightRecorder()
  const deep = () => ({ a: { b: { c: Array.from({ length: 100 }, () => ({ d: ['z'.repeat(3000)] })) } } })
  for (let n = 1; n <= 20; n += 1) give(recorder, n, [deep()])
  recorder.began(20)
  const { messages, leftOut } = recorder.evidence()
  expect(messages.reduce((sum, { args }) => sum + args.byteLength, 0)).toBeLessThanOrEqual(limits.recorderBytes)
  expect(messages.length + leftOut).toBe(20)
})

test('an argument whose buffer was transferred away is left out and counted', () => {
  const recorder = new FlightRecorder()
  const bytes = new Uint8Array(8)
  give(recorder, 1, [bytes])
  give(recorder, 2)
  recorder.began(2)
  structuredClone(bytes, { transfer: [bytes.buffer] })
  expect(argsOf(recorder)).toEqual([2])
  expect(recorder.evidence().leftOut).toBe(1)
})

test('answered asks are evidence in the order of asking, with values and errors', () => {
  const recorder = new FlightRecorder()
  for (const id of [1, 2, 3]) recorder.asked({ id, to: 'log', method: 'read', args: [id] })
  recorder.answered(3, { error: { name: 'Error', message: 'gone' } })
  recorder.answered(1, { value: undefined })
  recorder.answered(99, { value: 'never asked' })
  const { replies } = recorder.evidence()
  expect(replies.map(({ args }) => deserialize(args)[0])).toEqual([1, 3])
  expect(replies[0]?.value === undefined ? 'absent' : deserialize(replies[0].value)).toBeUndefined()
  expect(replies[1]).toMatchObject({ to: 'log', error: { message: 'gone' } })
  expect(replies[1]).not.toHaveProperty('value')
})

test('asks that are never answered do not pile up', () => {
  const recorder = new FlightRecorder()
  for (let id = 0; id < limits.recorderMessages * 3; id += 1) recorder.asked({ id, to: 'a', method: 'b', args: [] })
  recorder.answered(0, { value: 'its entry is gone' })
  recorder.answered(limits.recorderMessages * 3 - 1, { value: 'kept' })
  expect(recorder.evidence().replies).toHaveLength(1)
})

test('an estimate looks at a bounded part, and survives getters that throw', () => {
  let reads = 0
  const wide = Array.from({ length: 10_000 }, () => ({
    get text() {
      reads += 1
      return 'x'.repeat(100)
    },
  }))
  expect(estimateBytes([wide])).toBeGreaterThan(100_000)
  expect(reads).toBeLessThan(64)
  expect(estimateBytes([new Uint8Array(5000)])).toBeGreaterThan(5000)
  const evil = {
    get boom(): string {
      throw new Error('no')
    },
  }
  expect(estimateBytes([evil])).toBeGreaterThan(0)
})
