/** What must hold for the memory before it rejoins: notes are found, ranked, replaced, fused and forgotten. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { MemoryFusion } from './kernel.ts'

export default defineCheck<MemoryFusion>(async ({ ask }) => {
  const ids = async (query: string, limit?: number) => (await ask.recall(query, limit)).map((note) => note.id)

  assert.equal(await ask.size(), 0)
  assert.deepEqual(await ids('anything'), [])
  assert.deepEqual(await ask.remember('bus', 'The bus restarted twice on Monday', ['incident']), {
    id: 'bus',
    replaced: false,
  })
  await ask.remember('log', 'A segment of the log was set aside', ['incident', 'damage'])
  await ask.remember('damage', 'How damage is told from a torn line: the log verifies each line')
  assert.equal(await ask.size(), 3)

  assert.deepEqual(await ids('monday'), ['bus'], 'case does not matter')
  assert.deepEqual(await ids('restart'), ['bus'], 'a word finds words that begin with it')
  assert.deepEqual(await ids('segmant'), ['log'], 'one letter may be wrong')
  assert.equal((await ids('damage'))[0], 'log', 'a tag counts more than a word of the text')
  assert.equal((await ids('log', 1)).length, 1)
  const scores = (await ask.recall('log line damage')).map((note) => note.score)
  assert.deepEqual(
    scores,
    scores.toSorted((a, b) => b - a),
    'best first',
  )

  assert.equal((await ask.remember('bus', 'The bus is quiet')).replaced, true)
  assert.equal(await ask.size(), 3)
  assert.deepEqual(await ids('monday'), [], 'what a replaced note said is gone')

  const fused = await ask.fuse(['log', 'damage', 'log'])
  assert.deepEqual(fused.sources?.map((source) => source.id).sort(), ['damage', 'log'], 'it says what it was made of')
  assert.deepEqual(
    fused.tags,
    ['incident', 'damage'].filter((tag) => fused.tags.includes(tag)),
  )
  assert.deepEqual(await ids('segment'), [fused.id])
  assert.equal(await ask.get('log'), null)
  assert.equal(await ask.size(), 2)
  const again = await ask.fuse([fused.id, 'bus'])
  assert.deepEqual(again.sources?.map((source) => source.id).sort(), ['bus', 'damage', 'log'], 'through two fusions')

  await assert.rejects(ask.fuse([again.id, 'absent']), 'a note that is not there cannot be fused')
  await assert.rejects(ask.fuse([again.id]), 'one note alone cannot be fused')
  assert.equal((await ask.get(again.id))?.id, again.id, 'a refused fusion gives nothing up')
  await assert.rejects(ask.remember('', 'x'))
  await assert.rejects(ask.remember('blank', ' '))
  await assert.rejects(ask.recall(''))
  await assert.rejects(ask.recall('bus', 0))

  assert.equal(await ask.forget(again.id), true)
  assert.equal(await ask.forget(again.id), false)
  assert.equal(await ask.size(), 0)
  assert.deepEqual(await ids('bus'), [])
})
