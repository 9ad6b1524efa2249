/** What must hold for the vault before it rejoins: it starts on an empty folder here. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Vault } from './kernel.ts'

export default defineCheck<Vault>(async ({ ask }) => {
  assert.deepEqual(await ask.names(), [])
  const secret = 'whsec_ü\n€ 1'
  assert.deepEqual(await ask.put('web.hook', secret), { version: 1 })
  assert.deepEqual(await ask.put('api-key', 'first'), { version: 1 })
  assert.deepEqual(await ask.put('api-key', 'second'), { version: 2 }, 'the puts of a name are counted')
  assert.deepEqual(await ask.put('long', 'x'.repeat(65_536)), { version: 1 })
  assert.equal(await ask.get('web.hook'), secret, 'what was put is what is given')
  assert.equal(await ask.get('api-key'), 'second', 'the last put counts')
  assert.deepEqual(await ask.names(), ['api-key', 'long', 'web.hook'])

  for (const round of [1, 2]) {
    assert.deepEqual(await ask.rotate(), { reencrypted: 3 }, `rotation ${round}`)
    assert.equal(await ask.get('web.hook'), secret, 'a rotation changes no secret')
    assert.equal((await ask.get('long')).length, 65_536)
  }
  assert.deepEqual(await ask.put('api-key', 'third'), { version: 3 }, 'a rotation is no put')

  for (const name of ['', '../key', 'Upper', 'a..b', 'a/b', '.a', 'x'.repeat(101)]) {
    await assert.rejects(ask.put(name, 'x'), `must be refused: ${JSON.stringify(name)}`)
    await assert.rejects(ask.get(name))
    await assert.rejects(ask.remove(name))
  }
  await assert.rejects(ask.put('empty', ''), 'an empty secret is a mistake')
  await assert.rejects(ask.put('long', 'x'.repeat(65_537)), 'a secret has a largest size')
  await assert.rejects(ask.put('lone', '\ud800'), 'half a character would come back as another one')
  await assert.rejects(ask.get('absent'), 'what is not there is not made up')
  assert.deepEqual(await ask.names(), ['api-key', 'long', 'web.hook'], 'what was refused leaves no trace')

  assert.equal(await ask.remove('long'), true)
  assert.equal(await ask.remove('long'), false)
  await assert.rejects(ask.get('long'), 'what was removed is gone')
  assert.deepEqual(await ask.put('long', 'again'), { version: 1 })
})
