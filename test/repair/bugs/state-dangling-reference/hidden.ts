import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Desk } from './kernel.ts'

export default defineCheck<Desk>(async ({ ask }) => {
  const digest = await ask.digest()
  assert.equal(digest[0], 't-1 Printer is on fire (ada@example.com)')
  assert.match(digest[1] ?? '', /^t-2 No coffee/, 'a ticket is not lost with its reporter')
  assert.equal(digest.length, 3)
  assert.equal(await ask.close('t-1'), true)
  assert.equal(await ask.close('t-1'), false)
  await assert.rejects(ask.report('t-4', 'p-2', 'No tea'), /Nobody is called p-2/)
  await ask.join('p-3', 'cy@example.com')
  await ask.report('t-5', 'p-3', 'Too cold')
  assert.equal((await ask.digest()).at(-1), 't-5 Too cold (cy@example.com)')
})
