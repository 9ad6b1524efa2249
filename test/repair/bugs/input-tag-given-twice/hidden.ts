import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  await ask.index('1', 'Red boots', ['Red', 'shoes'])
  await ask.index('2', 'Blue boots', ['blue', 'shoes'])
  await ask.index('3', 'Blue hat', ['blue'])
  assert.deepEqual(await ask.search({}), ['Blue boots', 'Blue hat', 'Red boots'])
  assert.deepEqual(await ask.search({ tag: 'blue' }), ['Blue boots', 'Blue hat'])
  assert.deepEqual(await ask.search({ tag: [' Blue', 'SHOES'] }), ['Blue boots'], 'all of several tags are asked for')
  assert.deepEqual(await ask.search({ tag: ['blue', 'red'] }), [])
  assert.deepEqual(await ask.search({ tag: [] }), ['Blue boots', 'Blue hat', 'Red boots'])
  assert.deepEqual(await ask.search({ text: ' BOOTS ', limit: '1' }), ['Blue boots'])
  assert.deepEqual(await ask.search({ tag: '', limit: 'many' }), ['Blue boots', 'Blue hat', 'Red boots'])
})
