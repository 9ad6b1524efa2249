import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Newsletters } from './kernel.ts'

export default defineCheck<Newsletters>(async ({ ask }) => {
  assert.deepEqual(await ask.topics('ada@example.com'), ['incidents', 'releases'], 'nobody lost what he reads')
  assert.deepEqual((await ask.readers('releases')).sort(), ['ada@example.com', 'ben@example.com'])
  assert.equal(await ask.subscribe('ben@example.com', 'incidents', 900), true)
  assert.equal(await ask.subscribe('ben@example.com', 'incidents', 950), false)
  assert.deepEqual(await ask.readers('incidents'), ['ada@example.com', 'ben@example.com'])
  assert.equal(await ask.unsubscribe('ben@example.com', 'releases'), true)
  assert.equal(await ask.unsubscribe('ben@example.com', 'releases'), false)
  assert.deepEqual(await ask.readers('releases'), ['ada@example.com'])
})
