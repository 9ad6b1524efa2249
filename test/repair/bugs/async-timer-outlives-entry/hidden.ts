import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { defineCheck } from 'lazaret/kernel'
import type { Jobs } from './kernel.ts'

export default defineCheck<Jobs>(async ({ ask }) => {
  for (const id of ['j-1', 'j-2', 'j-3']) await ask.put(id, 'resize')
  assert.equal((await ask.take())?.id, 'j-1')
  assert.equal(await ask.ack('j-1'), true)
  assert.equal(await ask.ack('j-1'), false)
  assert.deepEqual(await ask.take(), { id: 'j-2', work: 'resize', tries: 0 })
  assert.equal(await ask.release('j-2'), true)
  assert.deepEqual(await ask.waiting(), ['j-3', 'j-2'])
  // Taken again while the timer of the first lease would still run.
  assert.equal((await ask.take())?.id, 'j-3')
  while ((await ask.waiting()).length < 2) await setTimeout(5)
  assert.deepEqual(await ask.waiting(), ['j-3', 'j-2'], 'a lease that lapses gives its job back, one that ended does not')
  assert.equal((await ask.take())?.tries, 1)
  assert.equal(await ask.release('j-9'), false)
})
