import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { climb, fast, misspell } from './ladder.ts'

test('a tier 1 kernel goes back to its golden snapshot at once: state, configuration and code', async () => {
  await using ladder = await climb({ kernels: [{ id: 'notes', tier: 1 }] })
  const notes = ladder.runtime.ref('notes').with({ deadlineMs: 10_000 })
  await notes.ask.put?.('a', 'alpha')
  await ladder.until('snapshot.golden')
  await ladder.until('snapshot.golden')
  ladder.edit('kernel.ts', misspell)
  await ladder.runtime.kernel('notes').restart()
  const recovered = ladder.until('kernel.recovered')
  await ladder.askUntilDown('find')
  expect((await recovered).healedBy).toBe('restore')
  expect(await notes.ask.find?.('alp')).toBe(1)
  const applied = ladder.events.find(({ type }) => type === 'hotfix.applied')
  expect(applied?.steps).toContain('apply_patch')
  // It did not wait for a sandbox.
  expect(ladder.types()).not.toContain('repair.proposed')
})

test('a snapshot damaged on disk is set aside and the one before it is used', async () => {
  await using ladder = await climb()
  const notes = ladder.runtime.ref('notes')
  await notes.ask.put?.('a', 'alpha')
  await ladder.until('snapshot.taken')
  await ladder.until('snapshot.taken')
  await ladder.runtime.stop()
  const folder = join(ladder.folder, '.lazaret', 'snapshots', 'notes')
  const newest = readdirSync(folder)
    .filter((name) => /^\d.*\.snap$/.test(name))
    .sort()
    .at(-1)
  const path = join(folder, newest ?? '')
  const bytes = readFileSync(path)
  bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 0xff
  writeFileSync(path, bytes)
  const later = await climb({ folder: ladder.folder, keep: true })
  try {
    expect(later.types()).toContain('snapshot.corrupt')
    expect(await later.runtime.ref('notes').ask.size?.()).toBe(1)
    expect(readdirSync(folder)).toContain(`${newest}.corrupt`)
  } finally {
    await later[Symbol.asyncDispose]()
  }
})

test('state that crashes the kernel goes back to the golden state, and the newer one is given up', async () => {
  await using ladder = await climb({ kernels: [{ id: 'notes', restart: { ...fast.restart, max: 2 } }] })
  const notes = ladder.runtime.ref('notes').with({ deadlineMs: 10_000 })
  await notes.ask.put?.('a', 'alpha')
  await ladder.until('snapshot.golden')
  await ladder.until('snapshot.golden')
  // A number where a text belongs: accepted by put, in the snapshot, and fatal at the next start.
  await notes.ask.put?.('b', 5)
  await ladder.until('snapshot.taken')
  const recovered = ladder.until('kernel.recovered')
  await ladder.runtime.threadOf('notes')?.kill({ name: 'Error', message: 'killed from outside' }, 'idle')
  expect((await recovered).healedBy).toBe('state')
  expect(await notes.ask.size?.()).toBe(1)
  const restored = ladder.events.find(({ type }) => type === 'snapshot.restored')
  expect(restored?.ageMs).toBeGreaterThan(0)
})

test('a kernel becomes golden when it has run for stableMs, and not before', async () => {
  await using ladder = await climb()
  await ladder.until('snapshot.golden')
  expect(ladder.runtime.status()[0]?.state).toBe('running.steady')
  const firstGolden = ladder.types().indexOf('snapshot.golden')
  expect(firstGolden).toBeGreaterThan(ladder.types().indexOf('kernel.started'))
})
