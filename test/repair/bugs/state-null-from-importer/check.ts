import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { ContactBook } from './kernel.ts'

export default defineCheck<ContactBook>(async ({ ask }) => {
  await ask.save({ id: 'x-1', name: 'Xenia', birthday: '05-06' })
  assert.equal((await ask.find('x-1'))?.name, 'Xenia')
  assert.deepEqual(await ask.birthdays('05'), ['Xenia'])
})
