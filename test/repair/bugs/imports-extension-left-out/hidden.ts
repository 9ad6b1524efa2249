import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Bookings } from './kernel.ts'

export default defineCheck<Bookings>(async ({ ask }) => {
  const free = await ask.free('2026-03-02')
  assert.equal(free.length, 16)
  assert.deepEqual([free[0], free.at(-1)], ['08:00', '11:45'])
  assert.equal(await ask.book('2026-03-02', 'Ada'), '08:00')
  assert.equal(await ask.book('2026-03-02', 'Ben'), '08:15')
  assert.equal((await ask.free('2026-03-02'))[0], '08:30')
  assert.deepEqual(await ask.patients('2026-03-02'), ['Ada', 'Ben'])
  assert.deepEqual(await ask.free('2026-03-01'), [], 'closed on a Sunday')
  assert.deepEqual(await ask.free('2026-01-01'), [], 'closed on a holiday')
  await assert.rejects(ask.book('2026-01-01', 'Cy'), /nothing free/)
})
