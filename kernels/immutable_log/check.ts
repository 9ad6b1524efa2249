/** What must hold for the log before it rejoins: it starts on an empty folder here. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { defineCheck } from 'lazaret/kernel'
import type { ImmutableLog } from './kernel.ts'

export default defineCheck<ImmutableLog>(async ({ ask }) => {
  const { index: start } = await ask.head()
  const entries: unknown[] = [{ b: 1, a: [true, null, 'ü\n"'] }, 'text', 0, null, { a: [true, null, 'ü\n"'], b: 1 }]
  let last = start
  const hashes = new Set<string>()
  for (const entry of entries) {
    const { index, hash } = await ask.append(entry)
    assert.equal(index, last + 1, 'indexes count up by one')
    assert.match(hash, /^[0-9a-f]{64}$/)
    hashes.add(hash)
    last = index
  }
  assert.equal(hashes.size, entries.length, 'the same entry at another place has another hash')
  assert.deepEqual(await ask.head(), { index: last, hash: [...hashes].at(-1) })

  const records = await ask.read(start + 1, entries.length)
  assert.deepEqual(
    records.map((record) => record.entry),
    entries,
    'what was appended is what is read',
  )
  assert.deepEqual(new Set(records.map((record) => record.hash)), hashes)
  assert.equal((await ask.read(start + 2, 1))[0]?.index, start + 2)
  assert.deepEqual(await ask.read(last + 1, 10), [], 'nothing stands after the head')

  // The chain, reckoned here once more: the hash of a record covers the one before it.
  const [one, two] = records
  assert.ok(one && two)
  const text = `{"at":${two.at},"entry":"text","index":${two.index},"kind":"entry","previous":"${one.hash}"}`
  assert.equal(
    two.hash,
    createHash('sha256')
      .update(one.hash + text)
      .digest('hex'),
  )

  await assert.rejects(ask.append(undefined), 'undefined is no JSON value')
  await assert.rejects(ask.append(Number.NaN), 'NaN is no JSON value')
  await assert.rejects(ask.append({ when: new Date(0) }), 'a Date is no JSON value')
  await assert.rejects(ask.append('x'.repeat(100_000)), 'an entry has a largest size')
  await assert.rejects(ask.read(-1, 1))
  await assert.rejects(ask.read(0, 0))
  assert.deepEqual(await ask.head(), { index: last, hash: [...hashes].at(-1) }, 'a refused entry leaves no trace')
  const verdict = await ask.verify()
  assert.equal(verdict.reason, undefined)
  assert.equal(verdict.ok, true)
  assert.equal(verdict.entries, last + 1)
})
