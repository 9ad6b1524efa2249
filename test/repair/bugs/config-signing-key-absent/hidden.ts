import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  const link = await ask.link('/a.pdf', 1000)
  assert.equal(
    link,
    'https://files.example.org/a.pdf?expires=1600&signature=bQYNrSdfU01U2ae0k-v-I3i80K1N9vUDVMmrxLmGGME',
  )
  assert.equal(await ask.verify(link, 1600), true)
  assert.equal(await ask.verify(link, 1601), false)
  assert.equal(await ask.verify(link.replace('a.pdf', 'b.pdf'), 1001), false)
  await ask.revoke('/a.pdf')
  assert.equal(await ask.verify(link, 1001), false)
  await assert.rejects(ask.link('a.pdf', 0))
})
