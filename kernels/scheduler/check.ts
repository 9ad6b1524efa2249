/** What must hold for the scheduler before it rejoins: jobs run, stop when told, and a wrong one is refused. */
import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { defineCheck } from 'lazaret/kernel'
import type { Scheduler } from './kernel.ts'

export default defineCheck<Scheduler>(async ({ ask }) => {
  const job = { name: 'check', everyMs: 10, to: 'message_bus', method: 'stats' }
  const fixed = await ask.jobs()
  assert.ok(fixed.every((each) => each.fixed))
  await ask.schedule(job)
  await assert.rejects(ask.schedule(job), 'a name is given once')
  for (const deadline = Date.now() + 800; (await ask.runs('check')) < 2; await wait(5)) {
    assert.ok(Date.now() < deadline, 'a job of every 10 ms did not run twice in 800 ms')
  }
  assert.equal(await ask.cancel('check'), true)
  assert.equal(await ask.cancel('check'), false)
  await assert.rejects(ask.runs('check'), 'a cancelled job is not known any more')

  // The name again, for a job of another kind: were the first one's timer still alive, it would be counted here.
  const yearly = { cron: '0 0 1 1 *', timezone: 'UTC', to: 'message_bus', method: 'stats' }
  await ask.schedule({ name: 'check', ...yearly })
  await wait(50)
  assert.equal(await ask.runs('check'), 0)
  assert.equal((await ask.jobs()).length, fixed.length + 1)
  assert.equal(await ask.cancel('check'), true)

  const wrong = [
    { ...job, everyMs: 0 },
    { ...job, everyMs: 1.5 },
    { ...job, everyMs: 2 ** 31 },
    { ...job, everyMs: undefined },
    { ...job, cron: '* * * * *' },
    { ...job, everyMs: undefined, cron: '61 * * * *' },
    { ...job, everyMs: undefined, cron: '0 0 30 2 *' },
    { ...job, everyMs: undefined, cron: '2999-01-01T00:00:00' },
    { ...job, everyMs: undefined, cron: '0 0 * * *', timezone: 'Mars/Olympus' },
    { ...job, to: '' },
    { ...job, method: 'then' },
    { ...job, every: 10 },
  ]
  for (const each of wrong) await assert.rejects(ask.schedule(each), `must be refused: ${JSON.stringify(each)}`)
  assert.deepEqual(
    (await ask.jobs()).map((each) => each.name),
    fixed.map((each) => each.name),
    'a refused job leaves no trace',
  )
})
