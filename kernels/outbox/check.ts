/** What must hold for the outbox before it rejoins. It starts on an empty folder here, and the webhooks do not answer. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { OutboxApi } from './kernel.ts'

export default defineCheck<OutboxApi>(async ({ ask }) => {
  const message = { to: 'https://hooks.invalid/', subject: 'check', body: 'ü\n"' }
  assert.equal(await ask.pending(), 0)
  assert.deepEqual(await ask.flush(), { delivered: 0, failed: 0, setAside: 0, left: 0 })
  const first = await ask.send(message)
  assert.equal(first.status, 'kept')
  const second = await ask.send(message)
  assert.notEqual(second.id, first.id, 'the same words twice are two messages')
  assert.deepEqual(await ask.send({ ...message, id: 'mine.1' }), { id: 'mine.1', status: 'kept' })
  assert.equal(await ask.pending(), 3)
  assert.deepEqual(await ask.send({ ...message, id: 'mine.1' }), { id: 'mine.1', status: 'kept' })
  assert.deepEqual(await ask.send({ ...message, id: first.id }), first)
  assert.equal(await ask.pending(), 3, 'the same id twice is one message')

  const { why, ...flushed } = await ask.flush()
  assert.deepEqual(flushed, { delivered: 0, failed: 0, setAside: 0, left: 3 })
  assert.ok(why, 'a flush that could not hand over says so')
  assert.equal(await ask.pending(), 3, 'what was not delivered stays')

  await assert.rejects(ask.send({ ...message, to: 'mailto:a@b.example' }))
  await assert.rejects(ask.send({ ...message, subject: '' }))
  await assert.rejects(ask.send({ ...message, body: 7 as unknown as string }))
  for (const id of ['../out', '', 'a/b', '.hidden', 'x'.repeat(101)]) await assert.rejects(ask.send({ ...message, id }))
  await assert.rejects(ask.flush(0))
  assert.deepEqual(await ask.stats(), { kept: 3, delivered: 0, refused: 0, damaged: 0, pending: 3, aside: 0 })
})
