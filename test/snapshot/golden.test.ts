import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import type { Golden, HoldOut } from '../../src/base/remedy.ts'
import { GoldenStore } from '../../src/snapshot/golden.ts'
import { verifyFile } from '../../src/snapshot/verify.ts'
import { makeStore, meta } from './fixtures.ts'

const plain: Golden = {
  kernel: 'memory',
  at: 1,
  codeSha256: meta.codeSha256,
  sources: { 'file:///app/kernels/memory/kernel.ts': 'export default 1 // ünïcode\r\n' },
  config: { depth: 3, nested: { list: [1, null, 'x'] } },
}

async function state(golden: GoldenStore): Promise<unknown> {
  const found = await golden.state('memory')
  return found === undefined ? undefined : deserialize(found)
}

test('a golden comes back whole, after a restart too', async () => {
  const { store, golden, open } = await makeStore()
  expect(await golden.get('memory')).toBeUndefined()
  expect(await golden.state('memory')).toBeUndefined()
  const { name } = await store.write('memory', serialize('state'), meta)
  await golden.put({ ...plain, snapshot: name })
  const reopened = new GoldenStore(open())
  expect(await reopened.get('memory')).toEqual({ ...plain, snapshot: name })
  expect(await state(reopened)).toBe('state')
})

test('pruning never reaches the state of the golden, nor of the one before it', async () => {
  const { store, golden, root } = await makeStore()
  for (const text of ['first', 'second']) {
    const { name } = await store.write('memory', serialize(text), meta)
    await golden.put({ ...plain, snapshot: name })
  }
  for (let n = 0; n < 10; n += 1) await store.write('memory', serialize(n), { ...meta, keep: 1 })
  expect(await store.list('memory')).toHaveLength(1)
  expect(await state(golden)).toBe('second')
  await writeFile(join(root, 'memory', 'golden.json'), '{}')
  expect(await state(golden)).toBe('first')
})

test('copies that no golden names any more are removed', async () => {
  const { store, golden, root } = await makeStore()
  for (const text of ['one', 'two', 'three']) {
    const { name } = await store.write('memory', serialize(text), meta)
    await golden.put({ ...plain, snapshot: name })
  }
  const copies = (await readdir(join(root, 'memory'))).filter((name) => name.startsWith('golden-'))
  expect(copies).toHaveLength(2)
})

test('a damaged golden is set aside and reported, and the one before it is used', async () => {
  const { golden, root, events } = await makeStore()
  await golden.put({ ...plain, at: 1 })
  await golden.put({ ...plain, at: 2 })
  const path = join(root, 'memory', 'golden.json')
  await writeFile(path, (await readFile(path, 'utf8')).replace('"at":2', '"at":3'))
  expect((await golden.get('memory'))?.at).toBe(1)
  expect(events).toMatchObject([
    { type: 'snapshot.corrupt', name: 'golden.json', reason: 'it does not match its hash', setAside: true },
  ])
  await golden.put({ ...plain, at: 4 })
  expect((await golden.get('memory'))?.at).toBe(4)
})

test('a process killed between the two writes of a golden leaves one in force', async () => {
  const { golden, root } = await makeStore()
  await golden.put({ ...plain, at: 1 })
  const folder = join(root, 'memory')
  // Where the kill falls: the previous file is written, the current one only in part.
  await writeFile(join(folder, 'golden.previous.json'), await readFile(join(folder, 'golden.json')))
  await writeFile(join(folder, 'golden.json.987654'), '{"sha256"')
  expect((await golden.get('memory'))?.at).toBe(1)
})

test('a damaged copy of the state gives way to the snapshot it was made from', async () => {
  const { store, golden, root, events } = await makeStore()
  const { name } = await store.write('memory', serialize('state'), meta)
  await golden.put({ ...plain, snapshot: name })
  await writeFile(join(root, 'memory', `golden-${name}`), 'rust')
  expect(await state(golden)).toBe('state')
  expect(events).toMatchObject([{ type: 'snapshot.corrupt', name: `golden-${name}` }])
})

test('a golden that names a snapshot that is gone or damaged is refused, and the one before stays', async () => {
  const { store, golden, root } = await makeStore()
  await golden.put(plain)
  const { name } = await store.write('memory', serialize(1), meta)
  await writeFile(join(root, 'memory', name), 'rust')
  await expect(golden.put({ ...plain, at: 2, snapshot: name })).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT' })
  await expect(golden.put({ ...plain, at: 2, snapshot: name })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect((await golden.get('memory'))?.at).toBe(1)
})

test('a golden without a snapshot has no state, whatever the one before had', async () => {
  const { store, golden } = await makeStore()
  const { name } = await store.write('memory', serialize('old'), meta)
  await golden.put({ ...plain, snapshot: name })
  await golden.put(plain)
  expect(await state(golden)).toBeUndefined()
})

test('the record is private, and what JSON cannot hold is refused', async () => {
  const { golden } = await makeStore()
  await expect(golden.put({ ...plain, config: { big: 1n } })).rejects.toMatchObject({ code: 'SNAPSHOT_FAILED' })
  expect(await golden.get('memory')).toBeUndefined()
})

test('a golden damaged at any place is never used', async () => {
  const { golden, root } = await makeStore()
  await golden.put(plain)
  const path = join(root, 'memory', 'golden.json')
  const whole = await readFile(path)
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: whole.length - 1 }), bytes, fc.boolean(), async (at, noise, cut) => {
      const damaged = Buffer.from(whole)
      damaged.set(noise.subarray(0, whole.length - at), at)
      await writeFile(path, cut ? whole.subarray(0, at) : damaged)
      const isWhole = !cut && damaged.equals(whole)
      expect(await golden.get('memory')).toEqual(isWhole ? plain : undefined)
    }),
    { numRuns: 100 },
  )
})

const traffic: HoldOut = {
  ...{ config: { depth: 3 }, state: serialize('base'), replies: [] },
  messages: [
    { kind: 'ask', from: 'host', method: 'get', args: serialize([1]), at: 1000, reply: { value: serialize('one') } },
  ],
}
const expiresAt = 1000 + limits.replayExpiryMs

test('traffic is kept with the golden, private, and until it expires', async () => {
  const { golden, root, open } = await makeStore()
  expect(golden.holdOut('memory', 0)).toBeUndefined()
  await golden.put(plain, traffic)
  const path = join(root, 'memory', 'golden.traffic')
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  const reopened = new GoldenStore(open())
  expect(reopened.holdOut('memory', expiresAt - 1)).toEqual(traffic)
  await reopened.expireTraffic(['memory'], expiresAt - 1)
  expect(reopened.holdOut('memory', expiresAt)).toBeUndefined()
  await reopened.expireTraffic(['memory', 'other'], expiresAt)
  expect(await readdir(join(root, 'memory'))).toEqual(['golden.json'])
})

test('a golden without traffic keeps that of the same code and configuration, and no other', async () => {
  const { golden } = await makeStore()
  await golden.put(plain, traffic)
  await golden.put({ ...plain, at: 2 })
  expect(golden.holdOut('memory', 0)).toEqual(traffic)
  await golden.put({ ...plain, config: { depth: 4 } })
  expect(golden.holdOut('memory', 0)).toBeUndefined()
  await golden.put(plain, traffic)
  await golden.put({ ...plain, codeSha256: 'e'.repeat(64) })
  expect(golden.holdOut('memory', 0)).toBeUndefined()
})

test('traffic that is damaged at any place is never used, is set aside once, and harms nothing else', async () => {
  const { golden, root, events } = await makeStore()
  await golden.put(plain, traffic)
  const path = join(root, 'memory', 'golden.traffic')
  const whole = await readFile(path)
  // The hash is of what follows the first line; a changed expiry there is still a whole file.
  const body = whole.indexOf(10) + 1
  for (const damaged of [whole.subarray(0, 5), whole.subarray(0, -1), Buffer.from(whole).fill(0, body, body + 4)]) {
    await writeFile(path, damaged)
    expect((await verifyFile(path, 'memory')).reason).toBeDefined()
    expect(golden.holdOut('memory', 0)).toBeUndefined()
    await expect.poll(() => events.length).toBe(1)
    expect(events.splice(0)).toMatchObject([{ type: 'snapshot.corrupt', name: 'golden.traffic', setAside: true }])
    expect(await golden.get('memory')).toEqual(plain)
  }
  await golden.put(plain, traffic)
  expect((await readdir(join(root, 'memory'))).sort()).toEqual([
    ...['golden.json', 'golden.previous.json', 'golden.traffic'],
  ])
  expect(await verifyFile(path, 'memory')).toEqual({})
  expect(golden.holdOut('memory', 0)).toEqual(traffic)
})
