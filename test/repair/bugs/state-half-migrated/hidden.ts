import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Customers } from './kernel.ts'

export default defineCheck<Customers>(async ({ ask }) => {
  assert.deepEqual(await ask.byCity(), { Bonn: ['Ada', 'Cy'], Ulm: ['Ben'] }, 'nobody is lost')
  assert.equal(await ask.label('k-3'), 'Cy\nRing 9\n53115 Bonn')
  await ask.move('k-3', { street: 'Weg 2', zip: '89075', city: 'Ulm' })
  assert.deepEqual(await ask.byCity(), { Bonn: ['Ada'], Ulm: ['Ben', 'Cy'] })
  await assert.rejects(ask.register('k-1', 'Ada', { street: '', zip: '', city: '' }), /There is a customer/)
  await assert.rejects(ask.label('k-9'), /no customer k-9/)
})
