import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Latency } from './kernel.ts'

export default defineCheck<Latency>(async ({ ask }) => {
  for (const ms of [10, 11, 50, 51, 200, 201]) await ask.record('checkout', ms)
  assert.equal(await ask.share('checkout', 10), 17)
  assert.equal(await ask.share('checkout', 50), 50)
  assert.equal(await ask.share('checkout', 200), 83)
  assert.equal(await ask.slowest('checkout'), 201)
  await ask.record('search', 5)
  await ask.reset('checkout')
  assert.equal(await ask.share('checkout', 200), null)
  assert.equal(await ask.slowest('checkout'), null)
  await ask.record('checkout', 40)
  assert.equal(await ask.share('checkout', 50), 100)
  assert.equal(await ask.share('search', 10), 100, 'another route keeps what it had')
  assert.deepEqual(await ask.routes(), ['checkout', 'search'])
})
