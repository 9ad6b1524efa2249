import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  const at = (minute, hour, weekday = 2) => ({ minute, hour, day: 9, month: 6, weekday })
  assert.deepEqual(await ask.due(at(0, 8)), ['digest', 'sweep'])
  assert.deepEqual(await ask.due(at(0, 8, 6)), ['sweep'], 'no digest on Saturdays')
  assert.deepEqual(await ask.due(at(7, 8)), [])
  assert.equal(await ask.isDue('export', at(1, 4)), false)
  let exports = 0
  for (let hour = 0; hour < 24; hour += 1) {
    for (let minute = 0; minute < 60; minute += 1) if (await ask.isDue('export', at(minute, hour))) exports += 1
  }
  assert.equal(exports, 1, 'the export runs once a day')
  await ask.pause('sweep')
  assert.deepEqual(await ask.due(at(15, 9)), [])
  assert.equal(await ask.resume('sweep'), true)
  await assert.rejects(ask.pause('nothing'))
})
