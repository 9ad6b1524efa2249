import { expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { type DiffRow, diffFile } from '../../src/dashboard/diff-rows.ts'
import { makePatch } from '../../src/repair/patch.ts'

const textOf = (side: DiffRow['left']) => side?.parts.map(({ text }) => text).join('')
const shown = ({ kind, left, right }: DiffRow) => [kind, left?.n, textOf(left), right?.n, textOf(right)]

const diff = (before: string, after: string) => diffFile('kernel.ts', makePatch('kernel.ts', before, after))

test('a changed line stands beside what it was, with the words that differ marked', () => {
  const { rows, added, removed } = diff(
    'one\nreturn text.inclodes(query)\nthree\n',
    'one\nreturn text.includes(query)\nthree\n',
  )
  expect([added, removed]).toEqual([1, 1])
  expect(rows.map(shown)).toEqual([
    ['same', 1, 'one', 1, 'one'],
    ['changed', 2, 'return text.inclodes(query)', 2, 'return text.includes(query)'],
    ['same', 3, 'three', 3, 'three'],
  ])
  expect(rows[1]?.left?.parts.filter(({ marked }) => marked).map(({ text }) => text)).toEqual(['inclodes'])
  expect(rows[1]?.right?.parts.filter(({ marked }) => marked).map(({ text }) => text)).toEqual(['includes'])
})

test('lines that only go or come have an empty side; lines that share little are not marked', () => {
  expect(diff('a\nb\nc\n', 'a\nc\n').rows.map(shown)).toContainEqual(['removed', 2, 'b', undefined, undefined])
  expect(diff('a\nc\n', 'a\nb\nc\n').rows.map(shown)).toContainEqual(['added', undefined, undefined, 2, 'b'])
  const [row] = diff('const total = sum(entries)\n', 'throw new Error("no")\n').rows
  expect(row?.left?.parts).toEqual([{ text: 'const total = sum(entries)' }])
})

test('between two hunks there is a gap, and the numbers go on as they are in the files', () => {
  const lines = Array.from({ length: 40 }, (_, n) => `line ${n + 1}`)
  const after = lines.map((line, n) => (n === 4 ? 'new 5' : n === 34 ? 'new 35' : line))
  const { rows } = diff(`${lines.join('\n')}\n`, `${after.join('\n')}\n`)
  expect(rows.filter(({ kind }) => kind === 'gap')).toHaveLength(1)
  expect(rows.map(shown)).toContainEqual(['changed', 35, 'line 35', 35, 'new 35'])
})

test('secrets are struck out, and marks that would turn text around are shown', () => {
  const { rows } = diff('const a = 1\n', 'const password = "hunter2" // \u202e\n')
  expect(JSON.stringify(rows)).not.toContain('hunter2')
  expect(JSON.stringify(rows)).toContain('\\\\u202e')
})

test('rows past the limit are counted', () => {
  const text = (mark: string) => Array.from({ length: limits.storyDiffRows + 1 }, (_, n) => `${mark} ${n}\n`).join('')
  const whole = diff(text('a'), text('b'))
  expect([whole.rows.length, whole.leftOut]).toEqual([limits.storyDiffRows, 1])
})

test('what is no diff is told', () => {
  expect(diffFile('k.ts', '--- a/k.ts\n+++ b/k.ts\n@@ -1,9 +1 @@\n-x\n').problem).toMatch(/cannot be read/)
  expect(diffFile('k.ts', 'nothing').problem).toBe('the patch changes nothing')
  expect(diffFile('k.ts', 'x'.repeat(limits.patchBytes + 1)).problem).toMatch(/has 204801 characters/)
})
