import { serialize } from 'node:v8'
import { expect, test } from 'vitest'
import type { Envelope, Outcome } from '../../src/actor/mailbox.ts'
import { type HostMessage, word } from '../../src/actor/protocol.ts'
import { sha256 } from '../../src/base/hash.ts'
import { limits } from '../../src/base/limits.ts'
import type { MessagePattern } from '../../src/base/message-pattern.ts'
import type { KernelSpec } from '../../src/base/spec.ts'
import { hashArgs, Parked } from '../../src/routing/parked.ts'
import { type DeadLetter, Route } from '../../src/routing/route.ts'

const nullQuery: MessagePattern = { method: 'find', where: [{ path: '0.query', is: 'null' }] }
const described = 'find where 0.query is null'

function routed() {
  const spec = { id: 'notes', mailbox: { max: 10 }, degraded: { mode: 'buffer', max: 10 } } as unknown as KernelSpec
  const letters: DeadLetter[] = []
  const got: string[] = []
  const route = new Route(() => spec, {
    ...{ nowMs: () => 0, reroute: () => undefined, began: () => undefined, skipped: () => undefined },
    deadLetter: (letter) => void letters.push(letter),
  })
  const receiver = {
    page: new Int32Array(new SharedArrayBuffer((word.slots + limits.deliveryWindow) * 4)),
    post: (batch: HostMessage[]) =>
      void got.push(...batch.map((message) => ('method' in message ? message.method : ''))),
  }
  const outcomes: Outcome[] = []
  const send = (kind: Envelope['kind'], method: string, ...args: unknown[]) =>
    route.accept({
      ...{ kind, from: 'host', method, args, deadlineAt: 0, idempotent: false },
      ...(kind === 'ask' && { settle: (outcome: Outcome) => void outcomes.push(outcome) }),
    })
  return { route, receiver, letters, got, outcomes, send }
}

test('an ask that matches fails with the pattern in its reason, a tell becomes a dead letter, and others are handed over', () => {
  const { route, receiver, letters, got, outcomes, send } = routed()
  route.open(receiver)
  route.parkPattern(nullQuery)
  send('ask', 'find', { query: null, limit: 1 })
  send('tell', 'find', { query: null, limit: 2 })
  send('tell', 'find', { query: 'a' })
  send('tell', 'put', { query: null })
  expect(outcomes).toMatchObject([{ ok: false, error: { code: 'MESSAGE_POISONED', details: { method: 'find' } } }])
  expect(outcomes).toMatchObject([{ error: { message: expect.stringContaining(described) } }])
  expect(letters).toMatchObject([{ code: 'MESSAGE_POISONED', reason: expect.stringContaining(described) }])
  expect(got).toEqual(['find', 'put'])
  route.unparkPattern({ ...nullQuery, where: [...nullQuery.where, ...nullQuery.where] })
  expect(route.parkedPatterns).toEqual([])
  send('tell', 'find', { query: null })
  expect(got).toEqual(['find', 'put', 'find'])
})

test('messages that wait are refused when the pattern is parked, and standbys and fallbacks are not given any either', () => {
  const { route, receiver, letters, got, send } = routed()
  route.hold()
  send('tell', 'find', { query: null })
  send('tell', 'find', { query: 'a' })
  route.parkPattern(nullQuery)
  expect(letters).toHaveLength(1)
  for (const standIn of ['standby', 'fallback', undefined] as const) {
    route.degrade(standIn)
    send('tell', 'find', { query: null })
  }
  expect(letters.map(({ code }) => code)).toEqual(Array(4).fill('MESSAGE_POISONED'))
  route.serve(receiver)
  expect(got).toEqual(['find'])
})

test('no code of a message runs when it is looked at', () => {
  const parked = new Parked()
  parked.addPattern(nullQuery)
  const trap = (): never => {
    throw new Error('its code ran')
  }
  const hostile = new Proxy({}, { get: trap, getOwnPropertyDescriptor: trap, getPrototypeOf: trap, ownKeys: trap })
  for (const args of [[hostile], [{ query: hostile }], [Object.defineProperty({}, 'query', { get: trap })]]) {
    expect(parked.whyRefused('find', args)).toBeUndefined()
  }
})

test('the reason and the list tell no secrets', () => {
  const parked = new Parked()
  parked.addPattern({ method: 'login', where: [{ path: '0.password', equals: 'hunter2' }] })
  expect(parked.patterns).toEqual(['login where 0.password equals [redacted]'])
  expect(parked.whyRefused('login', [{ password: 'hunter2' }])).not.toContain('hunter2')
})

test('one message is parked by its hash, and let in again', () => {
  const parked = new Parked()
  const args = ['a', 1]
  const hash = sha256(serialize(args))
  expect(hashArgs(args)).toBe(hash)
  parked.add('find', hash)
  expect(parked.whyRefused('find', args)).toContain('with these arguments')
  expect(parked.whyRefused('find', ['a', 2])).toBeUndefined()
  expect(parked.whyRefused('put', args)).toBeUndefined()
  parked.delete('find', hash)
  expect(parked.whyRefused('find', args)).toBeUndefined()
})
