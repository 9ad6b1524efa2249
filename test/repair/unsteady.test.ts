import { serialize } from 'node:v8'
import { expect, test } from 'vitest'
import type { Evidence } from '../../src/base/remedy.ts'
import { answerWithError, answerWithValue } from '../../src/repair/answer.ts'
import { prove } from '../../src/repair/verification/proof.ts'
import { isAsGolden, isSameAnswer, steadinessOf } from '../../src/repair/verification/unsteady.ts'
import { benchWithPool, message } from '../sandbox/bench.ts'
import { goodText, makePatient } from './patient.ts'

const { bench, pool } = benchWithPool()

const answered = (recorded: unknown, unpatched: unknown, patched: unknown, method = 'get') => ({
  ...{ method, recorded: answerWithValue(recorded) },
  ...{ unpatched: answerWithValue(unpatched), patched: answerWithValue(patched) },
})
const judge = (...all: ReturnType<typeof answered>[]) => all.map(steadinessOf(all))

test('of a reply with a new id in it the rest is compared', () => {
  const reply = (id: number, sum: number) => ({ id, items: [{ sum }] })
  expect(judge(answered(reply(1, 5), reply(2, 5), reply(3, 5)))).toEqual(['same in part'])
  expect(judge(answered(reply(1, 5), reply(2, 5), reply(3, 6)))).toEqual(['steady'])
  expect(judge(answered({ id: 1 }, { id: 2 }, { id: 3 }))).toEqual(['unsteady'])
  expect(judge(answered('a', 'b', 'c'))).toEqual(['unsteady'])
  expect(judge(answered('a', 'a', 'b'))).toEqual(['steady'])
})

test('an error in place of a reply that differs from run to run in part is another answer', () => {
  const one = { ...answered({ id: 1, sum: 5 }, { id: 2, sum: 5 }, undefined), patched: answerWithError({ name: 'E' }) }
  expect(judge(one)).toEqual(['steady'])
})

test('a number that is by chance the same in both runs is known by the others of its method', () => {
  const took = (ms: number) => ({ ms, sum: 5 })
  const chance = answered(took(0), took(1), took(0))
  const others = [1, 1, 1].map((ms) => answered(took(0), took(0), took(ms)))
  expect(judge(chance, ...others)).toEqual(['same in part', 'same in part', 'same in part', 'same in part'])
  expect(judge(chance, ...others, answered(took(0), took(0), took(1)))[1]).toBe('steady')
  expect(judge(chance, ...others.map((one) => ({ ...one, method: 'put' })))[1]).toBe('steady')
  expect(judge(chance, answered(took(0), took(0), { ms: 1, sum: 6 }))[1]).toBe('steady')
})

test('two serialisations of one value are the same answer', () => {
  const shared = { a: 1 }
  const same = (one: unknown, other: unknown) => isSameAnswer(answerWithValue(one), answerWithValue(other))
  expect(same([shared, shared], [{ a: 1 }, { a: 1 }])).toBe(true)
  expect(same({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(true)
  expect(same({ a: undefined }, {})).toBe(false)
  expect(same(new Map([['a', 1n]]), new Map([['a', 1n]]))).toBe(true)
  expect(same([new Date(0), Number.NaN, -0], [new Date(0), Number.NaN, 0])).toBe(false)
})

test("golden's reply is one that differs only in what differs from run to run", () => {
  const answer = answered({ id: 1, sum: 5 }, { id: 2, sum: 5 }, { id: 3, sum: 6 })
  expect(isAsGolden(answer, answerWithValue({ id: 4, sum: 6 }))).toBe(true)
  expect(isAsGolden(answer, answerWithValue({ id: 4, sum: 7 }))).toBe(false)
})

test('a reply that has another shape since golden is held all the same', async () => {
  const crash = "if (by === 13) throw new ReferenceError('x')"
  const grown = goodText.replace(
    'return (sum += double(by) * ctx.config.step)',
    `${crash}
          sum += double(by) * ctx.config.step
          return { sum }`,
  )
  const before = { ...message('add', 1), reply: { value: serialize({ sum: 2 }) } }
  const evidence: Partial<Evidence> = { messages: [before, message('add', 13)] }
  const patient = makePatient(bench, 'grown', {
    kernel: grown,
    error: { name: 'ReferenceError', message: 'x' },
    evidence,
  })
  const verdictOn = async (text: string) => prove(await patient.input([patient.patch('kernel.ts', text)]), pool.run)
  expect(await verdictOn(grown.replace(crash, ''))).toMatchObject({ passed: true })
  const emptied = await verdictOn(grown.replace(crash, '').replace('return { sum }', 'return {}'))
  expect(emptied.refusal).toMatch(/^hold-out: add\(\), message 0 of messages before the failing one, is answered/)
})
