import { execFileSync } from 'node:child_process'
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { serialize } from 'node:v8'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeSnapshot } from '../../src/snapshot/file.ts'
import { isGolden, isVerified, verifyFile } from '../../src/snapshot/verify.ts'
import { makeStore, meta } from './fixtures.ts'

/** One snapshot, and a golden made from it. */
async function written() {
  const { root, store, golden } = await makeStore()
  const { name } = await store.write('memory', serialize({ text: 'x'.repeat(600_000) }), meta)
  await golden.put({ kernel: 'memory', at: 1, codeSha256: meta.codeSha256, sources: {}, config: {}, snapshot: name })
  const folder = join(root, 'memory')
  return { folder, name, path: join(folder, name) }
}

test('what was written holds, and a golden record names its snapshot', async () => {
  const { folder, name } = await written()
  const names = (await readdir(folder)).filter(isVerified)
  expect(names.sort()).toEqual([name, `golden-${name}`, 'golden.json'].sort())
  for (const each of names) expect((await verifyFile(join(folder, each), 'memory')).reason).toBeUndefined()
  expect(await verifyFile(join(folder, 'golden.json'), 'memory')).toEqual({ snapshot: name })
  expect(names.filter(isGolden)).toHaveLength(2)
})

test('one changed byte anywhere is found, as the store itself finds it', async () => {
  const { folder, name } = await written()
  for (const each of [name, 'golden.json']) {
    const path = join(folder, each)
    const whole = await readFile(path)
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, bits) => {
        const bytes = Buffer.from(whole)
        bytes[at] = (bytes[at] ?? 0) ^ bits
        await writeFile(path, bytes)
        const { reason } = await verifyFile(path, 'memory')
        expect(reason).toBeTypeOf('string')
        const decoded = decodeSnapshot(bytes, 'memory')
        if (each === name) expect(decoded).toEqual({ ok: false, reason })
      }),
      { numRuns: 40 },
    )
    await writeFile(path, whole)
  }
})

test('cut short, grown, empty, of another kernel or no file at all: each has its reason', async () => {
  const { folder, path } = await written()
  expect(await verifyFile(path, 'other')).toEqual({ reason: 'it belongs to the kernel memory' })
  const whole = await readFile(path)
  await writeFile(path, Buffer.concat([whole, Buffer.from('x')]))
  expect((await verifyFile(path, 'memory')).reason).toMatch(/bytes instead of/)
  await truncate(path, 1000)
  expect((await verifyFile(path, 'memory')).reason).toMatch(/bytes instead of/)
  await truncate(path, 0)
  expect(await verifyFile(path, 'memory')).toEqual({ reason: 'the file is empty' })
  await rm(path)
  expect(await verifyFile(path, 'memory')).toEqual({})
  // Nobody writes to it: reading it would wait for ever.
  execFileSync('mkfifo', [join(folder, 'pipe.snap')])
  expect(await verifyFile(join(folder, 'pipe.snap'), 'memory')).toEqual({ reason: 'it cannot be read: ENOTFILE' })
})
