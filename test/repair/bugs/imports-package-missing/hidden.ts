import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Reminders } from './kernel.ts'

export default defineCheck<Reminders>(async ({ ask }) => {
  await ask.add('plants', '2026-02-27')
  await ask.add('rent', '2026-03-01')
  await ask.add('tax', '2026-05-31')
  assert.deepEqual(await ask.due('2026-02-28'), ['plants'])
  assert.deepEqual(await ask.due('2026-03-01'), ['plants', 'rent'])
  assert.equal(await ask.postpone('2026-02-28'), 1)
  assert.deepEqual((await ask.all())[0], { text: 'plants', due: '2026-03-01' })
  await assert.rejects(ask.add('never', 'soon'), /no date/)
})
