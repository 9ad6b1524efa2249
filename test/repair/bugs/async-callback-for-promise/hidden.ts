import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Templates } from './kernel.ts'

export default defineCheck<Templates>(async ({ ask }) => {
  await ask.define('hello', 'Hello {name}, {name}!')
  assert.equal(await ask.render('hello', { name: 'Ada' }), 'Hello Ada, Ada!')
  await assert.rejects(ask.render('hello', {}), /no value for name/)
  await assert.rejects(ask.render('bye', {}), /no template bye/)
  assert.equal(await ask.rendered(), 1)
  await ask.define('plain', 'No fields')
  assert.equal(await ask.render('plain', {}), 'No fields')
  assert.equal(await ask.rendered(), 2)
})
