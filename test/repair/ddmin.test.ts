import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ddmin } from '../../src/repair/ddmin.ts'

const numbers = (length: number) => Array.from({ length }, (_, index) => index)
const plenty = { maxTests: 100_000 }

/** Holds where all the culprits are there. */
const needs = (culprits: readonly number[]) => async (part: readonly number[]) =>
  culprits.every((culprit) => part.includes(culprit))

/** Any predicate at all, but deterministic and true of the whole: a bit for each subset of up to ten items. */
const anyPredicate = fc.integer({ min: 1, max: 10 }).chain((length) =>
  fc.record({
    length: fc.constant(length),
    truths: fc.array(fc.boolean(), { minLength: 2 ** length, maxLength: 2 ** length }),
  }),
)
const bits = (part: readonly number[]) => part.reduce((sum, item) => sum + 2 ** item, 0)

test('where the culprits are needed all together, exactly they are left, in their order', async () => {
  const cases = fc.integer({ min: 0, max: 60 }).chain((length) =>
    fc.record({
      length: fc.constant(length),
      culprits: fc.subarray(numbers(length)),
      parallel: fc.integer({ min: 1, max: 4 }),
    }),
  )
  await fc.assert(
    fc.asyncProperty(cases, async ({ length, culprits, parallel }) => {
      const found = await ddmin(numbers(length), needs(culprits), { ...plenty, parallel })
      expect(found).toMatchObject({ items: culprits, ended: 'minimal' })
    }),
  )
})

test('whatever the test answers, what is left holds, and does not without any one of its items', async () => {
  await fc.assert(
    fc.asyncProperty(anyPredicate, async ({ length, truths }) => {
      const holds = (part: readonly number[]) => part.length === length || truths[bits(part)] === true
      const { items, ended } = await ddmin(numbers(length), async (part) => holds(part), plenty)
      expect(ended).toBe('minimal')
      expect(holds(items)).toBe(true)
      const smaller = items.map((_, index) => items.toSpliced(index, 1))
      expect(smaller.filter(holds)).toEqual([])
    }),
  )
})

test('no part is tested twice, and the number of tests stays within the bound of the paper', async () => {
  await fc.assert(
    fc.asyncProperty(anyPredicate, fc.integer({ min: 1, max: 3 }), async ({ length, truths }, parallel) => {
      const seen: string[] = []
      const holds = async (part: readonly number[]) => {
        seen.push(part.join())
        return truths[bits(part)] === true
      }
      const { tests } = await ddmin(numbers(length), holds, { ...plenty, parallel })
      expect(new Set(seen).size).toBe(seen.length)
      expect(tests).toBe(seen.length)
      // One more for the empty list, and those that ran beside the one that held.
      expect(tests).toBeLessThanOrEqual(length ** 2 + 3 * length + 1 + parallel * length)
    }),
  )
})

test('one culprit is found in about two tests for each halving', async () => {
  for (const length of [2, 12, 64, 256]) {
    for (const culprit of [0, Math.floor(length / 3), length - 1]) {
      const { items, tests } = await ddmin(numbers(length), needs([culprit]), plenty)
      expect(items).toEqual([culprit])
      expect(tests).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(length)))
    }
  }
})

test('a list that shows it with nothing in it is empty after one test', async () => {
  expect(await ddmin(numbers(40), async () => true, plenty)).toEqual({ items: [], tests: 1, ended: 'minimal' })
  expect(await ddmin([], async () => true, plenty)).toEqual({ items: [], tests: 0, ended: 'minimal' })
})

test('the answers that come first do not decide: tests at once find the same as tests in turn', async () => {
  const holds = async (part: readonly number[]) => {
    // The more items, the later the answer.
    for (const _ of part) await Promise.resolve()
    return part.length > 0 && (part.includes(3) || (part.includes(7) && part.includes(1)))
  }
  const inTurn = await ddmin(numbers(16), holds, plenty)
  for (const parallel of [2, 3, 8]) {
    expect((await ddmin(numbers(16), holds, { ...plenty, parallel })).items).toEqual(inTurn.items)
  }
})

test('when the tests are spent what was found until then is the answer, and it says so', async () => {
  const all = numbers(32)
  const whole = await ddmin(all, needs([5, 20]), plenty)
  for (const parallel of [1, 2]) {
    for (let maxTests = 0; maxTests < whole.tests; maxTests += 1) {
      const found = await ddmin(all, needs([5, 20]), { maxTests, parallel })
      expect(found.tests).toBeLessThanOrEqual(maxTests)
      expect(found.items).toEqual(expect.arrayContaining([5, 20]))
      if (parallel === 1) expect(found.ended).toBe('budget')
    }
  }
  expect(await ddmin(all, needs([5, 20]), { maxTests: whole.tests })).toEqual(whole)
})

test('whoever tests may end it, by undefined, by an error or by the signal', async () => {
  let left = 4
  const spent = await ddmin(numbers(16), async (part) => (left-- > 0 ? part.includes(2) : undefined), plenty)
  expect(spent).toMatchObject({ tests: 4, ended: 'budget' })

  const broken = ddmin(numbers(4), () => Promise.reject(new Error('no sandbox')), plenty)
  await expect(broken).rejects.toThrow('no sandbox')

  const controller = new AbortController()
  const aborted = ddmin(
    numbers(4),
    async () => {
      controller.abort(new Error('enough'))
      return false
    },
    { ...plenty, signal: controller.signal },
  )
  await expect(aborted).rejects.toThrow('enough')
})

test('an error is thrown when the tests beside it have ended, not before', async () => {
  let running = 0
  const holds = async (part: readonly number[]) => {
    if (part.length === 0) return false
    running += 1
    if (part.includes(3)) {
      running -= 1
      throw new Error('broken')
    }
    await new Promise(setImmediate)
    running -= 1
    return false
  }
  await expect(ddmin(numbers(4), holds, { ...plenty, parallel: 2 })).rejects.toThrow('broken')
  expect(running).toBe(0)
})
