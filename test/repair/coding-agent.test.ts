/** The kernel that owns the coding tasks is a patient like any other: its repair does not go through it. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { makePatch } from '../../src/repair/patch.ts'
import { climb, fast } from '../five-steps/ladder.ts'

const source = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../kernels/coding_agent/${name}`, import.meta.url)), 'utf8')
const files = Object.fromEntries(['kernel.ts', 'queue.ts', 'check.ts'].map((name) => [name, source(name)]))
const id = 'coding_agent'
const kernels = [{ id, ...fast, config: {}, restart: { ...fast.restart, max: 1 } }]
const misspell = (text: string) => text.replace('const open = this.all().filter', 'const open = this.al().filter')

test('coding_agent is repaired while it is down and nobody listens on the bus', async () => {
  await using ladder = await climb({ kernels, files })
  const { runtime } = ladder
  const { ask } = runtime.ref(id).with({ deadlineMs: 5000 })
  await ladder.until('snapshot.golden', { seen: true })
  ladder.edit('queue.ts', misspell)
  await runtime.kernel(id).restart()
  const down = ladder.until('task.created')
  const recovered = ladder.until('kernel.recovered')
  for (const worker of ['one', 'two']) await ask.claim?.(worker).catch(() => 'crashed')
  // It is the only subscriber there could be, and its task was made all the same.
  expect(await down).toMatchObject({ kernel: id })
  expect(await recovered).toMatchObject({ kernel: id, healedBy: 'code' })
  const task = runtime.journal.tasks({ kernel: id })[0]
  expect(task).toMatchObject({ status: 'closed', outcome: 'healed by code' })
  expect(await ask.claim?.('three')).toBeNull()
})

test('a person mends coding_agent by its own task, which it hands to no worker', async () => {
  const broken = misspell(files['queue.ts'] ?? '')
  await using ladder = await climb({
    kernels: kernels.map((kernel) => ({ ...kernel, repair: { autonomy: 'observe' as const } })),
    files: { ...files, 'queue.ts': broken },
  })
  const { runtime } = ladder
  const parked = ladder.until('kernel.parked')
  const { ask } = runtime.ref(id).with({ deadlineMs: 5000 })
  for (const worker of ['one', 'two']) await ask.claim?.(worker).catch(() => 'crashed')
  await parked
  const [task] = runtime.journal.tasks({ kernel: id, status: 'open' })
  runtime.tasks.claim(task?.id ?? '', 'ada')
  const diff = makePatch('queue.ts', broken, files['queue.ts'] ?? '')
  const recovered = ladder.until('kernel.recovered')
  const done = await runtime.tasks.submit(task?.id ?? '', { diff, by: 'person' })
  expect(done.verdict ?? done.why).toMatchObject({ passed: true })
  expect(await recovered).toMatchObject({ healedBy: 'code' })
  expect(await ask.claim?.('three')).toBeNull()
})
