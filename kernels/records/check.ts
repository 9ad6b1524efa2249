/** What must hold for the records before they rejoin. The store is empty here. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Records } from './kernel.ts'

export default defineCheck<Records>(async ({ ask }) => {
  assert.equal(await ask.count(), 0)
  assert.equal(await ask.get('check', 'a'), null)
  const value = { text: 'ü\n"', list: [1, null, true, { deep: [] }] }
  const first = await ask.put('check', 'a', value)
  const read = await ask.get('check', 'a')
  assert.deepEqual(read?.value, value, 'what was put is what is given')
  assert.equal(read?.version, first.version)
  assert.ok(read && Number.isSafeInteger(read.at) && read.at > 0, 'it says when it was put')

  const second = await ask.put('check', 'a', 'two', first.version)
  assert.ok(second.version > first.version, 'versions grow')
  await assert.rejects(ask.put('check', 'a', 'three', first.version), 'somebody else was faster')
  await assert.rejects(ask.put('check', 'a', 'three', 0), 'it is there already')
  await assert.rejects(ask.put('check', 'b', 'x', second.version), 'it is not there')
  await assert.rejects(ask.remove('check', 'a', first.version))
  assert.equal((await ask.get('check', 'a'))?.value, 'two', 'a refused write changes nothing')
  assert.equal(await ask.remove('check', 'a', second.version), true)
  assert.equal(await ask.remove('check', 'a'), false)
  const third = await ask.put('check', 'a', 'again', 0)
  assert.ok(third.version > second.version, 'no version is given twice, not even after a removal')

  for (const id of ['d', 'b', 'c10', 'c9']) await ask.put('check', id, id)
  await ask.put('check.other', 'e', 0)
  const ids = async (...more: [from?: string, count?: number]) =>
    (await ask.list('check', ...more)).map((record) => record.id)
  assert.deepEqual(await ids(), ['a', 'b', 'c10', 'c9', 'd'])
  assert.deepEqual(await ids('c9'), ['c9', 'd'], 'the one that is named is the first')
  assert.deepEqual(await ids('bb', 2), ['c10', 'c9'], 'or the next after it')
  assert.deepEqual(await ids('e'), [])
  assert.equal(await ask.remove('check', 'b'), true)
  assert.deepEqual(await ids('a', 2), ['a', 'c10'], 'what was removed is in no list')
  assert.equal((await ask.list('check', 'd'))[0]?.value, 'd')
  assert.deepEqual([await ask.count('check'), await ask.count(), await ask.count('none')], [4, 5, 0])

  const wrong = [undefined, Number.NaN, new Date(0), new Map(), [undefined], { n: 1n }, 'x'.repeat(262_143)]
  for (const each of wrong) await assert.rejects(ask.put('check', 'f', each), 'no JSON value, or too large a one')
  for (const kind of ['', 'Upper', '../x', 'x'.repeat(65)]) await assert.rejects(ask.put(kind, 'f', 1), `kind ${kind}`)
  for (const id of ['', ' ', 'x'.repeat(201)]) await assert.rejects(ask.put('check', id, 1), `id ${id}`)
  await assert.rejects(ask.put('check', 'f', 1, -1))
  await assert.rejects(ask.list('check', 'a', 0))
  await assert.rejects(ask.list('check', 'a', 1001))
  assert.equal(await ask.count(), 5, 'what was refused leaves no trace')
})
