/** What must hold for the vault before it rejoins. It starts without secrets here, and with a key of its own. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Vault } from './kernel.ts'

export default defineCheck<Vault>(async ({ ask }) => {
  assert.deepEqual(await ask.names(), [])
  assert.deepEqual(await ask.rotate(), { reencrypted: 0 }, 'an empty vault gets a new key too')
  assert.deepEqual(await ask.put('smtp', 'swordfish'), { version: 1 })
  assert.deepEqual(await ask.put('hook', 'päss wörd 🔑'), { version: 1 })
  assert.deepEqual(await ask.put('smtp', 'mackerel'), { version: 2 }, 'a secret that replaces another counts on')
  assert.equal(await ask.get('smtp'), 'mackerel')
  assert.equal(await ask.get('hook'), 'päss wörd 🔑', 'each name has its own, to the last byte')
  assert.deepEqual(await ask.names(), ['hook', 'smtp'], 'in the order of the alphabet')

  assert.deepEqual(await ask.rotate(), { reencrypted: 2 })
  assert.equal(await ask.get('smtp'), 'mackerel', 'a new key opens what the old one sealed')
  assert.equal(await ask.get('hook'), 'päss wörd 🔑')
  assert.deepEqual(await ask.put('smtp', 'herring'), { version: 3 }, 'a rotation is no new version')
  assert.equal(await ask.get('smtp'), 'herring')

  await assert.rejects(ask.get('absent'), 'a missing secret is no empty one')
  await assert.rejects(ask.put('', 'x'))
  await assert.rejects(ask.put('empty', ''))
  await assert.rejects(ask.put('long', 'herring'.repeat(10_000)), (error: Error) => !/herring/.test(error.message))
  assert.deepEqual(await ask.names(), ['hook', 'smtp'], 'what is refused leaves no trace')

  assert.equal(await ask.remove('hook'), true)
  assert.equal(await ask.remove('hook'), false)
  await assert.rejects(ask.get('hook'))
  assert.deepEqual(await ask.names(), ['smtp'])
  assert.equal(await ask.remove('smtp'), true)
})
