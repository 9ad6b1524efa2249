import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type FlameNode, type FlameOptions, flameBars, flameOf } from '../../src/chart/flame.ts'
import { nextBar } from '../../src/dashboard/page/story/flame-keys.ts'

const options: FlameOptions = {
  ...{ isOwn: (url) => url.startsWith('file:///app/'), maxNodes: 100, maxDepth: 50, minShare: 0, hottest: 5 },
}

const frame = (functionName: string, line: number, url = 'file:///app/kernel.ts') => ({
  callFrame: { functionName, scriptId: '1', url, lineNumber: line, columnNumber: 0 },
})

const node = (id: number, name: string, children: readonly number[] = [], url?: string) => ({
  ...{ id, children, hitCount: 0 },
  ...frame(name, id, url),
})

const root = (...children: number[]) => node(1, '(root)', children, '')

/** Each sample is the node's for a millisecond. */
const profile = (nodes: readonly unknown[], samples: readonly number[]) => ({
  ...{ nodes, samples, startTime: 0, endTime: samples.length * 1000 },
  timeDeltas: [0, ...samples.map(() => 1000)],
})

const repeated = (id: number, times: number): number[] => Array.from({ length: times }, () => id)

test('time in a function is its own and that of what it calls; the root is not shown', () => {
  const flame = flameOf(profile([root(2), node(2, 'find', [3]), node(3, 'match')], [3, 3, 3, 2]), options)
  expect(flame).toMatchObject({ totalMs: 4, samples: 4, leftOut: 0 })
  expect(flame?.roots).toMatchObject([
    { name: 'find', selfMs: 1, totalMs: 4, line: 3, children: [{ name: 'match', selfMs: 3, totalMs: 3 }] },
  ])
  expect(flame?.hottest.map(({ name, selfMs, totalMs }) => [name, selfMs, totalMs])).toEqual([
    ['match', 3, 3],
    ['find', 1, 4],
  ])
})

test('one function under the same caller is one bar, the longest first; where it is from is told', () => {
  const flame = flameOf(
    profile(
      [
        ...[root(2, 6, 7), node(2, 'find', [3, 4, 5]), { ...node(3, ''), ...frame('parse', 9) }],
        ...[{ ...node(4, ''), ...frame('parse', 9) }, node(5, 'sort', [], 'file:///x/node_modules/lib/i.js')],
        ...[node(6, '(garbage collector)', [], ''), node(7, 'read', [], 'node:fs')],
      ],
      [3, 4, 5, 6, 6, 6, 6, 7],
    ),
    options,
  )
  expect(flame?.roots.map(({ name, kind }) => [name, kind])).toEqual([
    ['(garbage collector)', 'engine'],
    ['find', 'own'],
    ['read', 'node'],
  ])
  expect(flame?.roots[1]?.children.map(({ name, kind, totalMs }) => [name, kind, totalMs])).toEqual([
    ['parse', 'own', 2],
    ['sort', 'package', 1],
  ])
})

test('a function that calls itself has its total counted once', () => {
  const deep = { ...node(3, ''), ...frame('walk', 2) }
  const flame = flameOf(profile([root(2), node(2, 'walk', [3]), deep], [2, 3]), options)
  expect(flame?.hottest).toMatchObject([{ name: 'walk', selfMs: 2, totalMs: 2 }])
})

test('what is too small, too deep or too many is left out and counted; the largest stay', () => {
  const many = Array.from({ length: 20 }, (_, n) => node(n + 3, `f${n}`))
  const caller = node(
    2,
    'find',
    many.map(({ id }) => id),
  )
  const whole = profile(
    [root(2), caller, ...many],
    many.flatMap(({ id }, n) => repeated(id, n + 1)),
  )
  const few = flameOf(whole, { ...options, maxNodes: 3 })
  expect(few?.leftOut).toBe(18)
  expect(few?.roots[0]?.children.map(({ name }) => name)).toEqual(['f19', 'f18'])
  expect(flameOf(whole, { ...options, maxDepth: 1 })?.roots[0]?.children).toEqual([])
  // 20 and 19 of 210.
  expect(flameOf(whole, { ...options, minShare: 0.09 })?.roots[0]?.children).toHaveLength(2)
})

test('a stack of 50,000 calls overflows nothing', () => {
  const deep = Array.from({ length: 50_000 }, (_, n) => node(n + 2, `f${n % 7}`, n === 49_999 ? [] : [n + 3]))
  const flame = flameOf(profile([root(2), ...deep], [50_001, 50_001]), options)
  expect(flame?.leftOut).toBe(49_950)
  expect(flame && flameBars(flame)).toHaveLength(50)
})

test('what is no profile is none, and a cycle in an edited one ends', () => {
  for (const wrong of [undefined, null, 7, 'x', {}, { nodes: [] }, { nodes: [{}] }, { nodes: 'x' }]) {
    expect(flameOf(wrong, options)).toBeUndefined()
  }
  expect(flameOf(profile([root(2), node(2, 'a')], []), options)).toBeUndefined()
  expect(flameOf(profile([root(2), node(2, 'a', [3]), node(3, 'b', [2])], [3]), options)).toMatchObject({ totalMs: 1 })
})

test('hits count where there are no samples', () => {
  const nodes = [root(2), { ...node(2, 'find'), hitCount: 4 }]
  expect(flameOf({ nodes, startTime: 0, endTime: 1 }, options)).toMatchObject({ totalMs: 4, samples: 4 })
})

test('no bar is wider than its caller, and bars of one row do not overlap, whatever the profile', () => {
  const part = fc.record({ parent: fc.nat(), name: fc.constantFrom('a', 'b', 'c'), hits: fc.nat(5) })
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 40 }), (parts) => {
      const nodes = parts.map(({ name }, n) => ({ ...node(n + 1, name), children: [] as number[] }))
      for (const [n, { parent }] of parts.entries()) if (n > 0) nodes[parent % n]?.children.push(n + 1)
      const samples = parts.flatMap(({ hits }, n) => repeated(n + 1, hits))
      const flame = flameOf(profile(nodes, samples), options)
      if (flame === undefined) return
      const bars = flameBars(flame)
      for (const [index, bar] of bars.entries()) {
        const caller = bars[bar.parent]
        if (caller !== undefined) expect(bar.x + bar.width).toBeLessThanOrEqual(caller.x + caller.width + 1e-9)
        const next = bars.find((other, at) => at > index && other.depth === bar.depth)
        if (next !== undefined) expect(bar.x + bar.width).toBeLessThanOrEqual(next.x + 1e-9)
      }
    }),
  )
})

test('arrow keys lead to the caller, to what takes longest, and along the row', () => {
  const bar = (name: string, totalMs: number, children: FlameNode[] = []): FlameNode => ({
    ...{ name, kind: 'own', selfMs: 0, totalMs, children },
  })
  const bars = flameBars({ totalMs: 10, roots: [bar('a', 6, [bar('b', 4), bar('c', 2)]), bar('d', 4)] })
  expect(bars.map(({ node: { name } }) => name)).toEqual(['a', 'b', 'c', 'd'])
  const keys = ['ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowUp', 'ArrowRight', 'ArrowLeft', 'ArrowLeft', 'x']
  let at = 0
  const path = keys.map((key) => {
    const next = nextBar(bars, at, key)
    at = next ?? at
    return next
  })
  expect(path).toEqual([1, 2, undefined, 0, 3, 0, undefined, undefined])
})
