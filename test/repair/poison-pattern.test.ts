import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { describePattern, matchesPattern, valueAt } from '../../src/base/message-pattern.ts'
import { another, leavesOf, nearest, putIn, replaceable } from '../../src/repair/agents/argument-leaves.ts'
import { kindOf, patternOf } from '../../src/repair/agents/poison-pattern.ts'

const paths = (args: readonly unknown[]) => leavesOf(args).map(({ path }) => path)
const needed = (args: readonly unknown[], path: string, byKind = false) => ({
  ...{ path, value: valueAt(args, path), byKind },
})

test('leaves are what cannot be taken apart, and places that no path names are left out', () => {
  const when = new Date(0)
  expect(leavesOf([{ query: null, rows: [1, []] }, when])).toEqual([
    { path: '0.query', value: null },
    { path: '0.rows.0', value: 1 },
    { path: '0.rows.1', value: [] },
    { path: '1', value: when },
  ])
  expect(paths([{ 'a.b': 1, '': 2, c: 3 }])).toEqual(['0.c'])
  expect(paths([JSON.parse('{"__proto__": 1, "c": 3}')])).toEqual(['0.c'])
})

test('of arguments with too many leaves the branches are told apart', () => {
  const rows = (count: number) => [{ rows: Array.from({ length: count }, (_, n) => n), query: 'a' }]
  expect(leavesOf(rows(limits.guardLeaves - 1))).toHaveLength(limits.guardLeaves)
  expect(paths(rows(limits.guardLeaves))).toEqual(['0.rows', '0.query'])
})

test('what is replaced is as in the model, elsewhere where that has nothing, and neutral where nobody has', () => {
  const args = [{ query: null, limit: 3, mode: 'x', odd: 'a' }]
  const model = [{ query: 'a', limit: 3 }, 7]
  expect(replaceable(args, model, [model, [{ mode: 'y' }]])).toEqual([
    { path: '0.query', value: null, healthy: 'a' },
    { path: '0.mode', value: 'x', healthy: 'y' },
    { path: '0.odd', value: 'a', healthy: 'b' },
    { path: '1', value: undefined, healthy: 7 },
  ])
})

test('what a healthy message has and this one has not is a place too, but not in a list that is just shorter', () => {
  const missing = (args: unknown[], model: unknown[]) =>
    replaceable(args, model, []).flatMap(({ path, value }) => (value === undefined ? [path] : []))
  expect(missing([{ a: 1 }], [{ a: 1, b: { c: 2 } }])).toEqual(['0.b'])
  expect(missing([], ['a'])).toEqual(['0'])
  expect(missing([[1]], [[1, 2]])).toEqual([])
})

test('the model is the one that has most in common', () => {
  expect(nearest([1, 'a', null], [['x'], [1, 'a', 'x'], [1]])).toEqual([1, 'a', 'x'])
  expect(nearest([1], [])).toBeUndefined()
})

test('values are put in, and taken away', () => {
  const changes = [
    { path: '0.a', value: undefined },
    { path: '0.b', value: 2 },
    { path: '1', value: 'x' },
  ]
  expect(putIn([{ a: 1, b: 1 }], changes)).toEqual([{ b: 2 }, 'x'])
})

const patternFor = (args: unknown[], healthy: unknown[][], ...terms: ReturnType<typeof needed>[]) => {
  const pattern = patternOf({ method: 'find', args, needed: terms, healthy })
  return pattern && describePattern(pattern)
}

test('a place counts by its kind where no healthy message has that kind there, else by its value', () => {
  const one = [{ query: null, limit: 3 }]
  expect(patternFor(one, [[{ query: 'a', limit: 3 }]], needed(one, '0.query'))).toBe('find where 0.query is null')
  const two = [{ query: 'bad', limit: 3 }]
  expect(patternFor(two, [[{ query: 'a', limit: 3 }]], needed(two, '0.query'))).toBe('find where 0.query equals "bad"')
  const three = [7]
  expect(patternFor(three, [['a']], needed(three, '0', true))).toBe('find where 0 is number')
  expect(patternFor([], [['a']], needed([], '0'))).toBe('find where 0 is undefined')
})

test('where a healthy message is still meant further places are added; where none tells them apart there is no pattern', () => {
  const args = [{ query: 'x', mode: 'm', limit: 3 }]
  const healthy = [[{ query: 'x', mode: 'n', limit: 3 }]]
  expect(patternFor(args, healthy, needed(args, '0.query'))).toBe('find where 0.mode equals "m" and 0.query equals "x"')
  expect(patternFor(args, [args], needed(args, '0.query'))).toBeUndefined()
})

test('one message is no pattern, and neither is anything that should not stand in a file', () => {
  expect(patternFor(['bad'], [['good']], needed(['bad'], '0'))).toBeUndefined()
  const secret = [{ password: 'hunter2', limit: 3 }]
  expect(patternFor(secret, [[{ password: 'a', limit: 3 }]], needed(secret, '0.password'))).toBeUndefined()
  const long = [{ text: 'a'.repeat(limits.guardEqualsChars + 1), limit: 3 }]
  expect(patternFor(long, [[{ text: 'a', limit: 3 }]], needed(long, '0.text'))).toBeUndefined()
  const date = [{ at: new Date(0), limit: 3 }]
  expect(patternFor(date, [[{ at: 'a', limit: 3 }]], needed(date, '0.at'))).toBeUndefined()
})

test('another of a kind is of that kind, and another', () => {
  for (const value of ['a', 7, 7n, true, [1], { a: 1 }]) {
    expect(kindOf(another(value))).toBe(kindOf(value))
    expect(isDeepStrictEqual(another(value), value)).toBe(false)
  }
})

const value = fc.oneof(
  ...[fc.constantFrom<unknown>(null, undefined, '', [], {}, Number.NaN), fc.integer({ min: 0, max: 3 })],
  ...[fc.constantFrom<unknown>('a', 'b'), fc.boolean(), fc.array(fc.constantFrom<unknown>(1, null), { maxLength: 2 })],
)
const argument = fc.oneof(value, fc.dictionary(fc.constantFrom('query', 'mode', 'limit'), value))
const argList = fc.array(argument, { maxLength: 3 })

test('a pattern matches its message and no healthy one, whatever the messages are', () => {
  let found = 0
  fc.assert(
    fc.property(argList, fc.array(argList, { minLength: 1, maxLength: 5 }), fc.nat(), fc.boolean(), (...given) => {
      const [args, healthy, pick, byKind] = given
      const model = nearest(args, healthy) ?? []
      const all = replaceable(args, model, healthy)
      if (all.length === 0) return
      const leaf = all[pick % all.length]
      const pattern = leaf && patternOf({ method: 'm', args, needed: [{ ...leaf, byKind }], healthy })
      if (pattern === undefined) return
      found += 1
      expect(matchesPattern(pattern, 'm', args)).toBe(true)
      expect(healthy.some((list) => matchesPattern(pattern, 'm', list))).toBe(false)
      expect(pattern.where.length).toBeLessThanOrEqual(limits.patternTerms)
    }),
    { numRuns: 2000 },
  )
  expect(found).toBeGreaterThan(200)
})

test('with every place replaced the arguments are as in the model there', () => {
  fc.assert(
    fc.property(argList, argList, (args, model) => {
      const all = replaceable(args, model, [model])
      const replaced = putIn(
        structuredClone(args),
        all.map(({ path, healthy }) => ({ path, value: healthy })),
      )
      for (const { path, healthy } of all) expect(valueAt(replaced, path)).toEqual(healthy)
    }),
    { numRuns: 1000 },
  )
})
