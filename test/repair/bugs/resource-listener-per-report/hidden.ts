import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  for (let n = 0; n < 30; n += 1) {
    const { rows, progress } = await ask.run('daily', ['sales', 'stock'])
    assert.equal(rows, 100, `run ${n}`)
    assert.deepEqual(progress, ['sales: 50', 'stock: 50'], `run ${n}`)
  }
  assert.deepEqual(await ask.run('none', []), { rows: 0, progress: [] })
  assert.equal((await ask.done()).length, 31)
})
