import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.take({ sensor: 'a', value: 20, unit: 'C' })
  await ask.take({ sensor: 'a', value: 77, unit: ' f ' })
  await ask.take({ sensor: 'b', value: -40, unit: 'F' })
  assert.equal(await ask.flush(), 3)
  assert.equal(await ask.flush(), 0)
  assert.equal(await ask.mean('a'), 22.5)
  assert.equal(await ask.mean('b'), -40)
  assert.equal(await ask.mean('c'), null)
  await assert.rejects(ask.take({ sensor: 'd', unit: 'C' }))
  await ask.take({ sensor: 'e', value: 1, unit: 'C' })
  await new Promise((resolve) => setTimeout(resolve, 60))
  assert.equal(await ask.mean('e'), 1, 'a batch is flushed without being asked')
})
