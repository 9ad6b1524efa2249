import { expect, onTestFinished, test } from 'vitest'
import { Journal } from '../../src/journal/journal.ts'
import type { DeadLetterFilter } from '../../src/journal/rows.ts'
import { ManualClock } from '../../src/testing/manual-clock.ts'
import { errorOf, testFolder } from './folder.ts'
import { deadLetter } from './samples.ts'

function open(): Journal {
  const journal = Journal.open(testFolder(), new ManualClock())
  onTestFinished(() => journal.close())
  return journal
}

test('dead letters are found by everything that they say, and counted the same way', () => {
  const journal = open()
  journal.addDeadLetter(deadLetter({ at: 10 }))
  journal.addDeadLetter(deadLetter({ at: 20, method: 'remove', code: 'MAILBOX_FULL', reason: 'The mailbox is FULL' }))
  journal.addDeadLetter(deadLetter({ at: 30, kernel: 'beta', from: 'gamma', reason: '100 % of it_went' }))
  const found: [DeadLetterFilter, number[]][] = [
    [{}, [3, 2, 1]],
    [{ order: 'oldest first' }, [1, 2, 3]],
    [{ kernel: 'alpha' }, [2, 1]],
    [{ from: 'gamma' }, [3]],
    [{ kernel: 'alpha', method: 'remove', code: 'MAILBOX_FULL' }, [2]],
    [{ kernel: 'beta', method: 'remove' }, []],
    [{ text: 'mailbox is full' }, [2]],
    [{ text: '%' }, [3]],
    [{ text: 't_w' }, [3]],
    [{ since: 20 }, [3, 2]],
    [{ since: 11, until: 20 }, [2]],
    [{ ids: [3, 1, 99] }, [3, 1]],
    [{ ids: [] }, []],
    [{ kernels: ['beta', 'alpha'] }, [3, 2, 1]],
    [{ kernels: [] }, []],
    [{ whole: true }, []],
  ]
  for (const [filter, ids] of found) {
    expect.soft({ filter, ids: journal.deadLetters(filter).map(({ id }) => id) }).toEqual({ filter, ids })
    expect.soft({ filter, count: journal.deadLetterCount(filter) }).toEqual({ filter, count: ids.length })
  }
  expect(errorOf(() => journal.deadLetters({ limit: 0 })).code).toBe('OPTION_INVALID')
})

test('page after page, every dead letter is found once, while new ones come', () => {
  const journal = open()
  for (let at = 1; at <= 5; at += 1) journal.addDeadLetter(deadLetter({ at }))
  const seen: number[] = []
  let before: number | undefined
  for (;;) {
    const page = journal.deadLetters({ limit: 2, before })
    if (page.length === 0) break
    seen.push(...page.map(({ id }) => id))
    before = page.at(-1)?.id
    journal.addDeadLetter(deadLetter({ at: 99 }))
  }
  expect(seen).toEqual([5, 4, 3, 2, 1])
})

test('a letter that was sent again is marked with what became of it, and can be made as it was', () => {
  const journal = open()
  journal.addDeadLetter(deadLetter())
  journal.addDeadLetter(deadLetter({ at: 1001 }))
  journal.deadLetters()
  journal.markReplayed(1, 'sent', 5000)
  expect(journal.deadLetters({ replayed: true })).toEqual([
    { id: 1, ...deadLetter(), replayedAt: 5000, outcome: 'sent' },
  ])
  expect(journal.deadLetters({ replayed: false }).map(({ id }) => id)).toEqual([2])
  journal.markReplayed(1, 'KERNEL_UNAVAILABLE: out of service', undefined)
  expect(journal.deadLetterCount({ replayed: false })).toBe(2)
})

test('the last use of each playbook is known', () => {
  const journal = open()
  const use = (playbook: string, at: number, outcome: 'succeeded' | 'failed') =>
    journal.playbookUse({ playbook, kernel: 'alpha', incident: `inc_${at}`, outcome, at })
  use('one', 1, 'succeeded')
  use('two', 2, 'succeeded')
  use('one', 3, 'failed')
  expect(journal.lastPlaybookUses()).toMatchObject([
    { playbook: 'two', at: 2, outcome: 'succeeded' },
    { playbook: 'one', at: 3, outcome: 'failed' },
  ])
})
