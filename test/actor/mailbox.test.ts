import { expect, test, vi } from 'vitest'
import { type Envelope, Mailbox, type Numbered } from '../../src/actor/mailbox.ts'
import { type HostMessage, slotState, word } from '../../src/actor/protocol.ts'
import { limits } from '../../src/base/limits.ts'

type Delivery = Extract<HostMessage, { t: 'message' }>

function thread() {
  const page = new Int32Array(new SharedArrayBuffer((word.slots + limits.deliveryWindow) * 4))
  const got: Delivery[] = []
  return {
    ...{ page, got },
    post: (batch: HostMessage[]) => void got.push(...(batch as Delivery[])),
    mark(index: number, state: number) {
      const message = got[index]
      if (message !== undefined) Atomics.store(page, word.slots + message.slot, state)
    },
  }
}

const tell = (method: string, more: Partial<Envelope> = {}): Envelope => ({
  ...{ kind: 'tell', from: 'host', method, args: [], deadlineAt: 0, idempotent: false },
  ...more,
})
const box = (
  nowMs = () => 0,
  began: (message: Numbered) => void = () => undefined,
  unclonable: (message: Numbered) => void = () => undefined,
) => new Mailbox(nowMs, began, unclonable)

test('messages are numbered in the order in which they are accepted, and handed over in it', () => {
  const mailbox = box()
  const receiver = thread()
  mailbox.push(tell('a'))
  mailbox.push(tell('b'))
  mailbox.attach(receiver)
  mailbox.push(tell('c'))
  expect(receiver.got.map(({ n, method }) => [n, method])).toEqual([
    [1, 'a'],
    [2, 'b'],
    [3, 'c'],
  ])
})

test('a window of messages is handed over, one more when one is finished', () => {
  const mailbox = box()
  const receiver = thread()
  mailbox.attach(receiver)
  for (let count = 0; count <= limits.deliveryWindow; count++) mailbox.push(tell('m'))
  expect(receiver.got).toHaveLength(limits.deliveryWindow)
  expect(mailbox.depth).toBe(limits.deliveryWindow + 1)
  mailbox.finished(1)
  expect(receiver.got).toHaveLength(limits.deliveryWindow + 1)
  expect(mailbox.finished(1)).toBeUndefined()
  expect(mailbox.finished(999)).toBeUndefined()
})

test('at a death what was not begun goes back in front, what was in hand and what was finished is told apart', () => {
  const mailbox = box()
  const first = thread()
  mailbox.attach(first)
  for (const name of ['finished', 'in hand', 'waiting', 'waiting too']) mailbox.push(tell(name))
  first.mark(0, slotState.finished)
  first.mark(1, slotState.begun)
  const { handling, finishedUnsaid } = mailbox.detach()
  expect(handling.map(({ method }) => method)).toEqual(['in hand'])
  expect(finishedUnsaid.map(({ method }) => method)).toEqual(['finished'])
  mailbox.push(tell('later'))
  const second = thread()
  mailbox.attach(second)
  expect(second.got.map(({ method }) => method)).toEqual(['waiting', 'waiting too', 'later'])
})

test('what is put back comes before everything else', () => {
  const mailbox = box()
  const kept = mailbox.push(tell('again'))
  mailbox.takeWaiting()
  mailbox.push(tell('later'))
  mailbox.putBack([kept])
  const receiver = thread()
  mailbox.attach(receiver)
  expect(receiver.got.map(({ method }) => method)).toEqual(['again', 'later'])
})

test('an ask whose deadline is now is not handed over, and is settled', () => {
  let now = 0
  const mailbox = box(() => now)
  const codes: string[] = []
  const settle: Envelope['settle'] = (outcome) => void codes.push(outcome.ok ? 'ok' : (outcome.error.code ?? ''))
  mailbox.push(tell('late', { kind: 'ask', deadlineAt: 10, settle }))
  mailbox.push(tell('in time', { kind: 'ask', deadlineAt: 11, settle }))
  now = 10
  const receiver = thread()
  mailbox.attach(receiver)
  expect(receiver.got.map(({ method }) => method)).toEqual(['in time'])
  expect(codes).toEqual(['ASK_TIMEOUT'])
})

test('100,000 messages go through in their order', () => {
  const mailbox = box()
  const receiver = thread()
  for (let n = 1; n <= 100_000; n++) mailbox.push(tell('m'))
  mailbox.attach(receiver)
  for (let n = 1; n <= 100_000; n++) expect(mailbox.finished(n)?.n === n).toBe(true)
  expect(mailbox.depth).toBe(0)
  expect(receiver.got).toHaveLength(100_000)
})

test('a message that cannot be copied is told of when all others of its batch have gone, in their order', () => {
  const receiver = thread()
  const post = (batch: HostMessage[]) => {
    if ((batch as Delivery[]).some(({ method }) => method === 'bad')) throw new RangeError('too deep')
    receiver.post(batch)
  }
  const refused: string[] = []
  // Whoever hears of it sends at once, as a listener of events may.
  const mailbox = box(undefined, undefined, ({ method }) => {
    refused.push(method)
    mailbox.push(tell('heard'))
  })
  for (const method of ['bad', 'a', 'bad', 'b']) mailbox.push(tell(method))
  mailbox.attach({ page: receiver.page, post })
  expect(receiver.got.map(({ method }) => method)).toEqual(['a', 'b', 'heard', 'heard'])
  expect(refused).toEqual(['bad', 'bad'])
  expect(mailbox.depth).toBe(4)
  for (const { n } of receiver.got) mailbox.finished(n)
  expect(mailbox.depth).toBe(0)
})

test('asks whose deadline has passed give their places back: those that wait, and those that a thread has not begun', () => {
  let now = 0
  const settled: string[] = []
  const mailbox = box(() => now)
  const receiver = thread()
  const ask = (method: string, deadlineAt: number) =>
    mailbox.push(tell(method, { kind: 'ask', deadlineAt, settle: () => settled.push(method) }))
  ask('begun', 10)
  ask('waiting in the thread', 10)
  mailbox.attach(receiver)
  receiver.mark(0, slotState.begun)
  for (let n = 0; n < limits.deliveryWindow - 2; n += 1) mailbox.push(tell('tell'))
  ask('waiting', 10)
  ask('later', 20)
  expect(mailbox.depth).toBe(limits.deliveryWindow + 2)
  now = 9
  mailbox.dropExpired()
  expect(mailbox.depth).toBe(limits.deliveryWindow + 2)
  now = 10
  mailbox.dropExpired()
  expect(settled).toEqual(['waiting'])
  expect(mailbox.depth).toBe(limits.deliveryWindow)
  // The thread says that it did not begin it; it is not counted twice.
  mailbox.finished(2)
  expect(mailbox.depth).toBe(limits.deliveryWindow)
})

test('an ask that is being handled beyond its deadline is no reason to look through the mailbox again and again', () => {
  let now = 0
  const mailbox = box(() => now)
  const receiver = thread()
  mailbox.push(tell('long', { kind: 'ask', deadlineAt: 10 }))
  mailbox.attach(receiver)
  receiver.mark(0, slotState.begun)
  const looks = vi.spyOn(mailbox, 'takeWaiting')
  for (now = 0; now < 100; now += 1) mailbox.dropExpired()
  expect(looks).toHaveBeenCalledTimes(1)
})
