import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'

export default defineCheck(async ({ ask }) => {
  const push = { id: 'h1', kind: 'push', ref: 'refs/heads/fix/a', sender: { login: 'ann' }, commits: [{ sha: '1', files: ['a', 'b'] }, { sha: '2', files: ['b'] }] }
  assert.equal(await ask.receive(push), 'ann pushed 2 commits to fix/a, 2 files')
  assert.equal(await ask.receive(push), null, 'a delivery counts once')
  assert.equal(await ask.receive({ id: 'h2', kind: 'release', tag: 'v2', sender: { login: 'ci', bot: true } }), 'ci (bot) released v2')
  assert.equal(await ask.receive({ id: 'h3', kind: 'ping', sender: { login: 'ann' } }), 'ann said hello')
  assert.deepEqual(await ask.summary(), { pushes: 1, pings: 1, releases: ['v2'], byLogin: { ann: 2, ci: 1 } })
})
