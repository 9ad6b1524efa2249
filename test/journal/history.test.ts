import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { Connection } from '../../src/journal/connection.ts'
import { pruneDeadLetters, pruneEvents, pruneFailures, pruneHistory } from '../../src/journal/history.ts'
import { Journal } from '../../src/journal/journal.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { testFolder } from './folder.ts'
import { attemptRow, deadLetter, event, failureRow, hotfixRow, incidentRow, taskRow } from './samples.ts'

function open(): { journal: Journal; connection: Connection } {
  const dataDir = testFolder()
  const journal = Journal.open(dataDir, new ManualClock())
  const connection = new Connection(join(dataDir, 'journal.db'))
  onTestFinished(() => {
    connection.close()
    journal.close()
  })
  return { journal, connection }
}

test('at the limit nothing goes, and one past it the oldest finished row of each kind', () => {
  const { journal, connection } = open()
  for (let n = 1; n <= 3; n += 1) {
    const [incident, at] = [`inc_${n}`, n]
    journal.openIncident(incidentRow({ id: incident, status: 'resolved' }))
    journal.recordAttempt(attemptRow({ incident }))
    journal.createTask(taskRow({ id: `task_${n}`, incident, status: 'closed' }))
    journal.putHotfix(hotfixRow({ id: `fix_${n}`, incident, status: 'dropped' }))
    journal.bumpPoison({ kernel: 'alpha', method: 'add', argsSha256: incident, fingerprint: 'f' })
    journal.playbookUse({ playbook: 'book', kernel: 'alpha', incident, outcome: 'failed', at })
  }
  const counts = () => [
    journal.incidents().length,
    ['inc_1', 'inc_2', 'inc_3'].flatMap((incident) => journal.attempts(incident)).length,
    journal.tasks().length,
    journal.hotfixes().length,
    journal.playbookStats('book').failed,
  ]
  pruneHistory(connection, 3)
  expect(counts()).toEqual([3, 3, 3, 3, 3])
  pruneHistory(connection, 2)
  expect(counts()).toEqual([2, 2, 2, 2, 2])
  expect(journal.incident('inc_1')).toBeUndefined()
  expect(journal.bumpPoison({ kernel: 'alpha', method: 'add', argsSha256: 'inc_1', fingerprint: 'f' })).toBe(1)
})

test('what is open, in force or parked stays, however old', () => {
  const { journal, connection } = open()
  journal.openIncident(incidentRow())
  journal.recordAttempt(attemptRow())
  journal.createTask(taskRow())
  journal.putHotfix(hotfixRow({ status: 'steady' }))
  journal.parkMessage({ kernel: 'alpha', method: 'add', argsSha256: 'aa', reason: 'poison' })
  pruneHistory(connection, 0)
  expect(journal.openIncidentFor('alpha')).toBeDefined()
  expect(journal.attempts('inc_1')).toHaveLength(1)
  expect(journal.tasks()).toHaveLength(1)
  expect(journal.activeHotfix('alpha')).toBeDefined()
  expect(journal.parkedMessages()).toHaveLength(1)
})

test('failures and dead letters are bounded for each kernel, events in all', () => {
  const { journal, connection } = open()
  for (let n = 1; n <= 3; n += 1) {
    journal.recordFailure(failureRow({ at: n }))
    journal.addDeadLetter(deadLetter({ at: n }))
    journal.append(event(n))
  }
  journal.recordFailure(failureRow({ kernel: 'beta' }))
  journal.addDeadLetter(deadLetter({ kernel: 'beta' }))
  journal.flush()
  for (const keep of [3, 2]) {
    pruneFailures(connection, 'alpha', keep)
    pruneDeadLetters(connection, 'alpha', keep)
    pruneEvents(connection, keep)
    expect([journal.failures('alpha').length, journal.deadLetterCount('alpha'), journal.events().length]).toEqual([
      keep,
      keep,
      keep,
    ])
  }
  expect(journal.failures('alpha').map((row) => row.at)).toEqual([3, 2])
  expect(journal.deadLetters({ kernel: 'alpha' }).map((row) => row.at)).toEqual([3, 2])
  expect(journal.events().map((row) => row.seq)).toEqual([2, 3])
  expect([journal.failures('beta').length, journal.deadLetterCount('beta')]).toEqual([1, 1])
})

test('a flood of dead letters keeps the newest of its kernel and none of another kernel goes', () => {
  const { journal } = open()
  journal.addDeadLetter(deadLetter({ kernel: 'beta' }))
  const sent = limits.deadLettersPerKernel + limits.journalBatchRows
  for (let at = 1; at <= sent; at += 1) journal.addDeadLetter(deadLetter({ at }))
  expect(journal.deadLetterCount('alpha')).toBe(limits.deadLettersPerKernel)
  expect(journal.deadLetters({ kernel: 'alpha', limit: 1 })[0]?.at).toBe(sent)
  expect(journal.deadLetterCount('beta')).toBe(1)
})
