import { expect, onTestFinished, test } from 'vitest'
import { Journal } from '../../src/journal/journal.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { errorOf, testFolder } from './folder.ts'
import { attemptRow, failureRow, hotfixRow, incidentRow, kernelRow, taskRow } from './samples.ts'

function openJournal(dataDir = testFolder()): Journal {
  const journal = Journal.open(dataDir, new ManualClock())
  onTestFinished(() => journal.close())
  return journal
}

/** The same directory, by a later process. */
function reopened(journal: Journal, dataDir: string): Journal {
  journal.close()
  return openJournal(dataDir)
}

test('kernels are found where they were, each once, by id', () => {
  const dataDir = testFolder()
  const journal = openJournal(dataDir)
  journal.commitKernel(kernelRow({ id: 'beta', incident: 'inc_9' }))
  journal.commitKernel(kernelRow({ id: 'alpha', state: 'running.settling' }))
  journal.commitKernel(kernelRow({ id: 'alpha', state: 'parked', facts: { nested: { list: [1, null, 'x'] } } }))
  expect(reopened(journal, dataDir).kernelRows()).toEqual([
    kernelRow({ id: 'alpha', state: 'parked', facts: { nested: { list: [1, null, 'x'] } } }),
    kernelRow({ id: 'beta', incident: 'inc_9' }),
  ])
})

test('an incident is opened once, changed, resolved, and found by kernel and status', () => {
  const dataDir = testFolder()
  const journal = openJournal(dataDir)
  journal.openIncident(incidentRow())
  journal.openIncident(incidentRow({ id: 'inc_2', kernel: 'beta', folder: '/evidence/beta' }))
  expect(journal.updateIncident('inc_1', { count: 2 }).count).toBe(2)
  expect(journal.openIncidentFor('alpha')).toEqual(incidentRow({ count: 2 }))
  journal.updateIncident('inc_1', { status: 'resolved', resolvedAt: 2000, healedBy: 'state', resolution: 'restored' })

  const later = reopened(journal, dataDir)
  expect(later.openIncidentFor('alpha')).toBeUndefined()
  expect(later.incident('inc_1')).toEqual(
    incidentRow({ count: 2, status: 'resolved', resolvedAt: 2000, healedBy: 'state', resolution: 'restored' }),
  )
  expect(later.incidents().map((row) => row.id)).toEqual(['inc_2', 'inc_1'])
  expect(later.incidents({ status: 'open' }).map((row) => row.id)).toEqual(['inc_2'])
  expect(later.incidents({ kernel: 'alpha', status: 'open' })).toEqual([])
  expect(later.incidents({ limit: 1 })).toHaveLength(1)
})

test('a key set to undefined is cleared, and a required one is refused', () => {
  const journal = openJournal()
  journal.openIncident(incidentRow({ status: 'resolved', resolvedAt: 2000 }))
  journal.updateIncident('inc_1', { status: 'open', resolvedAt: undefined })
  expect(journal.incident('inc_1')).toEqual(incidentRow())
  expect(errorOf(() => journal.updateIncident('inc_1', { phase: undefined })).message).toContain('incidents.phase')
  expect(journal.incident('inc_1')).toEqual(incidentRow())
})

test('a second row of the same id, and a change to a row that is not there, are errors that name it', () => {
  const journal = openJournal()
  journal.openIncident(incidentRow())
  journal.createTask(taskRow())
  expect(errorOf(() => journal.openIncident(incidentRow())).code).toBe('JOURNAL_FAILED')
  expect(errorOf(() => journal.createTask(taskRow())).message).toContain('tasks.id')
  for (const change of [
    () => journal.updateIncident('nobody', { count: 2 }),
    () => journal.updateTask('nobody', { status: 'closed' }),
    () => journal.updateHotfix('nobody', { status: 'steady' }),
  ]) {
    const refused = errorOf(change)
    expect(refused.code).toBe('NOT_FOUND')
    expect(refused.message).toContain('nobody')
  }
})

test('failures are a history, newest first, for each kernel', () => {
  const journal = openJournal()
  for (let at = 1; at <= 3; at += 1) journal.recordFailure(failureRow({ at }))
  journal.recordFailure(failureRow({ kernel: 'beta', incident: 'inc_1' }))
  expect(journal.failures('alpha').map((row) => row.at)).toEqual([3, 2, 1])
  expect(journal.failures('alpha', 2).map((row) => row.at)).toEqual([3, 2])
  expect(journal.failures('beta')).toEqual([failureRow({ kernel: 'beta', incident: 'inc_1' })])
})

test('an attempt is recorded at every step, and the first one comes first', () => {
  const journal = openJournal()
  journal.recordAttempt(attemptRow({ n: 2, agent: 'restore.code' }))
  journal.recordAttempt(attemptRow())
  const line = { name: 'green after', passed: true, detail: 'ok', durationMs: 3 } as const
  const verdict = { passed: true, lines: [line], isolation: 'permission', durationMs: 9 } as const
  journal.recordAttempt(attemptRow({ outcome: 'applied', verdict }))
  expect(journal.attempts('inc_1')).toEqual([
    attemptRow({ outcome: 'applied', verdict }),
    attemptRow({ n: 2, agent: 'restore.code' }),
  ])
  expect(journal.attempts('inc_2')).toEqual([])
})

test('tasks come by priority, then by age, and keep their remedy', () => {
  const journal = openJournal()
  journal.createTask(taskRow({ id: 'task_low', priority: 1 }))
  journal.createTask(taskRow())
  journal.createTask(taskRow({ id: 'task_2', kernel: 'beta' }))
  expect(journal.tasks().map((row) => row.id)).toEqual(['task_1', 'task_2', 'task_low'])
  const remedy = { agent: 'person', healedBy: 'person', steps: [{ do: 'restore_config' }], why: 'it was said' } as const
  const closed = { status: 'closed', closedAt: 5, outcome: 'approved', remedy } as const
  expect(journal.updateTask('task_1', closed)).toEqual(taskRow(closed))
  expect(journal.task('task_1')).toEqual(taskRow(closed))
  expect(journal.tasks({ status: 'open' }).map((row) => row.id)).toEqual(['task_2', 'task_low'])
  expect(journal.tasks({ kernel: 'beta', status: 'closed' })).toEqual([])
})

test('crashes of a message are counted for each kernel, method and hash, and parking is lasting', () => {
  const dataDir = testFolder()
  const journal = openJournal(dataDir)
  const crash = (kernel: string, argsSha256: string) => ({ kernel, method: 'add', argsSha256, fingerprint: 'f1' })
  expect(journal.bumpPoison(crash('alpha', 'aa'))).toBe(1)
  expect(journal.bumpPoison(crash('alpha', 'aa'))).toBe(2)
  expect(journal.bumpPoison(crash('alpha', 'bb'))).toBe(1)
  expect(journal.bumpPoison(crash('beta', 'aa'))).toBe(1)
  expect(journal.parkedMessages()).toEqual([])
  journal.parkMessage({ kernel: 'alpha', method: 'add', argsSha256: 'aa', reason: 'it crashed the kernel twice' })
  journal.parkMessage({ kernel: 'beta', method: 'never_seen', argsSha256: 'cc', reason: 'a playbook says so' })

  const later = reopened(journal, dataDir)
  expect(later.parkedMessages('alpha')).toMatchObject([
    { kernel: 'alpha', method: 'add', argsSha256: 'aa', crashes: 2, reason: 'it crashed the kernel twice' },
  ])
  expect(later.parkedMessages()).toHaveLength(2)
  expect(later.bumpPoison(crash('alpha', 'aa'))).toBe(3)
  expect(later.unparkMessage('alpha', 'add', 'aa')).toBe(true)
  expect(later.unparkMessage('alpha', 'add', 'aa')).toBe(false)
  expect(later.bumpPoison(crash('alpha', 'aa'))).toBe(1)
})

test('a pattern is one row, however its terms are ordered; it goes with the repair that parked it, or at a word', () => {
  const dataDir = testFolder()
  const journal = openJournal(dataDir)
  const a = { path: '0', is: 'null' } as const
  const b = { path: '1', equals: 'x' } as const
  const park = (hotfix: string, kernel: string, ...where: (typeof a | typeof b)[]) =>
    journal.parkPattern({ kernel, pattern: { method: 'find', where }, reason: 'r', hotfix })
  park('fix_1', 'alpha', b, a)
  park('fix_2', 'alpha', a, b, a)
  park('fix_2', 'alpha', a)
  park('fix_3', 'beta', a)
  expect(journal.parkedPatterns('alpha')).toMatchObject([
    { method: 'find', pattern: [a], hotfix: 'fix_2' },
    { method: 'find', pattern: [a, b], hotfix: 'fix_1' },
  ])
  expect(journal.unparkPatterns('alpha', 'fix_2')).toHaveLength(1)

  const later = reopened(journal, dataDir)
  expect(later.parkedPatterns()).toMatchObject([
    { kernel: 'beta', hotfix: 'fix_3' },
    { kernel: 'alpha', hotfix: 'fix_1', reason: 'r' },
  ])
  expect(later.unparkPatterns('alpha')).toHaveLength(1)
  expect(later.parkedPatterns().map(({ kernel }) => kernel)).toEqual(['beta'])
})

test('what crashed with a failure is forgiven when that is repaired; what a repair parked, and other failures, stay', () => {
  const journal = openJournal()
  const crash = (argsSha256: string, fingerprint: string) =>
    journal.bumpPoison({ kernel: 'alpha', method: 'add', argsSha256, fingerprint })
  const park = (argsSha256: string, hotfix?: string) =>
    journal.parkMessage({ kernel: 'alpha', method: 'add', argsSha256, reason: 'r', ...(hotfix && { hotfix }) })
  for (const message of ['parked', 'counted', 'by repair']) crash(message, 'f1')
  for (const message of ['other']) crash(message, 'f2')
  park('parked')
  park('other')
  park('by repair', 'fix_1')
  expect(journal.forgivePoison('alpha', 'f1').map((row) => row.argsSha256)).toEqual(['parked'])
  expect(journal.parkedMessages('alpha').map((row) => row.argsSha256)).toEqual(['other', 'by repair'])
  expect(crash('counted', 'f1')).toBe(1)
  expect(journal.forgetPoison('alpha').map((row) => row.argsSha256)).toEqual(['other', 'by repair'])
  expect(journal.parkedMessages('alpha')).toEqual([])
  expect(crash('other', 'f2')).toBe(1)
})

test('the hotfix in force is the newest on probation or steady', () => {
  const journal = openJournal()
  journal.putHotfix(hotfixRow({ status: 'steady', stateFrom: 'snap_1', playbook: 'book' }))
  journal.putHotfix(hotfixRow({ id: 'fix_2', at: 2000 }))
  expect(journal.activeHotfix('alpha')?.id).toBe('fix_2')
  journal.updateHotfix('fix_2', { status: 'rolledBack' })
  expect(journal.activeHotfix('alpha')).toEqual(hotfixRow({ status: 'steady', stateFrom: 'snap_1', playbook: 'book' }))
  journal.updateHotfix('fix_1', { status: 'dropped' })
  expect(journal.activeHotfix('alpha')).toBeUndefined()
  expect(journal.hotfixes('alpha').map((row) => row.id)).toEqual(['fix_2', 'fix_1'])
  expect(journal.hotfixes('beta')).toEqual([])
})

test('uses of a playbook add up', () => {
  const journal = openJournal()
  const use = { playbook: 'book', kernel: 'alpha', incident: 'inc_1', outcome: 'succeeded', at: 1 } as const
  journal.playbookUse(use)
  journal.playbookUse(use)
  journal.playbookUse({ ...use, outcome: 'failed' })
  expect(journal.playbookStats('book')).toEqual({ succeeded: 2, failed: 1 })
  expect(journal.playbookStats('other')).toEqual({ succeeded: 0, failed: 0 })
})

test('decisions of one transaction are all there or none, however deep they are', () => {
  const journal = openJournal()
  const failing = () =>
    journal.transaction(() => {
      journal.commitKernel(kernelRow())
      journal.transaction(() => journal.openIncident(incidentRow()))
      throw new Error('changed my mind')
    })
  expect(failing).toThrow('changed my mind')
  expect(journal.kernelRows()).toEqual([])
  expect(journal.incidents()).toEqual([])
  const answer = journal.transaction(() => {
    journal.commitKernel(kernelRow())
    return 42
  })
  expect(answer).toBe(42)
  expect(journal.kernelRows()).toEqual([kernelRow()])
})

test('an asynchronous transaction is refused and leaves nothing', () => {
  const journal = openJournal()
  const refused = errorOf(() => journal.transaction(async () => journal.commitKernel(kernelRow())))
  expect(refused.code).toBe('OPTION_INVALID')
  expect(journal.kernelRows()).toEqual([])
})

test('a limit that is no whole number above 0 is refused', () => {
  const journal = openJournal()
  for (const limit of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    const refused = errorOf(() => journal.incidents({ limit }))
    expect(refused.code).toBe('OPTION_INVALID')
    expect(refused.message).toContain(`Got: ${limit}`)
  }
  expect(journal.incidents({ limit: 1 })).toEqual([])
})

test('facts that are no plain data are refused by the name of their column', () => {
  const journal = openJournal()
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  expect(errorOf(() => journal.commitKernel(kernelRow({ facts: cycle }))).message).toContain('kernels.facts')
})

test('a closed journal says so, and closing twice is harmless', () => {
  const journal = openJournal()
  journal.close()
  journal.close()
  expect(errorOf(() => journal.commitKernel(kernelRow())).message).toContain('closed')
  expect(errorOf(() => journal.kernelRows()).hint).toContain('last')
})
