import { deserialize, serialize } from 'node:v8'
import { expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import type { RecordedMessage } from '../../src/base/remedy.ts'
import { estimateBytes } from '../../src/diagnostics/bounded-ring.ts'
import { FlightRecorder } from '../../src/diagnostics/recorder.ts'

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

const ask = (recorder: FlightRecorder, n: number, args: unknown[] = [n]) =>
  recorder.delivered({ n, kind: 'ask', from: 'test', method: 'add', args, at: n })
const boot = (recorder: FlightRecorder, state?: unknown) =>
  recorder.boot({ ...(state === undefined ? {} : { state: serialize(state) }), config: { a: 1 }, files: [] })
const answers = (messages: readonly RecordedMessage[]) =>
  messages.map(({ reply }) =>
    reply === undefined ? 'none' : 'error' in reply ? reply.error : deserialize(reply.value),
  )

test('a reply is kept with its message, value or error, and none with a tell', () => {
  const recorder = new FlightRecorder()
  for (const n of [1, 2, 3]) ask(recorder, n)
  give(recorder, 4)
  recorder.finished(1, { value: { sum: 1 } })
  recorder.finished(2, { error: { name: 'Error', message: 'no' } })
  recorder.finished(3)
  recorder.finished(4, { value: 'of a tell' })
  expect(answers(recorder.evidence().messages)).toEqual([{ sum: 1 }, { name: 'Error', message: 'no' }, 'none', 'none'])
})

test('a reply that is too large is left out, one of the limit is not', () => {
  const recorder = new FlightRecorder()
  for (const n of [1, 2]) ask(recorder, n)
  recorder.finished(1, { value: 'x'.repeat(limits.recorderReplyBytes - 100) })
  recorder.finished(2, { value: 'x'.repeat(limits.recorderReplyBytes + 1) })
  expect(answers(recorder.evidence().messages)).toEqual([expect.any(String), 'none'])
})

test('replies are bounded in all, the oldest go first, and no message goes with them', () => {
  const recorder = new FlightRecorder()
  // Without a boot there is no sample that would keep the first ones.
  const count = 2 * Math.ceil(limits.recorderBytes / 60_000)
  for (let n = 1; n <= count; n += 1) {
    ask(recorder, n)
    recorder.finished(n, { value: 'x'.repeat(60_000) })
  }
  const { messages, leftOut } = recorder.evidence()
  expect(messages).toHaveLength(count)
  expect(leftOut).toBe(0)
  const kept = messages.flatMap(({ reply }) =>
    reply !== undefined && 'value' in reply ? [reply.value.byteLength] : [],
  )
  expect(kept.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(limits.recorderBytes)
  expect(answers(messages).at(0)).toBe('none')
  expect(answers(messages).at(-1)).not.toBe('none')
})

test('a message that the thread gave back was not begun, and a reply that was transferred away is left out', () => {
  const recorder = new FlightRecorder()
  for (const n of [1, 2]) ask(recorder, n)
  recorder.skipped(1)
  const bytes = new Uint8Array(8)
  recorder.finished(2, { value: bytes })
  structuredClone(bytes, { transfer: [bytes.buffer] })
  expect(argsOf(recorder)).toEqual([2])
  expect(answers(recorder.evidence().messages)).toEqual(['none'])
})

const handle = (recorder: FlightRecorder, from: number, to: number) => {
  for (let n = from; n <= to; n += 1) {
    ask(recorder, n)
    recorder.finished(n, { value: n })
  }
}
const stateOf = (found: { state?: Uint8Array } | undefined) =>
  found?.state === undefined ? 'none' : deserialize(found.state)

test('while nothing was dropped a replay starts from the boot, afterwards from the newest snapshot', () => {
  const recorder = new FlightRecorder()
  boot(recorder, 'boot')
  recorder.asked({ id: 1, to: 'log', method: 'size', args: ['before'] })
  recorder.answered(1, { value: 1 })
  handle(recorder, 1, 10)
  recorder.snapshotTaken(serialize('after 10'))
  recorder.asked({ id: 2, to: 'log', method: 'size', args: ['since'] })
  recorder.answered(2, { value: 2 })
  handle(recorder, 11, limits.recorderMessages)
  expect(stateOf(recorder.evidence())).toBe('boot')
  expect(recorder.evidence().messages).toHaveLength(limits.recorderMessages)
  handle(recorder, limits.recorderMessages + 1, limits.recorderMessages + 1)
  const evidence = recorder.evidence()
  expect(stateOf(evidence)).toBe('after 10')
  expect(argsOf(recorder).slice(0, 1)).toEqual([11])
  expect(evidence.replies.map(({ args }) => deserialize(args)[0])).toEqual(['since'])
  expect(evidence.leftOut).toBe(0)
})

test('messages dropped since the newest snapshot are counted as left out', () => {
  const recorder = new FlightRecorder()
  boot(recorder, 'boot')
  handle(recorder, 1, 5)
  recorder.snapshotTaken(serialize('after 5'))
  handle(recorder, 6, 5 + limits.recorderMessages + 2)
  expect(stateOf(recorder.evidence())).toBe('after 5')
  expect(recorder.evidence().leftOut).toBe(2)
})

test('a snapshot that comes while a message is in hand, or is too large to be held, is no base', () => {
  const recorder = new FlightRecorder()
  boot(recorder, 'boot')
  ask(recorder, 1)
  ask(recorder, 2)
  // Two at once: the second is finished before the first.
  recorder.finished(2, { value: 2 })
  recorder.snapshotTaken(serialize('in the middle'))
  recorder.finished(1, { value: 1 })
  recorder.snapshotTaken(new Uint8Array(limits.recorderStateBytes + 1))
  handle(recorder, 3, limits.recorderMessages + 3)
  expect(stateOf(recorder.evidence())).toBe('boot')
  expect(recorder.evidence().leftOut).toBe(3)
})

test('the hold-out is the first traffic after a known state, with replies and asks', () => {
  const recorder = new FlightRecorder()
  boot(recorder, 'boot')
  expect(recorder.holdOut()).toBeUndefined()
  recorder.asked({ id: 1, to: 'log', method: 'size', args: [] })
  recorder.answered(1, { value: 7 })
  handle(recorder, 1, 3)
  ask(recorder, 4)
  const holdOut = recorder.holdOut()
  expect(stateOf(holdOut)).toBe('boot')
  expect(holdOut?.config).toEqual({ a: 1 })
  expect(answers(holdOut?.messages ?? [])).toEqual([1, 2, 3])
  expect(holdOut?.replies).toHaveLength(1)
})

test('the hold-out of a busy kernel keeps to its bounds, and comes from the snapshot before the last', () => {
  const recorder = new FlightRecorder()
  boot(recorder, 'boot')
  handle(recorder, 1, 1000)
  recorder.snapshotTaken(serialize('after 1000'))
  expect(stateOf(recorder.holdOut())).toBe('boot')
  ask(recorder, 1001)
  handle(recorder, 1002, 2000)
  recorder.finished(1001, { value: 1001 })
  recorder.snapshotTaken(serialize('after 2000'))
  const holdOut = recorder.holdOut()
  expect(stateOf(holdOut)).toBe('after 1000')
  expect(answers(holdOut?.messages ?? [])).toEqual(Array.from({ length: limits.holdOutMessages }, (_, at) => 1001 + at))
})

test('what waits in the thread at a snapshot is the first traffic after it', () => {
  const recorder = new FlightRecorder()
  boot(recorder, 'boot')
  handle(recorder, 1, limits.holdOutMessages + 1)
  const next = limits.holdOutMessages + 2
  ask(recorder, next)
  recorder.snapshotTaken(serialize('state'))
  recorder.finished(next, { value: 'first' })
  handle(recorder, next + 1, next + 100)
  expect(stateOf(recorder.holdOut())).toBe('state')
  expect(answers(recorder.holdOut()?.messages ?? [])[0]).toBe('first')
})

test('the hold-out ends where its bytes end, where an argument is gone, or where an answer was too large', () => {
  const small = () => {
    const recorder = new FlightRecorder()
    boot(recorder, 'boot')
    handle(recorder, 1, 2)
    return recorder
  }
  const large = small()
  ask(large, 3, ['x'.repeat(limits.holdOutBytes)])
  large.finished(3, { value: 3 })
  handle(large, 4, 5)
  expect(answers(large.holdOut()?.messages ?? [])).toEqual([1, 2])
  const gone = small()
  const bytes = new Uint8Array(8)
  ask(gone, 3, [bytes])
  gone.finished(3, { value: 3 })
  handle(gone, 4, 5)
  structuredClone(bytes, { transfer: [bytes.buffer] })
  expect(answers(gone.holdOut()?.messages ?? [])).toEqual([1, 2])
  const asking = small()
  ask(asking, 3)
  asking.asked({ id: 1, to: 'log', method: 'all', args: [] })
  asking.answered(1, { value: 'x'.repeat(limits.holdOutBytes) })
  asking.finished(3, { value: 3 })
  expect(answers(asking.holdOut()?.messages ?? [])).toEqual([1, 2])
  const stateful = new FlightRecorder()
  boot(stateful, 'x'.repeat(limits.holdOutBytes))
  handle(stateful, 1, 2)
  expect(stateful.holdOut()).toBeUndefined()
})

test('answers to asks count, so that large ones do not pile up', () => {
  const recorder = new FlightRecorder()
  for (let id = 1; id <= 10; id += 1) {
    recorder.asked({ id, to: 'a', method: 'b', args: [id] })
    recorder.answered(id, { value: 'x'.repeat(limits.recorderBytes / 2 - 200) })
  }
  expect(recorder.evidence().replies.map(({ args }) => deserialize(args)[0])).toEqual([9, 10])
})
