import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  for (let n = 1; n <= 20; n += 1) assert.equal(await ask.accept('shop', `d${n}`), true)
  assert.deepEqual(await ask.sources(), ['shop 4'])
  assert.equal(await ask.accept('shop', 'd20'), false)
  assert.equal(await ask.accept('shop', 'd17'), false)
  assert.equal(await ask.accept('shop', 'd16'), true, 'older than the last four')
  for (const source of ['a', 'b', 'c', 'd', 'e']) {
    assert.equal(await ask.accept(source, 'x'), true)
    assert.equal(await ask.accept(source, 'x'), false, 'one id is not dropped because there are many sources')
  }
  assert.equal(await ask.doubles(), 7)
})
