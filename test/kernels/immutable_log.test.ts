import fs from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import kernel from '../../kernels/immutable_log/kernel.ts'
import { type StartOptions, startKernel, temporaryFolder } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(kernel, { id: 'immutable_log', ...options })
const small = { segmentBytes: 1024 }

/** A stopped log with `count` entries in segments of 1 KB (about four records each). */
async function written(count: number) {
  const dataDir = temporaryFolder()
  const log = await start({ dataDir, config: small })
  for (let n = 0; n < count; n++) await log.ask.append({ n })
  const restored = await log.snapshot()
  await log.stop()
  return { dataDir, restored, files: files(dataDir) }
}

function files(dataDir: string): string[] {
  return fs.readdirSync(dataDir).sort()
}

/** The contents of the intact entries, in order. */
async function readAll(log: Awaited<ReturnType<typeof start>>): Promise<unknown[]> {
  const records = await log.ask.read(0, 1000)
  return records.filter((record) => record.kind === 'entry').map((record) => (record.entry as { n: number }).n)
}

function flipByte(file: string, at: number): void {
  const bytes = fs.readFileSync(file)
  bytes.writeUInt8((bytes.at(at) ?? 0) ^ 1, at < 0 ? bytes.length + at : at)
  fs.writeFileSync(file, bytes)
}

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, place) => from + place)

test('entries are read back in order over many segments and restarts, and all of it verifies', async () => {
  const { dataDir, restored, files: before } = await written(40)
  expect(before.length).toBeGreaterThan(5)
  const log = await start({ dataDir, restored, config: small })
  expect(await readAll(log)).toEqual(numbers(0, 39))
  expect(await log.ask.append({ n: 40 })).toMatchObject({ index: 40 })
  expect(await log.ask.verify()).toEqual({ ok: true, entries: 41, breaks: 0 })
  expect((await log.ask.read(17, 2)).map((record) => record.index)).toEqual([17, 18])
  expect(await log.ask.read(41, 1)).toEqual([])
})

test('an empty log has a head of index -1', async () => {
  const { ask } = await start()
  expect(await ask.head()).toEqual({ index: -1, hash: '0'.repeat(64) })
  expect(await ask.verify()).toEqual({ ok: true, entries: 0, breaks: 0 })
  expect(await ask.read(0, 1)).toEqual([])
})

test('a torn last line is a break that is stated; what stood before it stays readable', async () => {
  const { dataDir, restored, files: before } = await written(6)
  const last = join(dataDir, before.at(-1) ?? '')
  fs.truncateSync(last, fs.statSync(last).size - 10)
  const torn = fs.readFileSync(last)

  const log = await start({ dataDir, restored, config: small })
  expect(await readAll(log)).toEqual(numbers(0, 4))
  const [statement] = await log.ask.read(5, 10)
  expect(statement).toMatchObject({ index: 6, kind: 'break' })
  expect(statement?.entry).toMatchObject({
    reason: 'the last line is torn',
    lastGood: { index: 4, hash: (await log.ask.read(4, 1))[0]?.hash },
    ...{ lostFrom: 5, lostTo: 5 },
  })
  const aside = files(dataDir).filter((file) => file.includes('.damaged-'))
  expect(aside).toHaveLength(1)
  expect(statement?.entry).toMatchObject({ files: aside })
  expect(fs.readFileSync(join(dataDir, aside[0] ?? '')), 'nothing is deleted').toEqual(torn)
  expect(await log.ask.append({ n: 6 })).toMatchObject({ index: 7 })
  expect(await log.ask.verify()).toEqual({ ok: true, entries: 7, breaks: 1 })
  expect(log.logged).toHaveLength(1)
})

test('a break is stated once, however often the log is started', async () => {
  const { dataDir, restored, files: before } = await written(6)
  fs.appendFileSync(join(dataDir, before.at(-1) ?? ''), '{"half":')
  for (const _ of [1, 2, 3]) {
    const log = await start({ dataDir, restored, config: small })
    expect(await log.ask.verify()).toMatchObject({ ok: true, breaks: 1, entries: 7 })
    await log.stop()
  }
})

test.each([0, 5, 200, -1, -5])('a changed byte (at %i) in the last segment ends what is readable of it', async (at) => {
  const { dataDir, restored, files: before } = await written(40)
  flipByte(join(dataDir, before.at(-1) ?? ''), at)
  const log = await start({ dataDir, restored, config: small })
  expect(await log.ask.verify()).toMatchObject({ ok: true, breaks: 1 })
  const entries = await readAll(log)
  expect(entries).toEqual(numbers(0, entries.length - 1))
  expect(entries.length).toBeLessThan(40)
  const { index } = await log.ask.append('next')
  expect(index, 'an index that was given out is not given out again').toBeGreaterThan(40)
})

test('a changed byte in the middle loses the rest of that segment only', async () => {
  const { dataDir, restored, files: before } = await written(40)
  const victim = before[2] ?? ''
  flipByte(join(dataDir, victim), 10)
  const log = await start({ dataDir, restored, config: small })
  const first = Number(victim.slice(7, 19))
  const after = Number(before[3]?.slice(7, 19))
  expect(await readAll(log)).toEqual([...numbers(0, first - 1), ...numbers(after, 39)])
  const [statement] = await log.ask.read(40, 1)
  expect(statement).toMatchObject({ kind: 'break', entry: { lostFrom: first, lostTo: after - 1 } })
  expect(files(dataDir)).toContain(`${victim}.damaged-20270115T080000000Z`)
  expect(await log.ask.verify()).toMatchObject({ ok: true, breaks: 1 })
})

test('two damaged segments, one after the other, are one break', async () => {
  const { dataDir, restored, files: before } = await written(40)
  for (const file of before.slice(2, 4)) flipByte(join(dataDir, file), 10)
  const log = await start({ dataDir, restored, config: small })
  const [statement] = await log.ask.read(40, 1)
  expect(statement?.entry).toMatchObject({ files: before.slice(2, 4).map((file) => expect.stringContaining(file)) })
  expect(await log.ask.verify()).toMatchObject({ ok: true, breaks: 1 })
})

test.each(['first', 'middle', 'last'])(
  'the %s segment is deleted: the break is stated, the rest is readable',
  async (which) => {
    const { dataDir, restored, files: before } = await written(40)
    const place = { first: 0, middle: 3, last: before.length - 1 }[which] ?? 0
    const from = Number(before[place]?.slice(7, 19))
    const to = place + 1 < before.length ? Number(before[place + 1]?.slice(7, 19)) - 1 : 39
    fs.rmSync(join(dataDir, before[place] ?? ''))
    for (const _ of ['at once', 'after one more start']) {
      const log = await start({ dataDir, restored, config: small })
      expect(await readAll(log)).toEqual([...numbers(0, from - 1), ...numbers(to + 1, 39)])
      const breaks = (await log.ask.read(0, 1000)).filter((record) => record.kind === 'break')
      expect(breaks.map((record) => record.entry)).toEqual([expect.objectContaining({ lostFrom: from, lostTo: to })])
      expect(await log.ask.verify()).toMatchObject({ ok: true, breaks: 1 })
      await log.stop()
    }
  },
)

test('a whole folder that is gone is noticed by the head that the snapshot kept', async () => {
  const { restored } = await written(5)
  const log = await start({ restored, config: small })
  expect(await log.ask.read(0, 10)).toMatchObject([{ index: 5, kind: 'break', entry: { lostFrom: 0, lostTo: 4 } }])
})

test('a log that was rewritten, hashes and all, is noticed by the head that the snapshot kept', async () => {
  const { restored } = await written(3)
  const forged = await start({ config: small })
  for (let n = 0; n < 3; n++) await forged.ask.append({ n: -n })
  await forged.stop()
  const log = await start({ dataDir: forged.dataDir, restored, config: small })
  expect(await log.ask.read(3, 1)).toMatchObject([{ kind: 'break', entry: { reason: 'the log was rewritten' } }])
})

test('damage under a running log: verify says where, read refuses, the next start sets it aside', async () => {
  const { dataDir, restored, files: before } = await written(40)
  const log = await start({ dataDir, restored, config: small })
  flipByte(join(dataDir, before[1] ?? ''), 10)
  const first = Number(before[1]?.slice(7, 19))
  expect(await log.ask.verify()).toMatchObject({ ok: false, brokenAt: first })
  expect(await log.ask.read(0, 40), 'what is intact before it').toHaveLength(first)
  await expect(log.ask.read(first, 1)).rejects.toMatchObject({ code: 'LOG_DAMAGED' })
  const rest = Number(before[2]?.slice(7, 19))
  expect(await log.ask.read(rest, 2), 'what is intact after it').toHaveLength(2)
  fs.truncateSync(join(dataDir, before.at(-1) ?? ''), 0)
  expect(await log.ask.verify()).toMatchObject({ ok: false, brokenAt: first })
})

test('at start the newest 16 segments are verified whole; verify reads them all', async () => {
  const { dataDir, restored, files: before } = await written(80)
  expect(before.length).toBeGreaterThan(17)
  flipByte(join(dataDir, before[0] ?? ''), 10)
  const log = await start({ dataDir, restored, config: small })
  expect(log.logged).toEqual([])
  expect(await log.ask.verify()).toMatchObject({ ok: false, brokenAt: 0 })
  await log.stop()
  flipByte(join(dataDir, before.at(-16) ?? ''), 10)
  expect((await start({ dataDir, restored, config: small })).logged).toHaveLength(1)
})

test('a crash between the setting aside and the statement is made good by the next start', async () => {
  const { dataDir, restored, files: before } = await written(6)
  const last = join(dataDir, before.at(-1) ?? '')
  flipByte(last, -2)
  fs.renameSync(last, `${last}.damaged-x`)
  fs.writeFileSync(join(dataDir, '000009-000000000006.jsonl'), '')
  const log = await start({ dataDir, restored, config: small })
  expect(await log.ask.verify()).toMatchObject({ ok: true, breaks: 1 })
})

test('an entry that is no JSON value, or too large, is refused with a code and leaves no trace', async () => {
  const { dataDir, restored } = await written(1)
  const log = await start({ dataDir, restored })
  const circle: Record<string, unknown> = {}
  circle.self = circle
  let deep: unknown = 0
  for (let level = 0; level < 64; level++) deep = [deep]
  for (const entry of [circle, [deep], undefined, 1n, () => 1, new Map(), [undefined], Number.POSITIVE_INFINITY]) {
    expect(() => log.api.append(entry)).toThrow(expect.objectContaining({ code: 'ENTRY_INVALID' }))
  }
  expect(() => log.api.append('x'.repeat(65_536))).toThrow(expect.objectContaining({ code: 'ENTRY_TOO_LARGE' }))
  expect(await log.ask.append({ kept: 1, left: undefined })).toMatchObject({ index: 1 })
  expect((await log.ask.read(1, 1))[0]?.entry).toEqual({ kept: 1 })
  for (const [from, count] of [
    [-1, 1],
    [0, 0],
    [0, 1001],
    [0.5, 1],
    ['0', 1],
  ] as [number, number][]) {
    await expect(log.ask.read(from, count)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  }
  expect(await log.ask.verify()).toMatchObject({ ok: true, entries: 2 })
})

test('a full disk is an error of the caller; the half line is taken back, and the log goes on', async () => {
  const { dataDir } = await written(2)
  const log = await start({ dataDir, config: small })
  const real = fs.writeSync
  const full = vi
    .spyOn(fs, 'writeSync')
    .mockImplementationOnce(((fd: number, bytes: Buffer, from: number, _: number, at: number) =>
      real(fd, bytes, from, 20, at)) as typeof fs.writeSync)
  full.mockImplementationOnce(() => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  })
  await expect(log.ask.append({ n: 'lost' })).rejects.toMatchObject({ code: 'ENOSPC' })
  full.mockRestore()
  expect(await log.ask.verify()).toMatchObject({ ok: true, entries: 2 })
  expect(await log.ask.append({ n: 2 })).toMatchObject({ index: 2 })
  expect(await readAll(log)).toEqual([0, 1, 2])
})

test('every segment is opened so that a write returns when its bytes are on the disk', async () => {
  const open = vi.spyOn(fs, 'openSync')
  onTestFinished(() => open.mockRestore())
  const { dataDir, restored } = await written(10)
  await start({ dataDir, restored, config: small })
  const flags = open.mock.calls.filter(([path]) => String(path).endsWith('.jsonl')).map(([, flag]) => Number(flag))
  expect(flags.length).toBeGreaterThan(3)
  for (const flag of flags) expect(flag & fs.constants.O_DSYNC).toBe(fs.constants.O_DSYNC)
})

test('keys in any order, strange keys and strange texts make one record and come back as they were', async () => {
  const log = await start()
  const entry = JSON.parse('{"__proto__":1,"b":[{"z":-0,"a":1e21}],"a":"\\ud800\\u0000\\n\\u2028 ü 🚢","":{}}')
  await log.ask.append(entry)
  expect((await log.ask.read(0, 1))[0]?.entry).toEqual(JSON.parse(JSON.stringify(entry)))
  expect(await log.ask.verify()).toMatchObject({ ok: true })
})

test('a bad configuration or state keeps it from starting', async () => {
  await expect(start({ config: { segmentBytes: 1023 } })).rejects.toThrow('config.segmentBytes')
  await expect(start({ config: { segmentBytes: '1 MB' } })).rejects.toThrow("Got: '1 MB'")
  await expect(start({ restored: { index: 'five' } })).rejects.toMatchObject({ code: 'STATE_INVALID' })
})

test('damage that is done while it runs is stated within verifyEveryMs, once, and the log goes on', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const log = await start({ config: { ...small, verifyEveryMs: 1000 } })
  for (let n = 0; n < 20; n++) await log.ask.append({ n })
  vi.advanceTimersByTime(1000)
  expect(log.logged).toEqual([])
  flipByte(join(log.dataDir, files(log.dataDir).at(-1) ?? ''), 5)
  vi.advanceTimersByTime(999)
  expect(log.logged).toEqual([])
  vi.advanceTimersByTime(1)
  expect(log.logged).toHaveLength(1)
  expect(files(log.dataDir).filter((file) => file.includes('.damaged-'))).toHaveLength(1)
  for (let n = 20; n < 40; n++) {
    expect((await log.ask.append({ n })).index).toBe(n + 1)
    vi.advanceTimersByTime(1000)
  }
  expect(log.logged).toHaveLength(1)
  expect(await log.ask.verify()).toMatchObject({ ok: true, breaks: 1 })
  const entries = await readAll(log)
  expect(entries.slice(-20)).toEqual(numbers(20, 39))
  // And the next start has nothing to add.
  const restored = await log.snapshot()
  await log.stop()
  const later = await start({ dataDir: log.dataDir, restored, config: small })
  expect(later.logged).toEqual([])
  expect(await readAll(later)).toEqual(entries)
})

test('a segment that is deleted under the log is missed while it runs', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const log = await start({ config: { ...small, verifyEveryMs: 1000 } })
  for (let n = 0; n < 20; n++) await log.ask.append({ n })
  fs.rmSync(join(log.dataDir, files(log.dataDir).at(-1) ?? ''))
  vi.advanceTimersByTime(1000)
  expect(log.logged).toHaveLength(1)
  await log.ask.append({ n: 20 })
  expect(await log.ask.verify()).toMatchObject({ ok: true })
  expect((await readAll(log)).at(-1)).toBe(20)
  await log.stop()
  expect(vi.getTimerCount()).toBe(0)
})

test.each([0, 9, 1.5, '60000'])(
  'config.verifyEveryMs %j is refused, and what is accepted is said',
  async (verifyEveryMs) => {
    await expect(start({ config: { verifyEveryMs } })).rejects.toThrow(
      `config.verifyEveryMs must be a whole number from 10 to 2147483647. Got: ${inspect(verifyEveryMs)}`,
    )
  },
)
