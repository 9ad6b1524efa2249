/** What the views of logs, dead letters and playbooks are made from: no browser is needed for it. */
import { expect, test } from 'vitest'
import { addressees, everything, filterText, paramsOf } from '../../src/dashboard/page/letter-filter.ts'
import { asText, indexFrom, keptLines, LogLines, levelWord } from '../../src/dashboard/page/log-lines.ts'
import { diffLines } from '../../src/dashboard/page/text-diff.ts'

const line = (n: number, msg = `tick ${n}`, facts = {}) =>
  JSON.stringify({ ...facts, level: 30, time: 1000 + n, kernel: 'loud', msg })

test('the last lines are kept, at the limit and one past it, each with its number', () => {
  const lines = new LogLines()
  lines.add(Array.from({ length: keptLines }, (_, n) => line(n)))
  expect([lines.all.length, lines.all[0]?.n]).toEqual([keptLines, 1])
  lines.add([line(keptLines)])
  expect([lines.all.length, lines.all[0]?.n, lines.all.at(-1)?.n]).toEqual([keptLines, 2, keptLines + 1])
  expect(indexFrom(lines.all, 1)).toBe(0)
  expect(indexFrom(lines.all, 5)).toBe(3)
  expect(indexFrom(lines.all, keptLines + 2)).toBe(keptLines)
})

test('a text is found in message, facts and id, and what is no JSON is shown all the same', () => {
  const lines = new LogLines()
  lines.add([line(1, 'Slow query', { sql: 'SELECT 1' }), line(2), 'no JSON'])
  expect(lines.matching(' slow ').map(({ n }) => n)).toEqual([1])
  expect(lines.matching('select').map(({ n }) => n)).toEqual([1])
  expect(lines.matching('LOUD').map(({ n }) => n)).toEqual([1, 2])
  expect(lines.matching('').length).toBe(3)
  expect(lines.all[2]).toMatchObject({ msg: 'no JSON', level: 50 })
  const [first] = lines.all
  expect(first && asText(first)).toBe('1970-01-01T00:00:01.001Z  info   loud  Slow query  {"sql":"SELECT 1"}')
  expect([levelWord(40), levelWord(35)]).toEqual(['warn', '35'])
})

test('a filter is asked and worded as it stands in the form', () => {
  expect(paramsOf(everything, 5000)).toEqual({})
  expect(filterText(everything)).toBe('')
  const filter = { ...everything, kernel: ' orders ', code: 'MAILBOX_FULL', withinMs: 900_000, unsent: true }
  expect(paramsOf(filter, 1_000_000)).toEqual({
    kernel: 'orders',
    code: 'MAILBOX_FULL',
    since: 100_000,
    replayed: false,
  })
  expect(filterText({ ...filter, text: 'x', method: 'put', from: 'host' })).toBe(
    'to orders, for put(), from host, with MAILBOX_FULL, with "x" in the reason, of the last 15 minutes',
  )
  const letters = [
    { kernel: 'a', method: 'x' },
    { kernel: 'b', method: 'y' },
    { kernel: 'b', method: 'y' },
  ]
  expect(addressees(letters)).toEqual(['2 to b.y()', '1 to a.x()'])
})

test('two texts are compared line by line, with what surrounds a change', () => {
  expect(diffLines('a\n', 'a\n')).toEqual([])
  const before = Array.from({ length: 20 }, (_, n) => `line ${n}`).join('\n')
  const lines = diffLines(before, before.replace('line 3', 'third').replace('line 15\n', ''))
  expect(lines.filter(({ kind }) => kind !== 'same')).toEqual([
    { kind: 'removed', old: 4, text: 'line 3' },
    { kind: 'added', new: 4, text: 'third' },
    { kind: 'gap', text: '' },
    { kind: 'removed', old: 16, text: 'line 15' },
  ])
  expect(lines[0]).toEqual({ kind: 'same', old: 1, new: 1, text: 'line 0' })
})
