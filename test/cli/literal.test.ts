import { deserialize, serialize } from 'node:v8'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { asBytes, literal, quote } from '../../src/cli/literal.ts'
import { strikeSecrets } from '../../src/cli/strike.ts'

/** What the text makes, as a module of JavaScript would. */
const made = (text: string): unknown => new Function('deserialize', 'Buffer', `return (${text})`)(deserialize, Buffer)

/** Everything that v8.serialize carries and a literal can say. */
const plain = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.integer(),
    fc.bigInt(),
    fc.boolean(),
    fc.constantFrom(undefined, null, '__proto__', "it's", '"', '\\', '\u2028\u202e', '\ud800', '*/'),
    fc.date({ noInvalidDate: false }),
  ),
  key: fc.oneof(fc.string({ unit: 'binary', maxLength: 4 }), fc.constantFrom('__proto__', 'a-b', 'a', '$', '1a')),
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(tie('key') as fc.Arbitrary<string>, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    fc.array(fc.tuple(tie('leaf'), tie('value')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    fc.array(tie('leaf'), { maxLength: 3 }).map((items) => new Set(items)),
  ),
})).value

test('plain values come out of their literal as they were', () => {
  fc.assert(
    fc.property(plain, (value) => {
      // As they are recorded: through v8.serialize, which also makes two of what is there twice.
      const recorded: unknown = deserialize(serialize(value))
      const text = literal(recorded)
      if (text !== undefined) expect(made(text)).toStrictEqual(recorded)
      expect(made(asBytes(recorded))).toStrictEqual(recorded)
    }),
  )
})

test('what has no literal is not written as one', () => {
  const cycle: unknown[] = []
  cycle.push(cycle)
  const twice = { a: 1 }
  let deep: unknown = 1
  for (let depth = 0; depth < 20_000; depth++) deep = [deep]
  const none = [cycle, [twice, twice], new Uint8Array(2), new Error('x'), /x/, new Array(3), deep, { a: Symbol('a') }]
  for (const value of none) expect(literal(value)).toBeUndefined()
})

test('no literal holds what a terminal or an editor would act on', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
      expect(quote(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\ufeff]/)
      expect(made(quote(text))).toBe(text)
    }),
  )
})

test('a long value is broken into lines, one item to each', () => {
  const value = { words: Array.from({ length: 12 }, (_, index) => `a word with a number ${index}`), flag: true }
  const text = literal(value, 4) ?? ''
  expect(text.split('\n').slice(0, 3)).toEqual(['{', '      words: [', "        'a word with a number 0',"])
  expect(text.split('\n').at(-1)).toBe('    }')
  expect(literal({ short: [1, 2] }, 4)).toBe('{ short: [1, 2] }')
})

test('secrets are struck out of a value that keeps its shape, and all else stays', () => {
  const when = new Date(5)
  const { value, count } = strikeSecrets({
    ...{ user: 'ada', password: 'x', pin: 1234, when, nested: new Map<string, unknown>([['apiKey', ['a', 'b']]]) },
    ...{ url: 'https://ada:pw@example.org/', list: [['token', 'abc'], 'plain'], set: new Set(['Bearer abcdefghijkl']) },
    ...{ empty: { token: '' }, off: { secret: false }, bytes: new Uint8Array([1]) },
  })
  expect(value).toEqual({
    ...{ user: 'ada', password: '[redacted]', pin: 0, when },
    nested: new Map<string, unknown>([['apiKey', ['[redacted]', '[redacted]']]]),
    ...{ url: 'https://[redacted]@example.org/', list: [['token', '[redacted]'], 'plain'] },
    ...{
      set: new Set(['Bearer [redacted]']),
      empty: { token: '' },
      off: { secret: false },
      bytes: new Uint8Array([1]),
    },
  })
  expect(count).toBe(7)
})

test('a value without secrets is the same after it, cycles and things that are there twice included', () => {
  const shared = { a: 1 }
  const cycle: Record<string, unknown> = { shared, again: shared, list: new Array(3) }
  cycle.self = cycle
  const { value, count } = strikeSecrets(cycle)
  expect(value).toEqual(cycle)
  expect(value).not.toBe(cycle)
  expect(value.self).toBe(value)
  expect(value.shared).toBe(value.again)
  expect(count).toBe(0)
})
