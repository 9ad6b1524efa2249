import { expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { buildTask, claimOf, claimsIn } from '../../src/escalation/task.ts'

const open = buildTask(
  { id: 'inc_1', kernel: 'notes', error: { name: 'Error', message: 'no' } },
  '',
  [],
  1000,
  'task_1',
)
const claimed = { ...open, claimedBy: 'ada', claimedAt: 5000 }
const until = 5000 + limits.taskClaimMs

test('a claim holds until its time is over, and no longer', () => {
  expect(claimOf(open, 5000)).toBeUndefined()
  expect(claimOf(claimed, 5000)).toEqual({ by: 'ada', until })
  expect(claimOf(claimed, until - 1)).toEqual({ by: 'ada', until })
  expect(claimOf(claimed, until)).toBeUndefined()
})

test('a task that is closed is claimed by nobody', () => {
  expect(claimOf({ ...claimed, status: 'closed' }, 5000)).toBeUndefined()
})

test('a new subscriber is told of the claims that hold', () => {
  expect(claimsIn([open, claimed, { ...claimed, id: 'task_2', claimedAt: 0 }], until - 1)).toEqual([
    { task: 'task_1', kernel: 'notes', by: 'ada', until },
  ])
})
