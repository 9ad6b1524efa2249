/** What must hold for the bus before it rejoins. It expects the rules of fleet.yaml: change them and this together. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { MessageBus } from './kernel.ts'

export default defineCheck<MessageBus>(async ({ ask }) => {
  const before = await ask.stats()
  assert.equal(await ask.subscribe('check.topic', 'first_check'), true)
  assert.equal(await ask.subscribe('check.topic', 'second_check'), true)
  assert.equal(await ask.subscribe('check.topic', 'first_check'), false, 'a second subscription of the same is none')
  assert.equal(await ask.subscribe('check.topic', 'third_check'), true)
  assert.deepEqual(await ask.publish('check.topic', { n: 1 }, 'first_check'), { delivered: 3 })
  assert.deepEqual(await ask.publish('check.topic.below', 1, 'first_check'), { delivered: 0 }, 'another topic')

  assert.equal(await ask.unsubscribe('check.topic', 'first_check'), true)
  assert.equal(await ask.unsubscribe('check.topic', 'first_check'), false)
  assert.deepEqual(await ask.publish('check.topic', null, 'first_check'), { delivered: 2 })
  const entry = (await ask.topics()).find(({ topic }) => topic === 'check.topic')
  assert.deepEqual(entry?.subscribers, ['second_check', 'third_check'])

  await assert.rejects(ask.publish('no topic!', 1, 'first_check'), 'a bad topic must be refused')
  await assert.rejects(ask.publish('check..topic', 1, 'first_check'), 'an empty word must be refused')
  await assert.rejects(ask.publish('check.topic', 1, ''), 'a publisher without a name must be refused')
  await assert.rejects(ask.subscribe('check.topic', '*'), 'everybody is no subscriber')
  await assert.rejects(
    ask.publish('system.check', 1, 'first_check'),
    'the fleet lets nobody but the scheduler publish here',
  )

  const after = await ask.stats()
  assert.equal(after.published - before.published, 3)
  assert.equal(after.delivered - before.delivered, 5)
  assert.equal(after.denied - before.denied, 1)
  assert.equal(after.subscriptions - before.subscriptions, 2)
})
