import { expect, test } from 'vitest'
import { proofLineNames } from '../../src/base/remedy.ts'
import { climb, misspell, notesKernel } from './ladder.ts'

const observer = `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({
  async start(ctx) {
    const seen = []
    ctx.bus.on('system.degraded_mode', (mode) => seen.push(mode))
    return { api: { seen: () => seen } }
  },
})
`

test('kernels on the bus hear of the degraded mode, and a new subscriber first hears what holds now', async () => {
  await using ladder = await climb({
    kernels: [{ id: 'notes' }, { id: 'observer', entry: './observer.ts' }],
    files: { 'kernel.ts': notesKernel, 'observer.ts': observer },
  })
  const observed = () => ladder.runtime.ref('observer').ask.seen?.()
  expect(await observed()).toEqual([{ enabled: false, disabled_kernels: [] }])
  await ladder.runtime.kernel('notes').quarantine()
  await ladder.runtime.kernel('observer').restart()
  expect(await observed()).toEqual([{ enabled: true, disabled_kernels: ['notes'] }])
  await ladder.runtime.kernel('notes').rejoin()
  expect(await observed()).toEqual([
    { enabled: true, disabled_kernels: ['notes'] },
    { enabled: false, disabled_kernels: [] },
  ])
})

test('a regression is repaired in the sandbox and the kernel rejoins on probation, then is steady', async () => {
  await using ladder = await climb()
  const notes = ladder.runtime.ref('notes').with({ deadlineMs: 15_000 })
  await notes.ask.put?.('a', 'alpha')
  await ladder.until('snapshot.golden')
  ladder.edit('kernel.ts', misspell)
  await ladder.runtime.kernel('notes').restart()
  const recovered = ladder.until('kernel.recovered')
  await ladder.askUntilDown('find')
  // Accepted while it was out of service, handled when it was back.
  const waiting = [notes.ask.put?.('b', 'beta'), notes.ask.put?.('c', 'gamma'), notes.ask.size?.()]
  expect(await Promise.all(waiting)).toEqual([2, 3, 3])
  expect((await recovered).healedBy).toBe('code')
  expect(await notes.ask.find?.('alp')).toBe(1)

  const story = ladder.types('notes')
  const order = [
    'kernel.quarantined',
    'degraded.entered',
    'repair.started',
    'repair.proposed',
    'repair.verified',
  ] as const
  const rest = ['hotfix.applied', 'kernel.rejoined', 'degraded.left', 'kernel.recovered'] as const
  const places = [...order, ...rest].map((type) => story.indexOf(type))
  expect(places).not.toContain(-1)
  expect(places).toEqual(places.toSorted((a, b) => a - b))
  const verified = ladder.events.find(({ type }) => type === 'repair.verified')
  const lines = verified?.lines as { name: string; passed: boolean }[]
  expect(lines.map(({ name, passed }) => [name, passed])).toEqual(proofLineNames.map((name) => [name, true]))
  expect(ladder.runtime.status()[0]).toMatchObject({ state: 'running.steady', failures: 0, servedBy: 'instance' })
})

test('a rejecting kernel refuses at once while it is out of service, and a tell is a dead letter', async () => {
  await using ladder = await climb({
    kernels: [{ id: 'notes', degraded: { mode: 'reject' }, repair: { autonomy: 'observe' } }],
  })
  await ladder.runtime.kernel('notes').quarantine()
  const notes = ladder.runtime.ref('notes')
  await expect(notes.ask.size?.()).rejects.toMatchObject({ code: 'KERNEL_UNAVAILABLE', kernel: 'notes' })
  notes.tell.put?.('a', 'alpha')
  expect(ladder.events.at(-1)).toMatchObject({
    type: 'message.deadLettered',
    code: 'KERNEL_UNAVAILABLE',
    method: 'put',
  })
  const back = await ladder.runtime.kernel('notes').rejoin()
  expect(back.state).toBe('rejoined.probation')
  expect(await notes.ask.size?.()).toBe(0)
})

test('a buffer takes as many messages as it may hold, and not one more', async () => {
  await using ladder = await climb({ kernels: [{ id: 'notes', degraded: { mode: 'buffer', max: 3 } }] })
  await ladder.runtime.kernel('notes').quarantine()
  const notes = ladder.runtime.ref('notes')
  for (let count = 0; count < 4; count++) notes.tell.put?.(`id ${count}`, 'text')
  expect(ladder.types().filter((type) => type === 'message.deadLettered')).toHaveLength(1)
  await ladder.runtime.kernel('notes').rejoin()
  expect(await notes.ask.size?.()).toBe(3)
})

test('a bad configuration value goes back to the golden one, and nothing else is given up', async () => {
  await using ladder = await climb({ kernels: [{ id: 'notes' }] })
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  await ladder.until('snapshot.golden')
  await ladder.runtime.stop()
  const later = await climb({ folder: ladder.folder, keep: true, kernels: [{ id: 'notes', config: { prefix: 5 } }] })
  try {
    const recovered = await later.until('kernel.recovered', { seen: true })
    expect(recovered.healedBy).toBe('config')
    expect(await later.runtime.ref('notes').ask.size?.()).toBe(1)
    expect(later.runtime.fleet.kernels[0]?.config).toEqual({ prefix: 5 })
  } finally {
    await later[Symbol.asyncDispose]()
  }
})

test('the first crash on probation rolls the hotfix back; when nothing is left to try, the kernel is parked', async () => {
  await using ladder = await climb()
  const notes = ladder.runtime.ref('notes').with({ deadlineMs: 400 })
  await notes.ask.put?.('a', 'alpha')
  await ladder.until('snapshot.golden')
  ladder.edit('kernel.ts', misspell)
  await ladder.runtime.kernel('notes').restart()
  const rejoined = ladder.until('kernel.rejoined')
  await ladder.askUntilDown('find')
  await rejoined
  const parked = ladder.until('kernel.parked')
  await ladder.runtime.threadOf('notes')?.kill({ name: 'Error', message: 'killed on probation' }, 'idle')
  expect((await parked).why).toContain('tried before')
  const story = ladder.types('notes')
  expect(story).toContain('hotfix.rolledBack')
  expect(story.filter((type) => type === 'hotfix.applied')).toHaveLength(1)
  expect(ladder.runtime.journal.hotfixes('notes').map(({ status }) => status)).toEqual(['rolledBack'])
})
