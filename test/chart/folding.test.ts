import { expect, test } from 'vitest'
import { createMachine } from 'xstate'
import { folded, measured } from '../../src/chart/elk-graph.ts'
import { foldings, type Tie } from '../../src/chart/folding.ts'
import { chartOf } from '../../src/chart/from-machine.ts'
import type { Chart } from '../../src/chart/model.ts'
import { generatedMachine } from './generated.ts'

const own = () => ({ width: 100, height: 40 })
const label = { width: 60, height: 20 }
const tiesOf = ({ edges }: Chart): Tie[] =>
  edges.flatMap(({ source, targets }) => targets.map((target) => ({ source, target, label })))

function wheel(states: number): Chart {
  const names = Array.from({ length: states }, (_, index) => `s${index}`)
  const to = (index: number) => names[(index + 1) % states] as string
  return chartOf(
    createMachine({
      id: 'm',
      initial: 's0',
      states: Object.fromEntries(names.map((name, index) => [name, { on: { GO: to(index) } }])),
    }),
  )
}

test('states that a transition connects never share a rank, however deep its ends lie', () => {
  for (let seed = 0; seed < 60; seed++) {
    const chart = chartOf(generatedMachine(seed))
    for (const ranks of foldings(chart.root, tiesOf(chart), own, 3)) {
      for (const { source, targets } of chart.edges) {
        for (const target of targets)
          expect(conflict(source, target, ranks), `${seed}: ${source} ${target}`).toBe(false)
      }
    }
  }
})

/** Ids of generated machines are paths. */
function conflict(source: string, target: string, ranks: ReadonlyMap<string, number>): boolean {
  const [a, b] = [source.split('.'), target.split('.')]
  const at = a.findIndex((key, depth) => key !== b[depth])
  if (at === -1 || at >= b.length) return false
  const [first, second] = [a, b].map((path) => ranks.get(path.slice(0, at + 1).join('.')))
  return first !== undefined && first === second
}

test('the initial state of a ring stays at the top, and the ring comes back beside the way down', () => {
  const chart = wheel(8)
  const [ranks = new Map<string, number>()] = foldings(chart.root, tiesOf(chart), own, 1)
  expect(ranks.get('m.s0')).toBe(0)
  expect(Math.max(...ranks.values())).toBeLessThan(7)
})

test('few states stand as they are written, and so do more than the search is for', () => {
  for (const states of [3, 25]) {
    const chart = wheel(states)
    expect(foldings(chart.root, tiesOf(chart), own, 2)).toEqual([])
    expect(folded(measured(chart), 2)).toEqual([])
  }
  for (const states of [4, 24]) {
    const chart = wheel(states)
    expect(foldings(chart.root, tiesOf(chart), own, 2).length).toBeGreaterThan(0)
  }
})
