import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cutHunk, type Hunk, hunksOf, revert } from '../../src/repair/hunks.ts'

const text = (...lines: string[]) => lines.map((line) => `${line}\n`).join('')

/** Few different lines, so that much is alike; some without an end, some blank, some with CRLF. */
const anyText = fc
  .array(fc.constantFrom('a\n', 'b\n', 'c\n', '\n', 'a\r\n', '  x\n'), { maxLength: 14 })
  .chain((lines) => fc.constantFrom('', 'end').map((end) => lines.join('') + end))

test('all hunks reverted give the old text, none the new one, cut up or not', () => {
  fc.assert(
    fc.property(anyText, anyText, (before, now) => {
      const hunks = hunksOf(before, now)
      expect(revert(now, hunks)).toBe(before)
      expect(revert(now, hunks.flatMap(cutHunk))).toBe(before)
      expect(revert(now, [])).toBe(now)
    }),
  )
})

test('any set of hunks applies: what a reverted one brought is gone, all else is as it was', () => {
  fc.assert(
    fc.property(anyText, anyText, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (before, now, picks) => {
      const hunks = hunksOf(before, now).flatMap(cutHunk)
      const picked = hunks.filter((_, index) => picks[index])
      const length = (list: readonly Hunk[], side: 'now' | 'before') =>
        list.reduce((sum, hunk) => sum + hunk[side].join('').length, 0)
      expect(revert(now, picked).length).toBe(now.length - length(picked, 'now') + length(picked, 'before'))
    }),
  )
})

test('changes with one line between them are two hunks, and adjacent changed lines are cut apart', () => {
  const before = text('a', 'b', 'c', 'd', 'e')
  expect(hunksOf(before, text('A', 'b', 'C', 'd', 'e'))).toHaveLength(2)
  const [both, ...rest] = hunksOf(before, text('a', 'B', 'C', 'd', 'e'))
  expect(rest).toEqual([])
  expect(both === undefined ? [] : cutHunk(both)).toEqual([
    { at: 1, now: ['B\n'], before: ['b\n'] },
    { at: 2, now: ['C\n'], before: ['c\n'] },
  ])
})

test('new lines are parted at blank ones, and so are lines that are gone', () => {
  const [added] = hunksOf(text('a', 'z'), text('a', 'one', 'two', '', 'three', 'z'))
  expect(cutHunk(added as Hunk)).toEqual([
    { at: 1, now: ['one\n', 'two\n', '\n'], before: [] },
    { at: 4, now: ['three\n'], before: [] },
  ])
  const [gone] = hunksOf(text('a', 'one', '', 'two', 'z'), text('a', 'z'))
  expect(cutHunk(gone as Hunk)).toEqual([
    { at: 1, now: [], before: ['one\n', '\n'] },
    { at: 1, now: [], before: ['two\n'] },
  ])
})

test('lines that stand for another number of lines stay together', () => {
  const [hunk] = hunksOf(text('a', 'b', 'z'), text('A', 'B', 'C', 'z'))
  expect(cutHunk(hunk as Hunk)).toEqual([hunk])
})

test('texts with nothing in common are one hunk', () => {
  const [before, now] = ['old', 'new'].map((word) => text(...Array.from({ length: 700 }, (_, at) => `${word} ${at}`)))
  expect(hunksOf(before ?? '', now ?? '')).toHaveLength(1)
})
