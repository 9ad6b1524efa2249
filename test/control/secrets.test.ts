/** What leaves the process over the control socket and HTTP, of errors that were thrown with a secret in their message. */
import { serialize } from 'node:v8'
import { expect, test } from 'vitest'
import { controlTable } from '../../src/control/table.ts'
import { showDeadLetter } from '../../src/supervisor/dead-letters.ts'

const secret = 'hunter2'
const error = { name: 'Error', message: `cannot connect to postgres://app:${secret}@db/main`, code: 'ECONNREFUSED' }
const row = { id: 'inc_1', kernel: 'store', error }

function table() {
  const detail = () => ({ task: { id: 'task_1' }, incident: row, attempts: [] })
  const runtime = {
    journal: { incidents: () => [row], incident: () => row, attempts: () => [] },
    tasks: { show: detail, claim: detail, release: detail },
  }
  return controlTable(runtime as unknown as Parameters<typeof controlTable>[0])
}

test('an incident, alone, in a list and with its task, has the error without its secrets', async () => {
  const ops = table()
  const params = { incident: 'inc_1', task: 'task_1', by: 'me' }
  for (const op of ['incidents', 'incident', 'task', 'claimTask', 'releaseTask'] as const) {
    const text = JSON.stringify(await ops[op](params))
    expect([op, text.includes(secret), text.includes('ECONNREFUSED')]).toEqual([op, false, true])
  }
  expect(error.message).toContain(secret)
})

test('a dead letter says why without the secrets of whatever took its kernel down', () => {
  const reason = `store went down while it handled put: ${error.message}`
  const facts = {
    id: 1,
    kernel: 'store',
    from: 'host',
    method: 'put',
    kind: 'tell',
    code: 'KERNEL_DOWN',
    at: 0,
  } as const
  const args = serialize([1])
  const shown = showDeadLetter({ ...facts, reason, args, argsBytes: args.byteLength })
  expect(shown.reason).toBe('store went down while it handled put: cannot connect to postgres://[redacted]@db/main')
  expect(showDeadLetter({ ...facts, reason }).reason).not.toContain(secret)
})
