import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Articles } from './kernel.ts'

export default defineCheck<Articles>(async ({ ask }) => {
  assert.equal(await ask.publish('Größe & Maß', 'a'), 'groesse-mass')
  assert.equal(await ask.publish('Größe  und Maß', 'b'), 'groesse-und-mass')
  assert.equal(await ask.publish('Café!', 'c'), 'cafe')
  assert.equal(await ask.publish('cafe', 'd'), 'cafe-2')
  assert.equal(await ask.publish('CAFE', 'e'), 'cafe-3')
  assert.equal((await ask.read('cafe-2'))?.text, 'd')
  assert.deepEqual(await ask.find('Maß'), ['groesse-mass', 'groesse-und-mass'])
  await assert.rejects(ask.publish('!?', 'f'), /letter or a digit/)
})
