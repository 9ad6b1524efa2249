/** What must hold for the imports before they rejoin. The records do not answer here, so nothing can be written. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Imports } from './kernel.ts'

const text = `\ufeffcode,name,note
a1,Aurora,"two
lines, and a comma"
a2,Borealis
,nameless,x
a1,again,x
a3,"Cirrus ""fast""",

a4,Dune,x
`
const id = { id: 'code' }

export default defineCheck<Imports>(async ({ ask }) => {
  const before = await ask.stats()
  const { first, refused, rows, more } = await ask.preview(text, id)
  assert.deepEqual(first, [
    { line: 3, id: 'a1', value: { code: 'a1', name: 'Aurora', note: 'two\nlines, and a comma' } },
    { line: 7, id: 'a3', value: { code: 'a3', name: 'Cirrus "fast"', note: '' } },
    { line: 9, id: 'a4', value: { code: 'a4', name: 'Dune', note: 'x' } },
  ])
  assert.deepEqual([rows, more], [3, 0])
  assert.deepEqual(
    refused.map((each) => each.line),
    [4, 5, 6],
    'too few fields, no id, an id for the second time: each by its line',
  )

  const imported = await ask.importCsv('ship', text, id)
  assert.equal(imported.rows, 0, 'what the records did not take was not written')
  assert.deepEqual(
    imported.refused.map((each) => each.line),
    [3, 4, 5, 6, 7, 9],
  )
  assert.ok(imported.refused.every((each) => each.why !== ''))
  assert.deepEqual(await ask.stats(), {
    ...{ imports: before.imports + 1, rows: before.rows, refused: before.refused + 6 },
  })

  const many = `code\n${Array.from({ length: 150 }, () => 'same').join('\n')}`
  const { refused: shown, more: hidden } = await ask.preview(many, id)
  assert.deepEqual([shown.length, hidden], [100, 49], 'the first hundred are named, the others counted')

  for (const bad of ['', 'name,note\nx,y', 'code,code\nx,y', 'code,\nx,y', 'code\n"x"y\nz']) {
    await assert.rejects(ask.preview(bad, id), `must be refused: ${JSON.stringify(bad)}`)
  }
  await assert.rejects(ask.preview(`code\n${'x\n'.repeat(600_000)}`, id), 'too many bytes')
  await assert.rejects(
    ask.preview(`code\n${Array.from({ length: 5001 }, (_, n) => n).join('\n')}`, id),
    'too many rows',
  )
  await assert.rejects(ask.preview(7 as unknown as string, id))
  await assert.rejects(ask.importCsv('', text, id))
  await assert.rejects(ask.importCsv('ship', text, {} as never))
})
