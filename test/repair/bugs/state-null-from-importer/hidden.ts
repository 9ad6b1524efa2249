import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { ContactBook } from './kernel.ts'

export default defineCheck<ContactBook>(async ({ ask }) => {
  assert.deepEqual(await ask.find('c-1'), { id: 'c-1', name: 'Ada', birthday: '12-10' })
  assert.deepEqual(await ask.birthdays('03'), ['Ben'], 'who was there is still there')
  await ask.save({ id: 'x-1', name: 'Xenia', birthday: '03-01' })
  assert.deepEqual(await ask.birthdays('03'), ['Xenia', 'Ben'])
  assert.deepEqual(await ask.birthdays('04'), [])
  await assert.rejects(ask.save({ id: 'x-2', name: '' }), /has no name/)
  assert.equal(await ask.remove('x-1'), true)
  assert.deepEqual(await ask.birthdays('03'), ['Ben'])
  assert.equal(await ask.find('c-4'), null)
})
