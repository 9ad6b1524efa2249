import { expect, test, vi } from 'vitest'
import imports from '../../kernels/imports/kernel.ts'
import { LazaretError } from '../../src/base/errors.ts'
import { type Answers, handlerFailed, type StartOptions, startKernel } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(imports, { id: 'imports', ...options })
const id = { id: 'code' }

/** Records that take everything but what `refuse` throws for. */
function recordsWith(refuse: (id: string) => void = () => {}) {
  const written: [kind: string, id: string, value: unknown][] = []
  const answers: Answers = {
    'records.put': (kind: string, key: string, value: unknown) => {
      refuse(key)
      written.push([kind, key, value])
      return { version: 1 }
    },
  }
  return { written, answers }
}

test('each row becomes a record, in order, with what the quotes held', async () => {
  const { written, answers } = recordsWith()
  const { ask } = await start({ answers })
  const text = '\ufeffcode,name\r\na,"one, two"\r\nb,"said ""so"""\r\nc,"over\ntwo lines"\r\n'
  expect(await ask.importCsv('ship', text, id)).toEqual({ rows: 3, refused: [], more: 0 })
  expect(written).toEqual([
    ['ship', 'a', { code: 'a', name: 'one, two' }],
    ['ship', 'b', { code: 'b', name: 'said "so"' }],
    ['ship', 'c', { code: 'c', name: 'over\ntwo lines' }],
  ])
  expect(await ask.stats()).toEqual({ imports: 1, rows: 3, refused: 0 })
})

test('a bad row is refused with its line, and the others are written', async () => {
  const { written, answers } = recordsWith()
  const { ask } = await start({ answers })
  const { rows, refused } = await ask.importCsv('ship', 'code,name\na,1\nb\nc,1,2\n ,x\n\na,again\nd,4\n', id)
  expect([rows, written.map((each) => each[1])]).toEqual([2, ['a', 'd']])
  expect(refused).toEqual([
    { line: 3, why: 'it has 1 fields, the header has 2' },
    { line: 4, why: 'it has 3 fields, the header has 2' },
    { line: 5, why: 'code must have 1 to 200 characters, and not only blanks' },
    { line: 7, why: 'code "a" stands on line 2 already' },
  ])
})

test.each(['a,"x"y', 'a,x"y', 'a,"xy'])('a quote in the wrong place (%s) refuses the text whole', async (line) => {
  const { ask, asked } = await start(recordsWith())
  const imported = ask.importCsv('ship', `code,name\nfirst,1\n${line}\nlast,2\n`, id)
  await expect(imported).rejects.toMatchObject({ code: 'CSV_INVALID', message: expect.stringContaining('line') })
  expect(asked).toEqual([])
})

test('a row that the records refuse costs the others nothing', async () => {
  const { written, answers } = recordsWith((key) => {
    if (key === 'b') throw handlerFailed('records', 'VALUE_INVALID', 'b is not wanted')
  })
  const { ask } = await start({ answers })
  expect(await ask.importCsv('ship', 'code\na\nb\nc\n', id)).toEqual({
    ...{ rows: 2, refused: [{ line: 3, why: 'not written: b is not wanted' }], more: 0 },
  })
  expect(written).toHaveLength(2)
})

test('when the records go away the import ends, and says of every row behind that it was not written', async () => {
  const { written, answers } = recordsWith((key) => {
    if (key === 'b') throw new LazaretError('KERNEL_DOWN', 'records crashed.', { kernel: 'records' })
  })
  const { ask, asked } = await start({ answers })
  const { rows, refused } = await ask.importCsv('ship', 'code\na\nb\nc\nd\n', id)
  expect([rows, written.length, asked.length], 'nobody is asked any more').toEqual([1, 1, 2])
  expect(refused.map((each) => each.line)).toEqual([3, 4, 5])
  expect(refused.every((each) => each.why === 'not written: records crashed.')).toBe(true)
})

test('an import that takes too long ends, and names what was not written', async () => {
  const { answers } = recordsWith(() => vi.advanceTimersByTime(40))
  vi.useFakeTimers({ toFake: ['performance'] })
  try {
    const { ask } = await start({ answers, config: { importMs: 100 } })
    const { rows, refused } = await ask.importCsv('ship', 'code\na\nb\nc\nd\ne\n', id)
    expect(rows).toBe(3)
    expect(refused.map((each) => each.line)).toEqual([5, 6])
    expect(refused[0]?.why).toBe('not written: the import took longer than 100 ms')
  } finally {
    vi.useRealTimers()
  }
})

test('a column may have the name of something inherited', async () => {
  const { written, answers } = recordsWith()
  const { ask } = await start({ answers })
  await ask.importCsv('ship', 'code,__proto__,constructor\na,1,2\n', id)
  expect(Object.entries(written[0]?.[2] ?? {})).toEqual([
    ['code', 'a'],
    ['__proto__', '1'],
    ['constructor', '2'],
  ])
})

test('a preview writes nothing', async () => {
  const { ask, asked } = await start()
  expect(await ask.preview('code,n\na,1\nb\n', id)).toEqual({
    ...{ rows: 1, more: 0, refused: [{ line: 3, why: 'it has 1 fields, the header has 2' }] },
    first: [{ line: 2, id: 'a', value: { code: 'a', n: '1' } }],
  })
  expect(asked).toEqual([])
})

test.each([
  ['ship', 7, id, 'INVALID_ARGUMENT'],
  ['ship', 'code\na\n', undefined, 'INVALID_ARGUMENT'],
  ['ship', 'code\na\n', { id: ' ' }, 'INVALID_ARGUMENT'],
  ['', 'code\na\n', id, 'INVALID_ARGUMENT'],
  ['ship', '', id, 'CSV_INVALID'],
  ['ship', 'name\na\n', id, 'CSV_INVALID'],
  ['ship', 'code,code\na,b\n', id, 'CSV_INVALID'],
  ['ship', 'code, \na,b\n', id, 'CSV_INVALID'],
  ['ship', `code${',x'.repeat(200)}\n`, id, 'CSV_INVALID'],
  ['ship', 'code\na\nb\nc\n', id, 'CSV_TOO_LARGE'],
  ['ship', `code\n${'ü'.repeat(1000)}\n`, id, 'CSV_TOO_LARGE'],
])('importCsv(%j, %j, %j) is refused whole, with the code %s', async (kind, text, options, code) => {
  const { ask, asked } = await start({ config: { maxRows: 2, maxBytes: 1500 }, ...recordsWith() })
  await expect(ask.importCsv(kind, text as string, options as { id: string })).rejects.toMatchObject({ code })
  expect(asked).toEqual([])
  expect(await ask.stats()).toMatchObject({ imports: 0 })
})

test('a successor goes on with the counts; a bad configuration or state keeps it from starting', async () => {
  const first = await start(recordsWith())
  await first.ask.importCsv('ship', 'code\na\n\u0020\n', id)
  const second = await start({ restored: await first.snapshot() })
  expect(await second.ask.stats()).toEqual({ imports: 1, rows: 1, refused: 1 })
  await expect(start({ config: { maxRows: 0 } })).rejects.toThrow('config.maxRows')
  await expect(start({ config: { askMs: 1.5 } })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  await expect(start({ restored: { imports: 'many' } })).rejects.toMatchObject({ code: 'STATE_INVALID' })
})
