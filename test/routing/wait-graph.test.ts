import { expect, test } from 'vitest'
import { WaitGraph } from '../../src/routing/wait-graph.ts'

function graph(kernels: Readonly<Record<string, number>>): WaitGraph {
  const waits = new WaitGraph()
  for (const [kernel, concurrency] of Object.entries(kernels)) waits.add(kernel, () => concurrency)
  return waits
}

test('an ask to oneself closes the shortest cycle', () => {
  expect(graph({ a: 1 }).wait('a', 1, 'a')).toEqual(['a', 'a'])
})

test('cycles of two and three are found by whoever closes them', () => {
  const waits = graph({ a: 1, b: 1, c: 1 })
  expect(waits.wait('a', 1, 'b')).toBeUndefined()
  expect(waits.wait('b', 1, 'c')).toBeUndefined()
  expect(waits.wait('c', 1, 'a')).toEqual(['c', 'a', 'b', 'c'])
  // The one that was refused is not waited for.
  expect(waits.wait('c', 1, 'b')).toEqual(['c', 'b', 'c'])
})

test('two kernels that ask each other from unrelated messages wait for ever, so the second is refused', () => {
  const waits = graph({ a: 1, b: 1 })
  expect(waits.wait('a', 7, 'b')).toBeUndefined()
  expect(waits.wait('b', 3, 'a')).toEqual(['b', 'a', 'b'])
})

test('a kernel with a hand free is not stuck', () => {
  const waits = graph({ a: 1, wide: 2 })
  expect(waits.wait('wide', 1, 'a')).toBeUndefined()
  expect(waits.wait('a', 1, 'wide')).toBeUndefined()
  expect(waits.wait('wide', 2, 'a')).toEqual(['wide', 'a', 'wide'])
})

test('while it starts a kernel has no hand free, whatever its concurrency', () => {
  const waits = graph({ a: 1, wide: 8 })
  expect(waits.wait('wide', 0, 'a')).toBeUndefined()
  expect(waits.wait('a', 1, 'wide')).toEqual(['a', 'wide', 'a'])
})

test('what is answered, or gone with its instance, is not waited for', () => {
  const waits = graph({ a: 1, b: 1 })
  waits.wait('a', 1, 'b')
  waits.wait('a', 1, 'b')
  waits.done('a', 1, 'b')
  expect(waits.wait('b', 1, 'a')).toEqual(['b', 'a', 'b'])
  waits.done('a', 1, 'b')
  expect(waits.wait('b', 1, 'a')).toBeUndefined()
  waits.forget('b')
  expect(waits.wait('a', 2, 'b')).toBeUndefined()
})
