import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  assert.deepEqual(await ask.after(null), { titles: [], next: null })
  assert.deepEqual(await ask.export(), [])
  const titles = []
  for (let n = 0; n < 7; n += 1) {
    titles.push(`title ${n}`)
    assert.equal(await ask.publish(`title ${n}`), n + 1)
    assert.deepEqual(await ask.export(), titles)
  }
  const first = await ask.after(null, 4)
  assert.deepEqual(first.titles, titles.slice(0, 4))
  const second = await ask.after(first.next, 3)
  assert.deepEqual(second, { titles: titles.slice(4), next: null }, 'a full page may be the last')
  assert.deepEqual(await ask.page(1), titles.slice(3, 6))
  assert.deepEqual(await ask.page(9), [])
  assert.deepEqual(await ask.search('title', 2), ['title 0', 'title 1'])
})
