/** A runtime that is stopped in the middle of a repair, at each of its steps. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { EventType } from '../../src/index.ts'
import { climb, misspell } from '../five-steps/ladder.ts'
import { processesNaming } from '../sandbox/bench.ts'

const steps: EventType[] = [
  'incident.opened',
  'repair.started',
  'repair.proposed',
  'repair.verified',
  'hotfix.applied',
  'kernel.rejoined',
]

test.concurrent.each(steps)(
  'stopped at %s it leaves no process and no workspace, and the next one serves',
  async (step) => {
    const first = await climb({ keep: true })
    const { runtime, folder } = first
    await runtime.ref('notes').ask.put?.('a', 'alpha')
    await first.until('snapshot.golden')
    first.edit('kernel.ts', misspell)
    await runtime.kernel('notes').restart()
    const reached = first.until(step)
    // Asks that the stop cuts off fail by right.
    const asking = first.askUntilDown('find').catch(() => [])
    await reached
    await runtime.stop()
    await asking
    expect(processesNaming(folder)).toEqual([])
    const workspaces = join(folder, '.lazaret/repair')
    expect(existsSync(workspaces) ? readdirSync(workspaces) : []).toEqual([])

    await using second = await climb({ folder })
    await second.until('kernel.recovered', { seen: true })
    expect(await second.runtime.ref('notes').with({ deadlineMs: 5000 }).ask.size?.()).toBe(1)
  },
)
