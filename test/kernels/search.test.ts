import { expect, test } from 'vitest'
import search from '../../kernels/search/kernel.ts'
import { type Answers, type StartOptions, startKernel } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(search, { id: 'search', ...options })
const changed = (id: string, more = {}) => ['record.changed', { kind: 'ship', id, version: 1, ...more }] as const
const ids = (hits: { id: string }[]) => hits.map((hit) => hit.id)

/** Records by `kind/id`. */
function recordsOf(values: Record<string, unknown>): Answers {
  return {
    'records.get': (kind: string, id: string) => {
      const value = values[`${kind}/${id}`]
      return value === undefined ? null : { value, version: 1, at: 1 }
    },
  }
}

test('a record that changed is asked for and found by every text and number in it, until it is removed', async () => {
  const value = { name: 'Aurora', cargo: [{ what: 'timber', tons: 4711 }], open: true, none: null }
  const { ask, asked } = await start({ answers: recordsOf({ 'ship/1': value }) })
  await ask.onMessage(...changed('1'))
  expect(asked).toEqual([{ to: 'records', method: 'get', args: ['ship', '1'] }])
  for (const query of ['aurora', 'timber', '4711', 'ship'])
    expect(ids(await ask.recall(query)), query).toEqual(['ship/1'])
  expect(await ask.recall('cargo'), 'the names of keys are not its text').toEqual([])
  await ask.onMessage(...changed('1', { removed: true }))
  expect(await ask.size()).toBe(0)
})

test('a record that is gone by the time it is asked for, or has no text, is not found any more', async () => {
  const values: Record<string, unknown> = { 'ship/1': 'Aurora', 'ship/2': 'Borealis' }
  const { ask } = await start({ answers: recordsOf(values) })
  await ask.onMessage(...changed('1'))
  await ask.onMessage(...changed('2'))
  delete values['ship/1']
  values['ship/2'] = { empty: true }
  await ask.onMessage(...changed('1'))
  await ask.onMessage(...changed('2'))
  expect(await ask.size()).toBe(0)
})

test('records that do not answer are asked again, over a restart too, and only until one fails once more', async () => {
  const first = await start()
  await first.ask.onMessage(...changed('1'))
  await first.ask.onMessage(...changed('2'))
  await first.ask.onMessage(...changed('3'))
  await first.ask.onMessage(...changed('3', { removed: true }))
  expect(first.logged).toHaveLength(3)
  expect(await first.ask.catchUp()).toEqual({ indexed: 0, left: 2 })
  expect(first.asked, 'the first failure ended it').toHaveLength(4)
  const answers = recordsOf({ 'ship/1': 'Aurora', 'ship/2': 'Borealis' })
  const second = await start({ restored: await first.snapshot(), answers })
  expect(await second.ask.catchUp()).toEqual({ indexed: 2, left: 0 })
  expect(ids(await second.ask.recall('borealis'))).toEqual(['ship/2'])
  expect(await second.ask.catchUp()).toEqual({ indexed: 0, left: 0 })
})

test('the one document among 10,000 that has the word is found, and after a restart too', async () => {
  const first = await start()
  for (let n = 0; n < 10_000; n++) first.api.index(`d${n}`, `berth number${n} harbour`)
  first.api.index('needle', 'the quartermaster keeps the ledger')
  const second = await start({ restored: await first.snapshot() })
  for (const { ask } of [first, second]) {
    expect(ids(await ask.recall('quartermaster'))).toEqual(['needle'])
    expect(await ask.recall('harbour', 100)).toHaveLength(100)
  }
  expect(await second.ask.recall('harbour', 5)).toEqual(await first.ask.recall('harbour', 5))
})

test('the limit of documents holds; a record beyond it waits until there is room', async () => {
  const { ask } = await start({ config: { maxDocuments: 1 }, answers: recordsOf({ 'ship/1': 'Aurora' }) })
  await ask.index('a', 'alpha')
  await expect(ask.index('b', 'beta')).rejects.toMatchObject({ code: 'INDEX_FULL' })
  expect(await ask.index('a', 'gamma')).toEqual({ id: 'a', replaced: true })
  await ask.onMessage(...changed('1'))
  expect(await ask.catchUp()).toEqual({ indexed: 0, left: 1 })
  await ask.drop('a')
  expect(await ask.catchUp()).toEqual({ indexed: 1, left: 0 })
})

test('a very long record is indexed by its beginning', async () => {
  const { ask } = await start({ answers: recordsOf({ 'ship/1': ['first', 'x'.repeat(70_000), 'last'] }) })
  await ask.onMessage(...changed('1'))
  expect(ids(await ask.recall('first'))).toEqual(['ship/1'])
  expect((await ask.recall('first'))[0]?.text).toHaveLength(65_536)
})

test.each([
  [['', 'x']],
  [['a', ' ']],
  [['a', 'x'.repeat(65_537)]],
  [['a', 'x', 'tag']],
  [['a', 'x', new Array(33).fill('t')]],
  [[undefined, 'x']],
])('a bad document is refused with a code, and leaves no trace', async (args) => {
  const { ask } = await start()
  await expect(ask.index(...(args as [string, string]))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(await ask.size()).toBe(0)
})

test.each([[null], [7], [{ kind: 'ship' }], [{ kind: '', id: '1' }]])(
  'bad news is refused with a code: %j',
  async (news) => {
    const { ask } = await start()
    await expect(ask.onMessage('record.changed', news)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  },
)

test('a bad configuration or state keeps it from starting', async () => {
  await expect(start({ config: { maxDocuments: 0 } })).rejects.toThrow('config.maxDocuments')
  await expect(start({ config: { askMs: 'soon' } })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  for (const restored of [
    { documents: {} },
    { documents: [null], pending: [] },
    { documents: [], pending: [{ id: '1' }] },
  ]) {
    await expect(start({ restored })).rejects.toMatchObject({ code: 'STATE_INVALID' })
  }
})
