import { expect, test } from 'vitest'
import {
  describePattern,
  isOfKind,
  matchesPattern,
  type PatternTerm,
  patternKey,
  patternPath,
  type ValueKind,
  valueAt,
  valueKinds,
} from '../../src/base/message-pattern.ts'

const find = (...where: PatternTerm[]) => ({ method: 'find', where })

test('every term must hold, and the method must be the one', () => {
  const both = find({ path: '0.query', is: 'null' }, { path: '1', equals: 3 })
  expect(matchesPattern(both, 'find', [{ query: null }, 3])).toBe(true)
  expect(matchesPattern(both, 'find', [{ query: null }, 4])).toBe(false)
  expect(matchesPattern(both, 'find', [{ query: 'a' }, 3])).toBe(false)
  expect(matchesPattern(both, 'put', [{ query: null }, 3])).toBe(false)
})

test('a pattern without terms means no message: it would take a whole method away', () => {
  expect(matchesPattern(find(), 'find', [])).toBe(false)
})

test('a path that leads nowhere is undefined, through whatever it leads', () => {
  for (const args of [[], [null], ['text'], [{}], [{ query: undefined }], [[]], [new Map()]]) {
    expect(matchesPattern(find({ path: '0.query', is: 'undefined' }), 'find', args)).toBe(true)
  }
  expect(valueAt([[{ rows: ['a', 'b'] }]], '0.0.rows.1')).toBe('b')
  expect(valueAt([new Map([['query', 1]])], '0.query')).toBe(1)
  expect(valueAt([{}], '0.constructor')).toBeUndefined()
  expect(valueAt(['text'], '0.length')).toBeUndefined()
})

test('no getter of an argument runs', () => {
  const hostile = {
    get query() {
      throw new Error('ran')
    },
  }
  expect(matchesPattern(find({ path: '0.query', is: 'undefined' }), 'find', [hostile])).toBe(true)
})

const samples: readonly (readonly [unknown, readonly ValueKind[]])[] = [
  [undefined, ['undefined']],
  [null, ['null']],
  [true, ['boolean']],
  [0, ['number']],
  [Number.NaN, ['number', 'nan']],
  [Number.NEGATIVE_INFINITY, ['number', 'infinite']],
  [1n, ['bigint']],
  ['', ['string', 'empty']],
  ['a', ['string']],
  [[], ['array', 'empty']],
  [[0], ['array']],
  [{}, ['object', 'empty']],
  [{ a: 1 }, ['object']],
  [new Map(), ['object', 'empty']],
  [new Set([1]), ['object']],
  [new Date(0), ['object']],
]

test.each(samples)('%o is %j and nothing else', (value, kinds) => {
  expect(valueKinds.filter((kind) => isOfKind(value, kind)).toSorted()).toEqual([...kinds].toSorted())
})

test('equals compares one plain value, and no text with a number', () => {
  const three = find({ path: '0', equals: 3 })
  expect(matchesPattern(three, 'find', [3])).toBe(true)
  expect(matchesPattern(three, 'find', ['3'])).toBe(false)
  expect(matchesPattern(find({ path: '0', equals: null }), 'find', [undefined])).toBe(false)
})

test('the key of a pattern does not depend on the order of its terms, nor on one said twice', () => {
  const a = { path: '0', is: 'null' } as const
  const b = { path: '1', equals: 'x' } as const
  expect(patternKey(find(a, b))).toBe(patternKey(find(b, a, a)))
  expect(patternKey(find(a))).not.toBe(patternKey(find(b)))
  expect(describePattern(find(a, b))).toBe('find where 0 is null and 1 equals "x"')
})

test('a path is an index of two digits at most, then keys', () => {
  for (const path of ['0', '99', '0.query', '1.a b.0']) expect(path).toMatch(patternPath)
  for (const path of ['', '100', '01', 'query', '0.', '0..a', '.0']) expect(path).not.toMatch(patternPath)
})
