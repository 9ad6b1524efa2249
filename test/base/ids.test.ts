import { expect, test } from 'vitest'
import { codeHash, sha256 } from '../../src/base/hash.ts'
import { kernelIdProblem, newId, timestampName } from '../../src/base/ids.ts'
import { limits } from '../../src/base/limits.ts'
import { nearest } from '../../src/base/nearest.ts'

test.each(['a', 'a1', 'memory_fusion', 'a-b_c-2', 'tenant-42', 'x'.repeat(limits.kernelIdChars)])(
  '%s is an id',
  (id) => {
    expect(kernelIdProblem(id)).toBeUndefined()
  },
)

test.each([
  ...['', 'A', '1a', '_a', 'a_', 'a__b', 'a-', 'a b', 'a.b', '../x', 'a/b', 'a\\b', 'a\n', 'é', 'a\0', 'a:b', '-rf'],
  ...['constructor', 'prototype', '__proto__', 'then', 'con', 'nul', 'com1', 'host', 'runtime', 'all', 'null'],
  'x'.repeat(limits.kernelIdChars + 1),
])('%j is no id', (id) => {
  expect(kernelIdProblem(id)).toMatch(/^it/)
})

test('new ids have their prefix, differ, and sort by when they were made', () => {
  const ids = Array.from({ length: 100 }, () => newId('inc'))
  expect(new Set(ids).size).toBe(100)
  for (const id of ids) expect(id).toMatch(/^inc_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/)
  const stamps = ids.map((id) => id.slice(4, 17))
  expect([...stamps].sort()).toEqual(stamps)
})

test('a time as a name is fit for a folder, exact to the millisecond and sortable', () => {
  expect(timestampName(Date.UTC(2026, 10, 24, 4, 15, 3, 123))).toBe('20261124T041503123Z')
  expect(timestampName(0)).toBe('19700101T000000000Z')
})

test('the hash of a set of files heeds names and contents, not order', () => {
  const a = { url: 'file:///a.ts', sha256: sha256('a') }
  const b = { url: 'file:///b.ts', sha256: sha256('b') }
  expect(codeHash([a, b])).toBe(codeHash([b, a]))
  expect(codeHash([a, b])).not.toBe(codeHash([a, { ...b, sha256: sha256('c') }]))
  expect(codeHash([a])).not.toBe(codeHash([{ ...a, url: 'file:///c.ts' }]))
  expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(sha256('é')).toBe(sha256(Buffer.from('é')))
})

test('the nearest known word is found for a slip, and none for another word', () => {
  const known = ['dependsOn', 'heapMb', 'tier', 'env']
  expect(nearest('dependson', known)).toBe('dependsOn')
  expect(nearest('depends_on', known)).toBe('dependsOn')
  expect(nearest('heap-mb', known)).toBe('heapMb')
  expect(nearest('teir', known)).toBe('tier')
  expect(nearest('tir', known)).toBe('tier')
  expect(nearest('isolation', known)).toBeUndefined()
  expect(nearest('x'.repeat(1_000_000), known)).toBeUndefined()
  expect(nearest('', [])).toBeUndefined()
})
