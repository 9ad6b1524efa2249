import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Roster } from './kernel.ts'

export default defineCheck<Roster>(async ({ ask }) => {
  await ask.assign('2026-02-27', 'ada')
  await ask.assign('2026-03-01', 'ben')
  assert.deepEqual(await ask.week('2026-02-26'), [
    'Thu 26.02. nobody',
    'Fri 27.02. ada',
    'Sat 28.02. nobody',
    'Sun 01.03. ben',
    'Mon 02.03. nobody',
    'Tue 03.03. nobody',
    'Wed 04.03. nobody',
  ])
  assert.deepEqual(await ask.days('ben'), ['Sun 01.03.'])
  await assert.rejects(ask.assign('2026-02-27', 'ben'), /Fri 27\.02\. is ada's/)
})
