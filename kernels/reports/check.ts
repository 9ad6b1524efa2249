/** What must hold for the reports before they rejoin. Nobody answers here, and the report must say so, fact by fact. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Reports } from './kernel.ts'

export default defineCheck<Reports>(async ({ ask }) => {
  assert.equal(await ask.last(), null)
  const before = Date.now()
  const report = await ask.build()
  assert.ok(Date.now() - before < 5000, 'kernels that are away do not hold it up')
  const { at, text, missing, ...facts } = report
  assert.ok(at > 0)
  assert.deepEqual(
    facts,
    { records: null, sessions: null, log: null, healing: null, healthy: null },
    'nothing is made up',
  )
  assert.deepEqual(
    missing.map((each) => [each.fact, each.kernel]),
    [
      ['healing', 'healing_stats'],
      ['healthy', 'host_health'],
      ['log', 'immutable_log'],
      ['records', 'records'],
      ['sessions', 'sessions'],
    ],
  )
  assert.ok(missing.every((each) => each.why !== ''))
  for (const { kernel } of missing) assert.ok(text.includes(kernel), `the text names ${kernel} as missing`)
  assert.ok(!/\b(?:0|null|undefined|NaN)\b/.test(text.split('\n').slice(1, 6).join('\n')), text)
  assert.deepEqual(await ask.last(), report)

  await ask.onMessage('weather')
  assert.deepEqual(await ask.last(), report, 'another topic builds none')
  const again = await ask.build()
  assert.deepEqual(await ask.last(), again)
})
