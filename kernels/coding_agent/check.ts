/** What must hold for the queue before it rejoins. It starts without tasks here. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { CodingAgent } from './kernel.ts'

export default defineCheck<CodingAgent>(async ({ ask }) => {
  const task = (id: string, priority: number, kernel = 'some_kernel') => ({
    ...{ task: id, type: 'fix_kernel_failure', kernel, error: 'TypeError: x is not a function', priority },
  })
  assert.equal(await ask.claim('worker'), null, 'an empty queue hands out nothing')
  await ask.add(task('t_low', 1))
  await ask.add(task('t_high', 10))
  await ask.add(task('t_high_too', 10))
  await ask.add(task('t_own', 99, 'coding_agent'))
  assert.equal((await ask.add(task('t_low', 50))).priority, 1, 'a task that is known stays as it is')
  const order = (await ask.queue()).map((each) => each.task)
  assert.deepEqual(order, ['t_own', 't_high', 't_high_too', 't_low'])

  const first = await ask.claim('worker')
  assert.equal(first?.task, 't_high', 'a task about this kernel itself is handed to nobody')
  assert.equal(first?.worker, 'worker')
  assert.equal((await ask.claim('other'))?.task, 't_high_too', 'nobody gets what another works on')
  assert.equal((await ask.claim('other'))?.task, 't_low')
  assert.equal(await ask.claim('other'), null)
  assert.equal((await ask.queue()).find((each) => each.task === 't_own')?.status, 'waiting for a person')

  const done = await ask.complete('t_high', 'mended')
  assert.equal(done.status, 'closed')
  assert.equal(done.outcome, 'mended')
  await assert.rejects(ask.complete('t_high', 'mended'), 'a task is closed once')
  await assert.rejects(ask.complete('absent', 'mended'))
  await assert.rejects(ask.complete('t_low', ''))
  await assert.rejects(ask.claim(''))
  await assert.rejects(ask.add({ ...task('t_bad', 1), kernel: '' }))
  await assert.rejects(ask.add(task('t_bad', Number.NaN)))
  assert.equal((await ask.add(task('t_high', 10))).status, 'closed', 'a closed task does not come back')
  assert.deepEqual(await ask.stats(), { open: 0, claimed: 2, 'waiting for a person': 1, unconfirmed: 0, closed: 1 })
})
