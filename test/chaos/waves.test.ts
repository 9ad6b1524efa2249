/** The whole stress run, once, as a person starts it. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defects } from '../../src/chaos/defects.ts'
import type { StressReport } from '../../src/chaos/report.ts'
import { begin, place } from './begin.ts'

test('three waves: every kernel is accounted for, nothing is lost, and what came back heals by its playbook', {
  timeout: 180_000,
}, async () => {
  const cwd = place()
  try {
    const { code, out, err } = await begin(cwd, ['--json']).end
    expect(err).toBe('')
    const report = JSON.parse(out) as StressReport
    expect(report.rows.filter(({ asExpected }) => !asExpected)).toEqual([])
    expect(code).toBe(0)
    expect(report.rows.map(({ defect }) => defect)).toEqual(defects.map(({ name }) => name))
    const { total, running, parked } = report.kernels
    expect(running + parked).toBe(total)
    expect(running).toBeGreaterThanOrEqual(total - 2)
    expect(Object.keys(report.healedBy).length).toBeGreaterThanOrEqual(6)
    const again = report.rows.filter(({ wave }) => wave === 3)
    expect(again.length).toBeGreaterThanOrEqual(3)
    for (const { healedBy, faults, before } of again) {
      expect({ healedBy, faults }).toEqual({ healedBy: 'playbook', faults: 1 })
      expect(before?.timesFaster).toBeGreaterThanOrEqual(5)
    }
    expect(report).toMatchObject({
      ...{ restarts: { pastBudget: 0 }, asks: { unsettled: 0 }, messages: { lost: 0, handledTwice: 0 } },
    })
    const { sent, replied, failed } = report.asks
    expect(replied + failed).toBe(sent)
    expect(report.messages.handled + report.messages.deadLettered).toBe(report.messages.accepted)
    expect(readdirSync(join(cwd, '.lazaret', 'stress'))).toEqual([])
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
})
