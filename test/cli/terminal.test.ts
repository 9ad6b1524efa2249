import { expect, test } from 'vitest'
import { duration, table, wrap } from '../../src/cli/terminal.ts'

test.each([
  ...([
    [0, '0 ms'],
    [999, '999 ms'],
    [1000, '1.0 s'],
    [59_999, '59.9 s'],
    [60_000, '1 min 0 s'],
  ] as const),
  ...([
    [3_599_999, '59 min 59 s'],
    [3_600_000, '1 h 0 min'],
    [86_399_999, '23 h 59 min'],
    [86_400_000, '1 d 0 h'],
  ] as const),
])('%i ms are read as %s', (ms, text) => {
  expect(duration(ms)).toBe(text)
})

test('columns are as wide as their widest cell, numbers stand on the right, and no line has spaces at its end', () => {
  const columns = [{ title: 'KERNEL' }, { title: 'UP', right: true as const }, { title: 'STATE' }]
  const rows = [
    ['a', '5', { text: 'running', style: 'green' as const }],
    ['longest_id', '12.5 s', ''],
  ]
  expect(table(columns, rows)).toBe(
    ['KERNEL          UP  STATE', 'a                5  running', 'longest_id  12.5 s'].join('\n'),
  )
})

const wide = [{ title: 'ID' }, { title: 'UP', spare: 1 }, { title: 'CPU', spare: 2 }, { title: 'ERROR' }]
const row = ['inc_1234567890', '12.5 s', '1.0 %', 'TypeError: a long text that says what went wrong here']

test('where the terminal is narrow spare columns go first, the sparest before the others, and the last column is cut', () => {
  expect(table(wide, [row], 55)).toBe(
    ['ID              UP      ERROR', 'inc_1234567890  12.5 s  TypeError: a long text that ...'].join('\n'),
  )
  expect(table(wide, [row], 50)).toBe(
    ['ID              ERROR', 'inc_1234567890  TypeError: a long text that say...'].join('\n'),
  )
})

test('where it is narrower still the last column stands below its row', () => {
  expect(table(wide, [row], 40)).toBe(
    ['ID', '  ERROR', 'inc_1234567890', '  TypeError: a long text that says wh...'].join('\n'),
  )
})

test('a cell cannot draw on the terminal', () => {
  expect(table([{ title: 'ERROR' }], [['\u001b[2Jred\nnext \u202e']])).toBe('ERROR\n\\u001b[2Jred\\nnext \\u202e')
})

test('text is broken at spaces, and in the middle of a word that is too long for a line', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
  expect(wrap('onetwothree four', 7)).toEqual(['onetwot', 'hree', 'four'])
  expect(wrap('exactly', 7)).toEqual(['exactly'])
  expect(wrap('', 7)).toEqual([''])
})
