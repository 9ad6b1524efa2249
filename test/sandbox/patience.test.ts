import { expect, test } from 'vitest'
import { cpuMsOf, Patience } from '../../sandbox/patience.ts'
import { limits } from '../../src/base/limits.ts'

/** What the process has used when its time is over, and each time after that. */
function waits(boundMs: number, used: (number | undefined)[]): number[] {
  let at = 0
  const cpu = [1000, ...used.map((ms) => ms && 1000 + ms)]
  const patience = new Patience(boundMs, () => cpu[Math.min(at++, cpu.length - 1)])
  return used.map(() => patience.moreMs())
}

test('what has used up its time, or uses none, is given no more', () => {
  expect(waits(3000, [2990])).toEqual([0])
  expect(waits(3000, [2700])).toEqual([0])
  expect(waits(3000, [299])).toEqual([0])
  expect(waits(3000, [undefined])).toEqual([0])
})

test('what did not get the CPU is given what it lacks, up to the bound', () => {
  expect(waits(3000, [1000, 1500, 2700])).toEqual([2000, 1500, 0])
  const all = waits(
    3000,
    Array.from({ length: 20 }, () => 500),
  )
  expect(all.reduce((sum, ms) => sum + ms, 3000)).toBe(limits.sandboxPatience * 3000)
  expect(all.at(-1)).toBe(0)
})

test('a process is told its own time, one that is gone none', () => {
  expect(cpuMsOf(2 ** 30)).toBeUndefined()
  if (process.platform === 'linux') expect(cpuMsOf(process.pid)).toBeGreaterThan(0)
})
