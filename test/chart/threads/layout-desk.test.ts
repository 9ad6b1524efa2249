import { expect, onTestFinished, test } from 'vitest'
import { createMachine } from 'xstate'
import { chartOf } from '../../../src/chart/from-machine.ts'
import { LayoutDesk, type LayoutDeskOptions } from '../../../src/chart/layout-desk.ts'
import { lifecycleMachine } from '../../../src/lifecycle/machine.ts'

function openDesk(options?: LayoutDeskOptions): LayoutDesk {
  const desk = new LayoutDesk(options)
  onTestFinished(() => desk.close())
  return desk
}

const small = (id: string) => chartOf(createMachine({ id, initial: 'a', states: { a: { on: { GO: 'b' } }, b: {} } }))

test('a chart is laid out by a thread, once, however many ask', async () => {
  const desk = openDesk()
  expect(desk.isRunning).toBe(false)
  const [first, second] = await Promise.all([desk.layout(small('m')), desk.layout(small('m'))])
  expect(desk.isRunning).toBe(true)
  expect(second).toBe(first)
  expect(Object.keys(first.nodes).sort()).toEqual(['m', 'm.a', 'm.b'])
  expect(await desk.layout(small('m'))).toBe(first)
  expect(await desk.layout(small('other'))).not.toBe(first)
})

test('as many layouts are kept as was said, and the one asked for longest ago goes', async () => {
  const desk = openDesk({ kept: 2 })
  const [a, b] = [await desk.layout(small('a')), await desk.layout(small('b'))]
  expect(await desk.layout(small('a'))).toBe(a)
  await desk.layout(small('c'))
  expect(await desk.layout(small('a'))).toBe(a)
  expect(await desk.layout(small('b'))).not.toBe(b)
})

test('a thread without work ends, and the next chart starts another', async () => {
  const desk = openDesk({ idleMs: 1 })
  await desk.layout(small('a'))
  await expect.poll(() => desk.isRunning, { timeout: 20_000 }).toBe(false)
  expect((await desk.layout(small('b'))).width).toBeGreaterThan(0)
})

test('a layout that takes too long fails with its thread; the next call gets a new one', async () => {
  const desk = openDesk({ deadlineMs: 1 })
  const chart = chartOf(lifecycleMachine)
  await expect(desk.layout(chart)).rejects.toMatchObject({ code: 'CHART_FAILED', recoverable: true })
  expect(desk.isRunning).toBe(false)
  await expect(desk.layout(chart)).rejects.toThrow('took longer than 0.001 s')
})

test('a thread that dies fails what it was at, with its reason; a new one draws what else was asked for', async () => {
  const desk = openDesk({ heapMb: 16 })
  const [large, next] = [desk.layout(chartOf(lifecycleMachine)), desk.layout(small('a'))]
  await expect(large).rejects.toMatchObject({ code: 'CHART_FAILED', cause: { code: 'ERR_WORKER_OUT_OF_MEMORY' } })
  expect(desk.isRunning).toBe(true)
  expect((await next).width).toBeGreaterThan(0)
  expect((await desk.layout(small('b'))).width).toBeGreaterThan(0)
})

test('a layout that takes too long takes no other along: each has its own time', async () => {
  const desk = openDesk({ deadlineMs: 1 })
  const asked = ['a', 'b', 'c'].map((id) => desk.layout(small(id)))
  const ends = await Promise.allSettled(asked)
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(desk.isRunning).toBe(false)
})

test('an error of the layout itself comes across, and the thread lives on', async () => {
  const desk = openDesk()
  const states = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`s${index}`, {}]))
  const large = chartOf(createMachine({ id: 'large', initial: 's0', states }))
  await expect(desk.layout(large)).rejects.toMatchObject({ code: 'CHART_TOO_LARGE' })
  expect(desk.isRunning).toBe(true)
})

test('a chart that cannot be sent to the thread fails, and nothing else with it', async () => {
  const desk = openDesk()
  const chart = small('a')
  const unsendable = { ...chart, root: { ...chart.root, description: (() => 'x') as unknown as string } }
  const before = desk.layout(small('before'))
  await expect(desk.layout(unsendable)).rejects.toMatchObject({ code: 'CHART_FAILED' })
  expect((await before).width).toBeGreaterThan(0)
  expect((await desk.layout(chart)).width).toBeGreaterThan(0)
})

test('a desk that is closed fails what is pending and takes nothing more', async () => {
  const desk = openDesk()
  const pending = desk.layout(chartOf(lifecycleMachine))
  const refused = expect(pending).rejects.toMatchObject({ code: 'RUNTIME_STOPPED' })
  await desk.close()
  await refused
  expect(desk.isRunning).toBe(false)
  await expect(desk.layout(small('a'))).rejects.toMatchObject({ code: 'RUNTIME_STOPPED' })
})
