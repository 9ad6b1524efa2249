/** What must hold for the records before they rejoin: versions rise and guard, lists are in order, removed is gone. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Records } from './kernel.ts'

export default defineCheck<Records>(async ({ ask }) => {
  const ids = async (after?: string, count?: number) => (await ask.list('fruit', after, count)).map((each) => each.id)

  assert.equal(await ask.count(), 0)
  assert.equal(await ask.get('fruit', 'pear'), null)
  assert.deepEqual(await ids(), [])

  assert.equal((await ask.put('fruit', 'pear', { colour: 'green', tags: ['a', null] })).version, 1)
  assert.equal((await ask.put('fruit', 'pear', { colour: 'yellow' })).version, 2)
  const pear = await ask.get('fruit', 'pear')
  assert.deepEqual(pear?.value, { colour: 'yellow' })
  assert.equal(pear?.version, 2)
  assert.ok(Number.isFinite(pear?.at))

  await assert.rejects(ask.put('fruit', 'pear', 'late', 1), 'another has written since')
  await assert.rejects(ask.put('fruit', 'pear', 'new', 0), 'it is there already')
  await assert.rejects(ask.put('fruit', 'plum', 'changed', 1), 'there is none to be changed')
  assert.deepEqual((await ask.get('fruit', 'pear'))?.value, { colour: 'yellow' }, 'a conflict writes nothing')
  assert.equal((await ask.put('fruit', 'pear', 3, 2)).version, 3)
  await ask.put('fruit', 'plum', 1, 0)
  await ask.put('fruit', 'apple', null)
  await ask.put('stone', 'pear', 'another kind')

  assert.deepEqual(await ids(), ['apple', 'pear', 'plum'], 'in the order of their ids')
  assert.deepEqual(await ids('apple', 1), ['pear'])
  assert.deepEqual(await ids('b'), ['pear', 'plum'], 'after an id that is not there')
  assert.deepEqual(await ids('plum'), [])
  assert.deepEqual([await ask.count(), await ask.count('fruit'), await ask.count('none')], [4, 3, 0])

  assert.equal(await ask.remove('fruit', 'pear'), true)
  assert.equal(await ask.remove('fruit', 'pear'), false)
  assert.equal(await ask.get('fruit', 'pear'), null)
  assert.deepEqual(await ids(), ['apple', 'plum'])
  assert.deepEqual([await ask.count(), await ask.count('fruit')], [3, 2])
  assert.equal((await ask.get('stone', 'pear'))?.value, 'another kind')
  const { version } = await ask.put('fruit', 'pear', 'again', 0)
  assert.ok(version > 3, 'a version is not given twice')

  await assert.rejects(ask.put('fruit', 'map', new Map([['a', 1]])), 'JSON would lose it')
  await assert.rejects(ask.put('fruit', 'nothing', undefined))
  await assert.rejects(ask.put('fruit', 'long', 'x'.repeat(65_535)))
  await assert.rejects(ask.put('', 'x', 1))
  await assert.rejects(ask.put('fruit/pear', 'x', 1), 'pear/x of the kind fruit is another record')
  let deep: unknown = 1
  for (let level = 0; level < 65; level++) deep = [deep]
  await assert.rejects(ask.put('fruit', 'deep', deep), 'nobody could save it')
  await assert.rejects(ask.put('fruit', ' ', 1))
  await assert.rejects(ask.list('fruit', '', 0))
  assert.equal(await ask.count(), 4)
})
