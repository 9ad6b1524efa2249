import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.equal(await ask.enqueue('h', 'ann@example.org', 'Hi'), 1)
  const delays = []
  for (let n = 0; n < 5; n += 1) delays.push(await ask.failed('h', `no ${n}`))
  assert.deepEqual(delays, [500, 1500, 4500, 13500, null])
  assert.deepEqual(await ask.status('h'), { attempts: 5, last: 'no 4', left: -1 })
  assert.deepEqual(await ask.envelope('h'), { from: 'Post <post@example.org>', to: 'ann@example.org', subject: 'Hi' })
  await assert.rejects(ask.enqueue('x', 'nobody', 'Hi'))
})
