import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Orders } from './kernel.ts'

export default defineCheck<Orders>(async ({ ask }) => {
  for (const id of ['o-1', 'o-2']) assert.equal(await ask.create(id, `${id}@example.com`, 500), id)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(await ask.status('o-1'), 'open, not confirmed', 'the mailer is away, and the order is there')
  assert.equal(await ask.pay('o-1', 200), 300)
  assert.equal(await ask.pay('o-1', 400), 0)
  assert.equal(await ask.status('o-1'), 'paid, not confirmed')
  assert.deepEqual(await ask.open(), ['o-2'])
  await assert.rejects(ask.create('o-2', 'x@example.com', 1), /exists/)
  await assert.rejects(ask.pay('o-3', 1), /no order o-3/)
})
