import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Tenants } from './kernel.ts'

export default defineCheck<Tenants>(async ({ ask }) => {
  for (const [id, name] of Object.entries({ a: 'Ada', b: 'Ben', c: 'Cy' })) await ask.open(id, name)
  assert.equal(await ask.merge('a', 'b'), 1)
  assert.equal(await ask.merge('a', 'c'), 2, 'a answers as b, which goes to c')
  assert.equal(await ask.name('a'), 'Cy')
  await ask.rename('b', 'Cy & Co')
  assert.equal(await ask.name('c'), 'Cy & Co', 'a merged tenant is renamed as the one that is left')
  assert.deepEqual(await ask.all(), ['c Cy & Co'])
  await assert.rejects(ask.merge('a', 'c'), /already/)
  await assert.rejects(ask.name('x'), /no tenant x/)
})
