import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  const text = await ask.receive({ id: 'c', kind: 'push', ref: 'refs/heads/main', sender: { login: 'ann' }, commits: [] })
  assert.equal(text, 'ann pushed 0 commits to main, 0 files')
  assert.equal((await ask.summary()).pushes, 1)
})
