/** What must hold for the search before it rejoins. It starts empty here, and the records do not answer. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Search } from './kernel.ts'

export default defineCheck<Search>(async ({ ask }) => {
  const ids = async (query: string, limit?: number) => (await ask.recall(query, limit)).map((hit) => hit.id)
  assert.equal(await ask.size(), 0)
  assert.deepEqual(await ids('anything'), [])
  assert.deepEqual(await ask.index('ship/1', 'The Aurora carries timber to Bergen', ['ship']), {
    ...{ id: 'ship/1', replaced: false },
  })
  await ask.index('ship/2', 'The Borealis lies in Bergen, Bergen harbour', ['ship'])
  await ask.index('port/1', 'A quay for two', ['bergen'])
  assert.equal(await ask.size(), 3)
  assert.deepEqual(await ids('AURORA'), ['ship/1'], 'case does not matter')
  assert.deepEqual(await ids('timb'), ['ship/1'], 'a word finds words that begin with it')
  assert.deepEqual(await ids('borealls'), ['ship/2'], 'one letter may be wrong')
  assert.equal((await ids('bergen')).length, 3)
  assert.equal((await ids('bergen', 2)).length, 2)
  const hits = await ask.recall('bergen')
  assert.deepEqual(
    hits.map((hit) => hit.score),
    hits.map((hit) => hit.score).toSorted((a, b) => b - a),
    'best first',
  )
  assert.equal((await ask.recall('timber'))[0]?.text, 'The Aurora carries timber to Bergen')

  assert.equal((await ask.index('ship/1', 'The Aurora was sold')).replaced, true)
  assert.equal(await ask.size(), 3)
  assert.deepEqual(await ids('timber'), [], 'what a replaced document said is gone')
  await ask.onMessage('record.changed', { kind: 'ship', id: '2', version: 3, removed: true })
  assert.deepEqual(await ids('borealis'), [], 'a removed record is found no more')
  await ask.onMessage('weather', { kind: 'ship', id: '1', removed: true })
  assert.equal(await ask.size(), 2, 'another topic is left alone')

  // The records do not answer here: what has changed is kept for later, and what is indexed stays.
  await ask.onMessage('record.changed', { kind: 'ship', id: '1', version: 4 })
  await ask.onMessage('record.changed', { kind: 'ship', id: '1', version: 5 })
  await ask.onMessage('record.changed', { kind: 'ship', id: '9', version: 1 })
  assert.deepEqual(await ask.catchUp(), { indexed: 0, left: 2 })
  assert.deepEqual(await ids('sold'), ['ship/1'])

  await assert.rejects(ask.index('', 'x'))
  await assert.rejects(ask.index('blank', ' '))
  await assert.rejects(ask.index('tags', 'x', [7 as unknown as string]))
  await assert.rejects(ask.recall(''))
  await assert.rejects(ask.recall('x', 0))
  await assert.rejects(ask.recall('x', 101))
  await assert.rejects(ask.onMessage('record.changed', { id: '1' }))
  assert.equal(await ask.drop('ship/1'), true)
  assert.equal(await ask.drop('ship/1'), false)
  assert.deepEqual(await ids('sold'), [])
  assert.equal(await ask.size(), 1)
})
