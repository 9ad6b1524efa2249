import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Mails } from './kernel.ts'

export default defineCheck<Mails>(async ({ ask }) => {
  await ask.put('a', '1')
  await ask.put('b', '2')
  assert.equal(await ask.get('a'), '1')
  await ask.put('c', '3')
  assert.equal(await ask.get('b'), null, 'the least recently used gave way')
  assert.equal(await ask.get('a'), '1')
  assert.equal(await ask.get('c'), '3')
  await ask.put('c', '4')
  assert.equal(await ask.get('a'), '1', 'what is put again takes no more room')
  assert.equal(await ask.get('c'), '4')
  assert.deepEqual(await ask.stats(), { kept: 2, hits: 5, misses: 1 })
})
