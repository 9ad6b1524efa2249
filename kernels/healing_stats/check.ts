/** What must hold for the statistics before they rejoin. They start from nothing here, and the runtime's bus is silent. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { HealingStats } from './kernel.ts'

export default defineCheck<HealingStats>(async ({ ask }) => {
  const note = (incident: string, kernel: string, status: 'open' | 'resolved', at: number) =>
    ask.note({ incident, kernel, status, at })
  const nothing = { incidents: 0, open: 0, recovered: 0, untimed: 0, meanMs: null, worstMs: null, degradedMs: 0 }
  assert.deepEqual(await ask.summary(), { ...nothing, kernels: {}, degraded: [] })
  assert.equal(await ask.of('database'), null)

  await note('one', 'database', 'open', 1000)
  await note('one', 'database', 'open', 1500) // told again while it is open
  assert.deepEqual(await ask.of('database'), { ...nothing, incidents: 1, open: 1 })
  await note('one', 'database', 'resolved', 3000)
  await note('one', 'database', 'resolved', 9000)
  await note('two', 'database', 'open', 10_000)
  await note('two', 'database', 'resolved', 16_000)
  await note('three', 'database', 'open', 20_000)
  await note('four', 'supplier', 'resolved', 20_000) // its beginning was not seen
  const database = { ...nothing, incidents: 3, open: 1, recovered: 2, meanMs: 4000, worstMs: 6000 }
  const supplier = { ...nothing, incidents: 1, untimed: 1 }
  assert.deepEqual(await ask.of('database'), database)
  assert.deepEqual(await ask.of('supplier'), supplier, 'what was not timed has no mean')
  assert.deepEqual(await ask.summary(), {
    ...{ ...database, incidents: 4, untimed: 1, degraded: [] },
    kernels: { database, supplier },
  })

  const notice = { incident: 'five', kernel: 'database', status: 'open' as const, at: 1 }
  await assert.rejects(ask.note({ ...notice, incident: '' }))
  await assert.rejects(ask.note({ ...notice, kernel: ' ' }))
  await assert.rejects(ask.note({ ...notice, status: 'over' as 'open' }))
  await assert.rejects(ask.note({ ...notice, at: Number.NaN }))
  assert.equal((await ask.summary()).incidents, 4, 'a refused notice leaves no trace')
})
