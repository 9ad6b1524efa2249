import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { defineCheck } from 'lazaret/kernel'
import type { PriceLists } from './kernel.ts'

export default defineCheck<PriceLists>(async ({ ask }) => {
  const text = 'n-1;Red pen;150\nn-2;Pencil;90\nn-3;Paper;400'
  await ask.publish('a', text)
  assert.equal(await ask.checksum('a'), createHash('sha256').update(text).digest('hex').slice(0, 16))
  assert.equal(await ask.checksum('b'), null)
  assert.deepEqual(await ask.search('a', 'PEN'), ['n-2', 'n-1'])
  assert.deepEqual(await ask.search('a', 'ink'), [])
  assert.equal(await ask.size('a'), 3)
  assert.equal(await ask.price('a', 'n-9'), null)
  await assert.rejects(ask.search('b', 'pen'), /no list b/)
  await assert.rejects(ask.publish('b', 'n-1;Pen;cheap'), /number;text;cents/)
})
