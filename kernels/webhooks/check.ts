/**
 * What must hold for the webhooks before they rejoin, without sending anything: the vault does not answer here, so every
 * message ends before its first attempt. It expects what fleet.yaml says: a secret, and `hooks.invalid` on the list, a
 * name that can never be resolved (RFC 2606).
 */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Webhooks } from './kernel.ts'

/** A caller in another thread gets the kernel's own error as the cause of HANDLER_FAILED. */
const withCode = (code: string) => (error: Error & { code?: string; cause?: { code?: string } }) =>
  error.code === code || error.cause?.code === code

export default defineCheck<Webhooks>(async ({ ask }) => {
  const message = { to: 'https://hooks.invalid/a?b=c', subject: 'check', body: 'text' }
  assert.equal(await ask.host(message.to), 'hooks.invalid')
  const elsewhere = ['https://hooks.invalid.example/', 'https://example.org/hooks.invalid', 'http://hooks.invalid:81/']
  for (const to of elsewhere) await assert.rejects(ask.host(to), withCode('HOST_NOT_ALLOWED'), to)
  for (const to of ['ftp://hooks.invalid/', 'file:///etc/hosts', 'hooks.invalid', 'https://me:word@hooks.invalid/']) {
    await assert.rejects(ask.host(to), withCode('INVALID_URL'), to)
  }

  const before = await ask.stats()
  await assert.rejects(ask.send(message), withCode('SIGNING_FAILED'), 'unsigned nothing is sent')
  await assert.rejects(ask.send({ ...message, to: 'https://example.org/' }), withCode('HOST_NOT_ALLOWED'))
  await assert.rejects(ask.send({ ...message, subject: '' }), withCode('INVALID_ARGUMENT'))
  await assert.rejects(ask.send({ ...message, body: 'x'.repeat(262_145) }), withCode('INVALID_ARGUMENT'))
  for (const id of ['two\nlines', '.hidden']) {
    await assert.rejects(ask.send({ ...message, id }), withCode('INVALID_ARGUMENT'), id)
  }
  await assert.rejects(ask.send(null as never), withCode('INVALID_ARGUMENT'))
  assert.deepEqual(await ask.stats(), { ...before, refused: before.refused + 7 }, 'refused is not failed')
})
