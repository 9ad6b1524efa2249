import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { decodeSnapshot, encodeSnapshot } from '../../src/snapshot/file.ts'
import { makeStore, meta } from './fixtures.ts'

test('a state comes back as it was written, by the latest and by its name', async () => {
  const { store, time } = await makeStore()
  const written = await store.write('memory', serialize({ notes: ['a'] }), meta)
  expect(written).toEqual({ name: '20261124T000000000Z-00000001.snap', at: time.now, bytes: expect.any(Number) })
  const latest = await store.latest('memory')
  expect(latest).toMatchObject({ name: written.name, at: time.now, ...meta })
  expect(deserialize(latest?.state ?? new Uint8Array())).toEqual({ notes: ['a'] })
  expect(await store.read('memory', written.name)).toEqual(latest)
})

test('an empty state is a state, and a kernel without snapshots has none', async () => {
  const { store } = await makeStore()
  expect(await store.latest('memory')).toBeUndefined()
  expect(await store.list('memory')).toEqual([])
  await store.write('memory', new Uint8Array(), meta)
  expect((await store.latest('memory'))?.state.byteLength).toBe(0)
})

test('files are readable by their owner only', async () => {
  const { root, store } = await makeStore()
  const { name } = await store.write('memory', serialize(1), meta)
  expect((await stat(join(root, 'memory', name))).mode & 0o777).toBe(0o600)
  expect((await stat(join(root, 'memory'))).mode & 0o777).toBe(0o700)
})

test('the newest are kept, exactly as many as asked for', async () => {
  const { store, time } = await makeStore()
  for (let n = 1; n <= 4; n += 1) {
    time.now += 1
    await store.write('memory', serialize(n), { ...meta, keep: 3 })
  }
  const states = await Promise.all(
    (await store.list('memory')).map(async (name) => (await store.read('memory', name)).state),
  )
  expect(states.map((state) => deserialize(state))).toEqual([2, 3, 4])
})

test('the order holds within one millisecond, across a restart and when the clock goes back', async () => {
  const { store, time, open } = await makeStore()
  await store.write('memory', serialize(1), meta)
  await store.write('memory', serialize(2), meta)
  time.now -= 3_600_000
  const reopened = open()
  await reopened.write('memory', serialize(3), meta)
  expect(deserialize((await reopened.latest('memory'))?.state ?? new Uint8Array())).toBe(3)
})

test('writes begun together are all kept and numbered one by one', async () => {
  const { store } = await makeStore()
  const written = await Promise.all([1, 2, 3, 4].map((n) => store.write('memory', serialize(n), meta)))
  expect(new Set(written.map(({ name }) => name)).size).toBe(4)
  expect(await store.list('memory')).toEqual(written.map(({ name }) => name))
})

test('a buffer may be used again while its state is still being written', async () => {
  const { store } = await makeStore()
  const state = new Uint8Array([1, 2, 3])
  const writing = store.write('memory', state, meta)
  state.fill(9)
  await writing
  expect([...((await store.latest('memory'))?.state ?? [])]).toEqual([1, 2, 3])
})

test('a state of the largest size is taken and one byte more is refused', async () => {
  const { store } = await makeStore()
  const most = limits.snapshotBytes
  // The page behind an untouched buffer is never filled, so this costs no memory.
  await expect(store.write('memory', new Uint8Array(most + 1), meta)).rejects.toMatchObject({
    code: 'SNAPSHOT_FAILED',
    kernel: 'memory',
    details: { bytes: most + 1, accepted: most },
  })
  expect(await store.list('memory')).toEqual([])
  expect(await store.write('memory', new Uint8Array(most), meta)).toMatchObject({ bytes: most })
  expect((await store.latest('memory'))?.state.byteLength).toBe(most)
})

test('a corrupt snapshot is set aside and reported once, and the one before it is used', async () => {
  const { root, store, events } = await makeStore()
  await store.write('memory', serialize('good'), meta)
  const { name } = await store.write('memory', serialize('bad'), meta)
  const path = join(root, 'memory', name)
  const file = await readFile(path)
  await writeFile(path, file.subarray(0, file.length - 1))
  expect(deserialize((await store.latest('memory'))?.state ?? new Uint8Array())).toBe('good')
  await store.latest('memory')
  expect(events).toMatchObject([{ type: 'snapshot.corrupt', kernel: 'memory', name, setAside: true }])
  expect(events[0]?.reason).toMatch(/^the state has \d+ bytes instead of \d+$/)
  expect(await readdir(join(root, 'memory'))).toContain(`${name}.corrupt`)
})

test('when every snapshot is corrupt there is none, and each is reported', async () => {
  const { root, store, events } = await makeStore()
  for (let n = 0; n < 3; n += 1) {
    const { name } = await store.write('memory', serialize(n), meta)
    await writeFile(join(root, 'memory', name), '')
  }
  expect(await store.latest('memory')).toBeUndefined()
  expect(events.map((event) => event.reason)).toEqual(Array(3).fill('the file is empty'))
})

test('a folder in the place of a snapshot is set aside like any other damage', async () => {
  const { root, store, events } = await makeStore()
  await store.write('memory', serialize('good'), meta)
  await mkdir(join(root, 'memory', '20261124T000000000Z-00000009.snap'))
  expect((await store.latest('memory'))?.name).toBe('20261124T000000000Z-00000001.snap')
  expect(events).toMatchObject([{ type: 'snapshot.corrupt', reason: 'it cannot be read: EISDIR' }])
})

test('reading a corrupt snapshot by its name says what is wrong, and one that is not there is not found', async () => {
  const { root, store } = await makeStore()
  const { name } = await store.write('memory', serialize(1), meta)
  await writeFile(join(root, 'memory', name), 'no header')
  await expect(store.read('memory', name)).rejects.toMatchObject({ code: 'SNAPSHOT_CORRUPT', details: { name } })
  await expect(store.read('memory', name)).rejects.toMatchObject({ code: 'NOT_FOUND', details: { name } })
})

test('a snapshot of another kernel is not taken for this one', async () => {
  const file = encodeSnapshot({ kernel: 'other', at: 1, ...meta }, serialize(1))
  expect(decodeSnapshot(file, 'memory')).toEqual({ ok: false, reason: 'it belongs to the kernel other' })
})

test('one changed byte anywhere in the file is seen', () => {
  const file = encodeSnapshot({ kernel: 'memory', at: 1, ...meta }, serialize({ notes: ['alpha', 'beta'] }))
  expect(decodeSnapshot(file, 'memory').ok).toBe(true)
  for (let index = 0; index < file.length; index += 1) {
    for (const flip of [0x01, 0x20, 0x80]) {
      const damaged = Uint8Array.from(file)
      damaged[index] = (damaged[index] ?? 0) ^ flip
      expect(decodeSnapshot(damaged, 'memory').ok, `byte ${index} ^ ${flip}`).toBe(false)
    }
  }
})

test('a file cut, lengthened or overwritten at any place is seen', () => {
  const file = Uint8Array.from(encodeSnapshot({ kernel: 'memory', at: 1, ...meta }, serialize('x'.repeat(200))))
  const place = fc.nat({ max: file.length - 1 })
  fc.assert(
    fc.property(place, fc.uint8Array({ minLength: 1, maxLength: 64 }), (at, bytes) => {
      expect(decodeSnapshot(file.subarray(0, at), 'memory').ok).toBe(false)
      expect(decodeSnapshot(Buffer.concat([file, bytes]), 'memory').ok).toBe(false)
      const overwritten = Uint8Array.from(file)
      overwritten.set(bytes.subarray(0, file.length - at), at)
      expect(decodeSnapshot(overwritten, 'memory').ok).toBe(Buffer.compare(overwritten, file) === 0)
    }),
  )
})

test('no bytes at all make the reader throw', () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => !decodeSnapshot(bytes, 'memory').ok))
  fc.assert(fc.property(fc.json(), (text) => !decodeSnapshot(Buffer.from(`${text}\n`), 'memory').ok))
})

test('what a killed process left half-written is never read, and swept at the next write', async () => {
  const { root, store, events } = await makeStore()
  const { name } = await store.write('memory', serialize('whole'), meta)
  await writeFile(join(root, 'memory', '20261124T000000000Z-00000002.snap.1234567'), 'half')
  expect((await store.latest('memory'))?.name).toBe(name)
  await store.write('memory', serialize('next'), meta)
  expect((await readdir(join(root, 'memory'))).filter((file) => !file.endsWith('.snap'))).toEqual([])
  expect(events).toEqual([])
})

test('a disk that refuses is an error with its cause, and the earlier snapshot is still there', async () => {
  const { root, store } = await makeStore()
  const { name } = await store.write('memory', serialize(1), meta)
  // A file in the place of the folder refuses the superuser too.
  await writeFile(join(root, 'blocked'), '')
  await expect(store.write('blocked', serialize(1), meta)).rejects.toMatchObject({ code: 'SNAPSHOT_FAILED' })
  expect(await store.list('memory')).toEqual([name])
})

test.each(['../x', '', 'constructor', 'A', 'a/b', '.', 'a\0'])('the kernel id %j reaches no file', async (id) => {
  const { store } = await makeStore()
  await expect(store.write(id, serialize(1), meta)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  await expect(store.latest(id)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
})

test.each(['../memory/x.snap', 'x', '', 'golden.json', '20261124T000000000Z-00000001.snap/../../x'])(
  'the snapshot name %j reaches no file',
  async (name) => {
    const { store } = await makeStore()
    await expect(store.read('memory', name)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  },
)
