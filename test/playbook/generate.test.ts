import { expect, test } from 'vitest'
import { generatePlaybook } from '../../src/playbook/generate.ts'

test('what a playbook shows of the failure has no secret in it: the file is made for a repository', () => {
  const error = { name: 'TypeError', message: 'login failed: password=hunter2secret at postgres://u:hunter3@db/x' }
  const remedy = { agent: 'restore.code', healedBy: 'code', steps: [{ do: 'restore_config' }], why: 'w' } as const
  const lesson = { kernel: 'a', fingerprint: 'abcdef0123456789', error, phase: 'message', remedy } as const
  const { failure } = generatePlaybook({ ...lesson, incident: 'inc_1', at: 0 })
  expect(failure?.error).toMatch(/^TypeError: login failed: password=\[redacted\]/)
  expect(failure?.error).not.toMatch(/hunter/)
})
