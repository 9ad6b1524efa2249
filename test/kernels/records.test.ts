import { expect, test } from 'vitest'
import records from '../../kernels/records/kernel.ts'
import { type StartOptions, startKernel } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(records, { id: 'records', ...options })

test('of two writers that read the same version only one writes', async () => {
  const { ask, clock } = await start()
  const { version } = await ask.put('order', 'a', { total: 1 })
  expect(await ask.put('order', 'a', { total: 2 }, version)).toEqual({ version: 2 })
  await expect(ask.put('order', 'a', { total: 3 }, version)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' })
  await expect(ask.put('order', 'a', { total: 3 }, 0)).rejects.toThrow('has version 2; expected was version 0')
  await expect(ask.put('order', 'b', { total: 3 }, 1)).rejects.toThrow('is not there')
  expect(await ask.get('order', 'a')).toEqual({ value: { total: 2 }, version: 2, at: clock.nowMs })
})

test('a version is not given twice, though the record was removed and the kernel restarted in between', async () => {
  const first = await start()
  for (const value of [1, 2, 3]) await first.ask.put('order', 'a', value)
  await first.ask.remove('order', 'a')
  const second = await start({ restored: await first.snapshot() })
  expect(await second.ask.put('order', 'a', 4, 0)).toEqual({ version: 4 })
  await expect(second.ask.put('order', 'a', 5, 3)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' })
})

test('the bus is told of each change, and of nothing that was refused', async () => {
  const { ask, sent } = await start()
  await ask.put('order', 'a', 1)
  await ask.put('order', 'a', 2)
  await expect(ask.put('order', 'a', 3, 1)).rejects.toThrow()
  await ask.remove('order', 'a')
  await ask.remove('order', 'a')
  expect(sent.map((each) => [each.to, each.method, ...each.args])).toEqual([
    ['message_bus', 'publish', 'record.changed', { kind: 'order', id: 'a', version: 1 }, 'records'],
    ['message_bus', 'publish', 'record.changed', { kind: 'order', id: 'a', version: 2 }, 'records'],
    ['message_bus', 'publish', 'record.changed', { kind: 'order', id: 'a', version: 2, removed: true }, 'records'],
  ])
})

test('2,500 records are listed page by page, each once, while others come and go', async () => {
  const { api } = await start()
  const name = (n: number) => `r${String(n).padStart(5, '0')}`
  for (let n = 2499; n >= 0; n--) api.put('order', name(n), n)
  const seen: string[] = []
  for (let after = ''; ; ) {
    const page = api.list('order', after, 1000)
    seen.push(...page.map((each) => each.id))
    const last = page.at(-1)
    if (last === undefined) break
    after = last.id
    api.remove('order', name(3))
    api.put('order', 'a new one before the place', 1)
  }
  expect(seen).toEqual(Array.from({ length: 2500 }, (_, n) => name(n)))
  expect(api.list('order')).toHaveLength(100)
  expect(api.list('nothing')).toEqual([])
})

test('a successor has the very same records', async () => {
  const first = await start()
  await first.ask.put('order', 'a', { lines: [{ n: 1 }, null, 'x'] })
  await first.ask.put('__proto__', 'constructor', 'a name like any other')
  const second = await start({ restored: await first.snapshot() })
  for (const [kind, id] of [
    ['order', 'a'],
    ['__proto__', 'constructor'],
  ] as const) {
    expect(await second.ask.get(kind, id)).toEqual(await first.ask.get(kind, id))
  }
  expect(await second.snapshot()).toEqual(await first.snapshot())
  expect(second.sent, 'a restore is no change').toEqual([])
})

test('the limit of records holds: changing is possible, one more is not', async () => {
  const { ask } = await start({ config: { maxRecords: 2 } })
  await ask.put('x', 'a', 1)
  await ask.put('y', 'a', 1)
  expect(await ask.put('x', 'a', 2)).toEqual({ version: 2 })
  await expect(ask.put('z', 'a', 1)).rejects.toMatchObject({ code: 'RECORDS_FULL' })
  await ask.remove('y', 'a')
  expect((await ask.put('z', 'a', 1)).version).toBe(2)
})

test('the limit of characters counts what is there now', async () => {
  const { ask } = await start({ config: { maxChars: 20 } })
  await ask.put('x', 'a', 'twelve chars')
  await expect(ask.put('x', 'b', '12345')).rejects.toMatchObject({ code: 'RECORDS_FULL' })
  expect(await ask.get('x', 'b')).toBeNull()
  await ask.put('x', 'a', 'short')
  await ask.put('x', 'b', '12345')
  await ask.remove('x', 'a')
  await ask.put('x', 'c', '12345678')
  expect(await ask.count()).toBe(2)
})

const cycle: { self?: unknown } = {}
cycle.self = cycle
test.each([
  ['', 'a', 1],
  ['x'.repeat(65), 'a', 1],
  [7, 'a', 1],
  ['x', ' ', 1],
  ['x', 'x'.repeat(201), 1],
  ['x', 'a', undefined],
  ['x', 'a', 1n],
  ['x', 'a', Number.NaN],
  ['x', 'a', cycle],
  ['x', 'a', new Date(0)],
  ['x', 'a', new Map([[1, 2]])],
  ['x', 'a', 'y'.repeat(65_535)],
  ['x', 'a', 1, -1],
  ['x', 'a', 1, '1'],
])('a bad record is refused with a code, and leaves no trace: %s', async (...args) => {
  const { ask, sent } = await start()
  await expect(ask.put(...(args as [string, string, unknown, number]))).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
  expect([await ask.count(), sent]).toEqual([0, []])
})

test('a bad question is refused with a code', async () => {
  const { ask } = await start()
  for (const question of [
    ask.list('x', '', 1001),
    ask.list('x', '', 1.5),
    ask.list('x', 7 as unknown as string),
    ask.get('x', null as unknown as string),
    ask.remove(undefined as unknown as string, 'a'),
    ask.count(7 as unknown as string),
  ]) {
    await expect(question).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  }
})

test('the longest record is taken', async () => {
  const { ask } = await start()
  expect(await ask.put('k'.repeat(64), 'i'.repeat(200), 'v'.repeat(65_534))).toEqual({ version: 1 })
})

const record = { kind: 'x', id: 'a', value: 1, version: 1, at: 1 }
test.each([
  [[]],
  [null],
  [{ floor: -1, records: [] }],
  [{ floor: 0, records: {} }],
  [{ floor: 0, records: [null] }],
  [{ floor: 0, records: [{ ...record, version: 0 }] }],
  [{ floor: 0, records: [{ ...record, value: undefined }] }],
  [{ floor: 0, records: [{ ...record, at: 'noon' }] }],
  [{ floor: 0, records: [record, record] }],
])('a damaged state keeps it from starting: %j', async (restored) => {
  await expect(start({ restored })).rejects.toMatchObject({ code: 'STATE_INVALID' })
})

test('a bad configuration keeps it from starting', async () => {
  for (const config of [{ maxRecords: 0 }, { maxRecords: 'many' }, { maxChars: 1.5 }]) {
    await expect(start({ config })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  }
})
