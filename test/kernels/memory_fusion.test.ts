import { expect, test } from 'vitest'
import memory from '../../kernels/memory_fusion/kernel.ts'
import { type StartOptions, startKernel } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(memory, { id: 'memory_fusion', ...options })

test('the one note among 10,000 that has the word is found, and the index is there again after a restart', async () => {
  const first = await start()
  const words = ['harbour', 'anchor', 'cargo', 'signal', 'lantern', 'rope', 'tide', 'crew']
  for (let n = 0; n < 10_000; n++) {
    first.api.remember(`note ${n}`, `${words[n % 8]} ${words[(n >> 3) % 8]} berth number${n}`, [`dock${n % 50}`])
  }
  first.api.remember('needle', 'the quartermaster keeps the ledger')
  const restored = await first.snapshot()
  const second = await start({ restored })
  for (const { ask } of [first, second]) {
    expect(await ask.size()).toBe(10_001)
    expect((await ask.recall('quartermaster')).map((note) => note.id)).toEqual(['needle'])
    expect((await ask.recall('number4711'))[0]?.id).toBe('note 4711')
    expect(await ask.recall('anchor', 100)).toHaveLength(100)
    expect(await ask.recall('submarine')).toEqual([])
  }
  expect(await second.ask.recall('lantern rope', 20)).toEqual(await first.ask.recall('lantern rope', 20))
})

test('equally good notes come newest first', async () => {
  const { ask, clock } = await start()
  for (const id of ['b', 'a', 'c']) {
    clock.nowMs += id === 'c' ? 1 : 0
    await ask.remember(id, 'same words')
  }
  expect((await ask.recall('same')).map((note) => note.id)).toEqual(['c', 'a', 'b'])
})

test('the bus is told of each note', async () => {
  const { ask, sent, clock } = await start()
  await ask.remember('a', 'alpha', ['x', 'x'])
  expect(sent).toEqual([
    {
      ...{ to: 'message_bus', method: 'publish' },
      args: ['memory.remembered', { id: 'a', tags: ['x'], at: clock.nowMs }, 'memory_fusion'],
    },
  ])
})

test('a note that comes over the bus is remembered; other topics and bad notes are not', async () => {
  const { ask } = await start()
  await ask.onMessage('memory.note', { id: 'a', text: 'from afar' })
  await ask.onMessage('weather', { id: 'b', text: 'rain' })
  await expect(ask.onMessage('memory.note', { id: 'c', text: '' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(await ask.size()).toBe(1)
  expect((await ask.recall('afar'))[0]?.id).toBe('a')
})

test('a fused note says what it was made of, through two fusions, and takes the place of its parts', async () => {
  const { ask, clock } = await start()
  await ask.remember('a', 'alpha', ['x'])
  clock.nowMs += 1000
  await ask.remember('b', 'beta', ['x', 'y'])
  await ask.remember('c', 'alpha')
  const fused = await ask.fuse(['b', 'a'])
  expect(fused).toMatchObject({ text: 'alpha\n\nbeta', tags: ['x', 'y'], at: clock.nowMs })
  expect(fused.sources).toEqual([
    { id: 'a', at: clock.nowMs - 1000 },
    { id: 'b', at: clock.nowMs },
  ])
  const again = await ask.fuse([fused.id, 'c'])
  expect(again.sources?.map((source) => source.id)).toEqual(['c', 'a', 'b'])
  expect(await ask.size()).toBe(1)
  const restarted = await start({ restored: [again] })
  expect(await restarted.ask.get(again.id)).toEqual(again)
})

test('a fusion that is refused gives nothing up', async () => {
  const { ask } = await start()
  await ask.remember('a', 'x'.repeat(40_000))
  await ask.remember('b', 'y'.repeat(40_000))
  await expect(ask.fuse(['a', 'b']), 'the text would be too long').rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(ask.fuse(['a', 'nobody'])).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(ask.fuse(['a', 'a'])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await expect(ask.fuse('ab' as unknown as string[])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(await ask.size()).toBe(2)
})

test('the limit of notes holds: replacing is possible, one more is not', async () => {
  const { ask } = await start({ config: { maxNotes: 2 } })
  await ask.remember('a', 'alpha')
  await ask.remember('b', 'beta')
  expect(await ask.remember('a', 'gamma')).toEqual({ id: 'a', replaced: true })
  await expect(ask.remember('c', 'delta')).rejects.toMatchObject({ code: 'MEMORY_FULL' })
  await ask.forget('b')
  expect(await ask.remember('c', 'delta')).toEqual({ id: 'c', replaced: false })
})

test.each([
  [[undefined, 'x']],
  [['a', 7]],
  [['a', ' ']],
  [['a', 'x'.repeat(65_537)]],
  [['x'.repeat(201), 'x']],
  [['a', 'x', 'tag']],
  [['a', 'x', [1]]],
  [['a', 'x', new Array(33).fill('t')]],
])('a bad note is refused with a code, and leaves no trace', async (args) => {
  const { ask, sent } = await start()
  await expect(ask.remember(...(args as [string, string]))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(await ask.size()).toBe(0)
  expect(sent).toEqual([])
})

test('the longest note is taken', async () => {
  const { ask } = await start()
  await ask.remember('x'.repeat(200), 'y'.repeat(65_536), new Array(32).fill('t'))
  expect(await ask.size()).toBe(1)
})

test.each([
  ['', 1],
  ['x'.repeat(1001), 1],
  ['a', 0],
  ['a', 101],
  ['a', 1.5],
])('recall(%j, %d) is refused', async (query, limit) => {
  const { ask } = await start()
  await expect(ask.recall(query, limit)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
})

test('a bad configuration or state keeps it from starting', async () => {
  await expect(start({ config: { maxNotes: 0 } })).rejects.toThrow('config.maxNotes')
  await expect(start({ restored: { notes: [] } })).rejects.toMatchObject({ code: 'STATE_INVALID' })
  await expect(start({ restored: [{ id: 'a', text: null, tags: [], at: 1 }] })).rejects.toThrow()
  await expect(start({ restored: [{ id: 'a', text: 'x', tags: [] }] })).rejects.toMatchObject({ code: 'STATE_INVALID' })
})
