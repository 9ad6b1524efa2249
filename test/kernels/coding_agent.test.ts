import { expect, test } from 'vitest'
import agent from '../../kernels/coding_agent/kernel.ts'
import { type StartOptions, startKernel } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(agent, { id: 'coding_agent', ...options })

const task = (id: string, priority = 10, kernel = 'memory_fusion') => ({
  ...{ task: id, type: 'fix_kernel_failure' as const, kernel, error: 'TypeError: no', priority },
  ...{ diagnostic_path: '/q/x', log: ['a line'], incident: 'inc_1' },
})
const ids = (tasks: { task: string }[]) => tasks.map((each) => each.task)

test('a task that the runtime names is queued once, however often it is named', async () => {
  const { ask, say } = await start()
  for (const _ of [1, 2, 3]) await say('coding_agent.task_create', task('t1'))
  expect(await ask.queue()).toMatchObject([{ ...task('t1'), status: 'open', from: 'runtime' }])
})

test('tasks are handed out by priority, then by age, each to one worker', async () => {
  const { ask, clock } = await start()
  for (const [id, priority] of [
    ['low', 1],
    ['old', 10],
    ['young', 10],
  ] as const) {
    clock.nowMs += 1
    await ask.add(task(id, priority))
  }
  expect(ids(await ask.queue())).toEqual(['old', 'young', 'low'])
  expect(await ask.claim('w1')).toMatchObject({ task: 'old', worker: 'w1', status: 'claimed' })
  expect(await ask.claim('w2')).toMatchObject({ task: 'young' })
  expect(await ask.claim('w1')).toMatchObject({ task: 'low' })
  expect(await ask.claim('w2')).toBeNull()
})

test('a task about the queue itself waits for a person, and a person can close it', async () => {
  const { ask, say, logged } = await start()
  await say('coding_agent.task_create', task('own', 10, 'coding_agent'))
  expect(await ask.claim('w1')).toBeNull()
  expect(await ask.stats()).toMatchObject({ 'waiting for a person': 1, open: 0 })
  expect(logged).toHaveLength(1)
  expect(await ask.complete('own', 'mended by hand')).toMatchObject({ status: 'closed' })
})

test('a worker that does not come back loses its task when the lease is over, and not before', async () => {
  const { ask, clock } = await start({ config: { leaseMs: 1000 } })
  await ask.add(task('t1'))
  await ask.claim('w1')
  clock.nowMs += 999
  expect(await ask.claim('w2')).toBeNull()
  clock.nowMs += 1
  expect(await ask.claim('w2')).toMatchObject({ task: 't1', worker: 'w2' })
})

test('what was done is told to the memory, once, whoever closes the task', async () => {
  const { ask, say, sent } = await start()
  await ask.add(task('t1'))
  await say('coding_agent.task_create', task('t2'))
  await ask.complete('t1', 'mended')
  await say('coding_agent.task_closed', { task: 't2', kernel: 'memory_fusion', outcome: 'given up' })
  await say('coding_agent.task_closed', { task: 't1', kernel: 'memory_fusion', outcome: 'mended' })
  await say('coding_agent.task_closed', { task: 'unknown', kernel: 'x', outcome: 'mended' })
  expect(sent.map((message) => [message.to, message.method, message.args[0]])).toEqual([
    ['memory_fusion', 'remember', 'task:t1'],
    ['memory_fusion', 'remember', 'task:t2'],
  ])
  expect(sent[0]?.args.slice(1)).toEqual([
    'fix_kernel_failure of memory_fusion: TypeError: no\nOutcome: mended',
    ['coding_task', 'memory_fusion'],
  ])
  await say('coding_agent.task_create', task('t2'))
  expect(await ask.queue(), 'a closed task does not come back').toEqual([])
})

test('of a thousand closed tasks the one that was closed first is forgotten first, however old it is', async () => {
  const { ask } = await start()
  await ask.add(task('oldest'))
  for (let n = 0; n < 1000; n++) {
    await ask.add(task(`t${n}`))
    await ask.complete(`t${n}`, 'mended')
  }
  await ask.complete('oldest', 'mended')
  expect(await ask.add(task('oldest'))).toMatchObject({ status: 'closed' })
  expect(await ask.add(task('t0'))).toMatchObject({ status: 'open' })
})

test('a successor keeps callers tasks and claims; what the runtime no longer names is not handed out', async () => {
  const first = await start()
  await first.ask.add(task('mine', 1))
  await first.say('coding_agent.task_create', task('claimed', 9))
  await first.ask.claim('w1')
  await first.say('coding_agent.task_create', task('still open', 8))
  await first.say('coding_agent.task_create', task('closed meanwhile', 7))
  const second = await start({ restored: await first.snapshot() })
  expect(await second.ask.stats()).toMatchObject({ open: 1, unconfirmed: 3 })
  await second.say('coding_agent.task_create', task('claimed', 9))
  await second.say('coding_agent.task_create', task('still open', 8))
  expect((await second.ask.queue()).map((each) => each.status)).toEqual(['claimed', 'open', 'unconfirmed', 'open'])
  expect(await second.ask.claim('w2')).toMatchObject({ task: 'still open' })
  expect(await second.ask.claim('w2')).toMatchObject({ task: 'mine' })
  expect(await second.ask.claim('w2')).toBeNull()
  const third = await start({ restored: await second.snapshot() })
  expect(ids(await third.ask.queue()), 'unnamed for a whole life').not.toContain('closed meanwhile')
})

test('a full queue refuses callers, and the runtime is not brought down by it', async () => {
  const { ask, say, logged } = await start({ config: { maxOpen: 1 } })
  await ask.add(task('t1'))
  expect(await ask.add(task('t1'))).toMatchObject({ task: 't1' })
  await expect(ask.add(task('t2'))).rejects.toMatchObject({ code: 'QUEUE_FULL' })
  await say('coding_agent.task_create', task('t3'))
  expect(logged).toHaveLength(1)
  await ask.complete('t1', 'done')
  expect(await ask.add(task('t2'))).toMatchObject({ status: 'open' })
})

test('the log of a task is cut to its last ten lines', async () => {
  const { ask } = await start()
  const lines = Array.from({ length: 12 }, (_, n) => `line ${n}`)
  expect((await ask.add({ ...task('t1'), log: lines })).log).toEqual(lines.slice(2))
})

test.each([
  [null],
  [{}],
  [{ ...task('t1'), task: '' }],
  [task('x'.repeat(151))],
  [{ ...task('t1'), kernel: 7 }],
  [{ ...task('t1'), error: undefined }],
  [{ ...task('t1'), priority: Number.NaN }],
  [{ ...task('t1'), log: 'a line' }],
])('a bad task is refused with a code, and leaves no trace: %j', async (bad) => {
  const { ask } = await start()
  await expect(ask.add(bad as never)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  expect(await ask.queue()).toEqual([])
})

test('closing what is not there, or twice, or without an outcome, is refused with a code', async () => {
  const { ask } = await start()
  await ask.add(task('t1'))
  await expect(ask.complete('t2', 'done')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(ask.complete('t1', '')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  await ask.complete('t1', 'done')
  await expect(ask.complete('t1', 'done')).rejects.toMatchObject({ code: 'TASK_CLOSED' })
})

test('a thousand closed tasks are remembered, the oldest go first', async () => {
  const { api } = await start()
  for (let n = 0; n < 1001; n++) {
    api.add(task(`t${n}`))
    api.complete(`t${n}`, 'done')
  }
  expect(api.stats()).toMatchObject({ closed: 1000 })
  expect(() => api.complete('t0', 'done')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
})

test('a bad configuration or state keeps it from starting', async () => {
  await expect(start({ config: { leaseMs: -1 } })).rejects.toThrow('config.leaseMs')
  await expect(start({ config: { maxOpen: 'many' } })).rejects.toThrow('config.maxOpen')
  await expect(start({ restored: {} })).rejects.toMatchObject({ code: 'STATE_INVALID' })
  await expect(start({ restored: [{ ...task('t1'), status: 'lost' }] })).rejects.toMatchObject({
    code: 'STATE_INVALID',
  })
})

test('a task that somebody has claimed at the runtime is handed to nobody, until it is let go or that claim is over', async () => {
  const { ask, say, clock } = await start()
  await say('coding_agent.task_create', task('t1'))
  await say('coding_agent.task_claimed', { task: 't1', kernel: 'memory_fusion', by: 'ada', until: clock.nowMs + 5000 })
  expect(await ask.queue()).toMatchObject([{ task: 't1', status: 'claimed', worker: 'ada' }])
  expect(await ask.claim('w1')).toBeNull()
  clock.nowMs += 5000
  expect(await ask.claim('w1')).toMatchObject({ task: 't1', worker: 'w1' })

  await say('coding_agent.task_create', task('t2'))
  await say('coding_agent.task_claimed', { task: 't2', kernel: 'memory_fusion', by: 'ada', until: clock.nowMs + 5000 })
  await say('coding_agent.task_released', { task: 't2', kernel: 'memory_fusion', by: 'ada' })
  expect(await ask.claim('w2')).toMatchObject({ task: 't2', worker: 'w2' })
  await say('coding_agent.task_claimed', { task: 'unknown', kernel: 'memory_fusion', by: 'ada', until: 1 })
})
