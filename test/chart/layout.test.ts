/** What must hold of every picture: nothing overlaps. Measured on the layout, of machines that people write and of many that nobody would. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createMachine, StateMachine } from 'xstate'
import { chartOf } from '../../src/chart/from-machine.ts'
import { layoutChart } from '../../src/chart/layout.ts'
import type { Chart, ChartLayout } from '../../src/chart/model.ts'
import { type Overlaps, overlapsOf } from '../../src/chart/overlaps.ts'
import { lifecycleMachine } from '../../src/lifecycle/machine.ts'
import { checkout } from '../viz/machines/checkout.ts'
import { generatedMachine } from './generated.ts'

const none: Overlaps = {
  ...{ labels: [], labelsOnBoxes: [], edgesThroughBoxes: [] },
  ...{ edgesThroughLabels: [], edgesThroughText: [], boxes: [] },
}

async function laidOut(chart: Chart): Promise<ChartLayout> {
  const layout = await layoutChart(chart)
  expect({ chart: chart.id, ...overlapsOf(chart, layout) }).toEqual({ chart: chart.id, ...none })
  expect(layout.edges.map(({ id }) => id).sort()).toEqual(chart.edges.map(({ id }) => id).sort())
  for (const { id, paths, label } of layout.edges) {
    const targets = chart.edges.find((edge) => edge.id === id)?.targets ?? []
    expect(paths.map((path) => path.length > 1)).toEqual(targets.map(() => true))
    expect(label, `label of ${id}`).toBeDefined()
  }
  return layout
}

const folder = new URL('../viz/machines/', import.meta.url)
const files = readdirSync(fileURLToPath(folder)).filter((name) => name.endsWith('.ts'))

test.each(files)('nothing overlaps in %s', async (name) => {
  const module: Record<string, unknown> = await import(new URL(name, folder).href)
  const machines = Object.values(module).filter((value) => value instanceof StateMachine)
  expect(machines.length).toBeGreaterThan(0)
  for (const machine of machines) await laidOut(chartOf(machine))
})

test('nothing overlaps in the lifecycle of an instance, and it has the shape of a screen rather than of a strip', async () => {
  const { width, height } = await laidOut(chartOf(lifecycleMachine))
  expect(width / height).toBeGreaterThan(0.75)
  expect(width / height).toBeLessThan(1.9)
})

test('a chart is laid out alike each time, folded or not', async () => {
  for (const machine of [checkout, generatedMachine(3)]) {
    const chart = chartOf(machine)
    expect(await layoutChart(chart)).toEqual(await layoutChart(chart))
  }
})

test.each([0, 50, 100, 150])('nothing overlaps in fifty generated machines from %i', async (first) => {
  for (let seed = first; seed < first + 50; seed++) await laidOut(chartOf(generatedMachine(seed)))
})

test('lines end at the borders of what they connect, and begin within a state that leads to what it holds', async () => {
  const chart = chartOf(
    createMachine({
      ...{ id: 'm', initial: 'a', on: { RESET: '.b' } },
      states: { a: { on: { GO: 'b', AGAIN: { target: 'a', reenter: true }, UP: '#m' } }, b: {} },
    }),
  )
  const { nodes, edges } = await laidOut(chart)
  const path = (event: string) => edges.find(({ id }) => id.includes(`|${event}|`))?.paths[0] ?? []
  const isOn = (id: string, point = path('GO')[0]) => {
    const { x = 0, y = 0, width = 0, height = 0 } = nodes[id] ?? {}
    const near = (value: number, ...sides: number[]) => sides.some((side) => Math.abs(side - value) < 1)
    return point !== undefined && (near(point.x, x, x + width) || near(point.y, y, y + height))
  }
  expect(isOn('m.a', path('GO').at(0)) && isOn('m.b', path('GO').at(-1))).toBe(true)
  expect(isOn('m.a', path('AGAIN').at(0)) && isOn('m.a', path('AGAIN').at(-1))).toBe(true)
  expect(isOn('m.b', path('RESET').at(-1)) && isOn('m', path('UP').at(-1))).toBe(true)
})

test('each initial state has its dot, by what it is the initial state of', async () => {
  const chart = chartOf(
    createMachine({ id: 'm', initial: 'a', states: { a: { initial: 'b', states: { b: {} } }, c: {} } }),
  )
  const { initials, nodes } = await laidOut(chart)
  expect(Object.keys(initials).sort()).toEqual(['m', 'm.a'])
  expect(initials['m.a']?.path.at(-1)?.x).toBe(nodes['m.a.b']?.x)
})

test('a chart of 1000 parts is the largest that is drawn', async () => {
  const states = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`s${index}`, {}]))
  await expect(layoutChart(chartOf(createMachine({ id: 'm', initial: 's0', states })))).rejects.toMatchObject({
    code: 'CHART_TOO_LARGE',
    message: expect.stringContaining('Got: 1001'),
  })
})
