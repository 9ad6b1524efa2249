import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Connection } from '../../src/journal/connection.ts'
import { Journal } from '../../src/journal/journal.ts'
import { addVersion, findVersions } from '../../src/journal/playbook-versions.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { testFolder } from './folder.ts'

test('versions count up for each kernel; at the limit none goes, and one past it the oldest', () => {
  const dataDir = testFolder()
  const journal = Journal.open(dataDir, new ManualClock())
  const connection = new Connection(join(dataDir, 'journal.db'))
  onTestFinished(() => {
    connection.close()
    journal.close()
  })
  const add = (kernel: string, text: string) =>
    addVersion(connection, { kernel, at: 1, change: `now ${text}`, text }, 3)
  expect([add('a', 'one'), add('b', 'other'), add('a', 'two'), add('a', 'three')]).toEqual([1, 1, 2, 3])
  expect(findVersions(connection, 'a').map(({ version }) => version)).toEqual([3, 2, 1])
  expect(add('a', 'four')).toBe(4)
  expect(findVersions(connection, 'a').map(({ version }) => version)).toEqual([4, 3, 2])
  expect(findVersions(connection, 'b')).toHaveLength(1)
  expect(journal.playbookVersion('a')).toMatchObject({ version: 4, text: 'four', change: 'now four' })
  expect(journal.playbookVersion('a', 2)?.text).toBe('two')
  expect(journal.playbookVersion('a', 1)).toBeUndefined()
  expect(journal.addPlaybookVersion({ kernel: 'a', at: 2, change: 'c', playbook: 'p', text: '' })).toBe(5)
})
