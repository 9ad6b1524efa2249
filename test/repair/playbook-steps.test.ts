/** Playbooks that run: live steps, settings and cleared folders, from a person's file to the fleet and back. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { climb, fast, type Ladder } from '../five-steps/ladder.ts'

const notes = `import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { defineKernel } from 'lazaret/kernel'

export default defineKernel({
  async start(ctx) {
    if (existsSync(join(ctx.dataDir, 'cache', 'bad'))) throw new TypeError('the cache is bad')
    return {
      api: {
        find: () => ctx.config.table.rows.length,
      },
    }
  },
})
`

const helper = `import { defineKernel } from 'lazaret/kernel'

export default defineKernel({
  async start(ctx) {
    const seen = []
    const changes = []
    ctx.bus.on('playbook.changed', ({ kernel, version, change }) => {
      changes.push([kernel, version, change])
    })
    return { api: { note: (text) => seen.push(text), seen: () => seen, changes: () => changes } }
  },
})
`

async function fleet(more: { stableMs?: number; config?: Record<string, unknown> } = {}): Promise<Ladder> {
  const { stableMs = fast.restart.stableMs, config = { table: {} } } = more
  const restart = { ...fast.restart, stableMs }
  const kernels = [
    { id: 'notes', config, restart, repair: { autonomy: 'observe' } as const },
    { id: 'helper', entry: 'helper.ts' },
  ]
  return climb({ kernels, files: { 'kernel.ts': notes, 'helper.ts': helper } })
}

/** Lets notes crash until a person is asked for, and writes a playbook with these steps for it. */
async function parkWith(ladder: Ladder, ...steps: readonly object[]): Promise<void> {
  const parked = ladder.until('kernel.parked')
  await ladder.askUntilDown('find')
  await parked
  await write(ladder, ...steps)
}

async function write(ladder: Ladder, ...steps: readonly object[]): Promise<void> {
  const [incident] = ladder.runtime.journal.incidents({ kernel: 'notes' })
  const { fingerprint = '', phase } = incident ?? {}
  const failure = { error: 'TypeError', phase }
  const one = { name: 'by-hand', fingerprint, failure, steps, why: 'A person wrote it.' }
  const changed = ladder.until('playbook.changed')
  const text = stringify({ version: 1, kernel: 'notes', playbooks: [one] })
  writeFileSync(join(ladder.folder, 'playbooks', 'notes_failure_remediation.yaml'), text)
  expect((await changed).change).toBe('found: by-hand')
}

const stepped = (ladder: Ladder) =>
  ladder.events
    .filter(({ type }) => type === 'playbook.stepped')
    .map(({ step, n, of, outcome }) => `${n}/${of} ${step} ${outcome}`)
const seen = (ladder: Ladder) => ladder.runtime.ref('helper').ask.seen?.()
const note = (text: string) => ({ do: 'ask', kernel: 'helper', method: 'note', args: [text] })

test('steps are carried out in their order, those after restart when the kernel serves, and then it is steady', async () => {
  await using ladder = await fleet()
  await parkWith(
    ladder,
    note('before'),
    { do: 'set_config', key: 'table.rows', value: ['a', 'b'] },
    { do: 'reroute', to: 'helper' },
    { ...note('never'), only_if: { kernel: { id: 'helper', serves: false } } },
    { do: 'wait', ms: 20 },
    { do: 'restart' },
    { do: 'ask', kernel: 'notes', method: 'find', expect: 2 },
    note('after'),
  )
  const dry = await ladder.runtime.playbooks.dryRun('notes', 'by-hand')
  expect(dry.map(({ outcome }) => outcome)).toEqual([
    ...['would be done', 'would be done', 'would be done', 'left out'],
    ...['would be done', 'would be done', 'would be done', 'would be done'],
  ])
  const recovered = ladder.until('kernel.recovered')
  expect(await ladder.runtime.playbooks.run('notes', 'by-hand')).toMatchObject({ state: 'rejoined.probation' })
  expect(await recovered).toMatchObject({ healedBy: 'playbook', playbook: 'by-hand' })
  expect(stepped(ladder)).toEqual([
    ...['2/8 set_config done', '1/8 ask done', '3/8 reroute done', '4/8 ask left out', '5/8 wait done'],
    ...['6/8 restart done', '7/8 ask done', '8/8 ask done'],
  ])
  expect(await seen(ladder)).toEqual(['before', 'after'])
  expect(ladder.events.find(({ type }) => type === 'degraded.changed')).toMatchObject({
    from: 'buffer',
    mode: 'reroute',
  })
  // In force at every start from now on, and the success has made it trusted.
  await ladder.runtime.kernel('notes').restart()
  expect(await ladder.runtime.ref('notes').ask.find?.()).toBe(2)
  expect(ladder.runtime.playbooks.list('notes')).toMatchObject([{ trust: 'trusted', successes: 1 }])
  const changes = ladder.runtime.journal.playbookVersions('notes').map(({ version, change }) => [version, change])
  expect(changes).toEqual([
    [2, 'trust of by-hand trial→trusted'],
    [1, 'found: by-hand'],
  ])
  // Kernels that subscribe hear of each, and a new subscriber of what holds now.
  const told = () => ladder.runtime.ref('helper').ask.changes?.()
  expect(await told()).toEqual([
    ['notes', 1, 'found: by-hand'],
    ['notes', 2, 'trust of by-hand trial→trusted'],
  ])
  await ladder.runtime.kernel('helper').restart()
  expect(await told()).toEqual([['notes', 2, 'trust of by-hand trial→trusted']])
})

test('a step that fails out of service takes everything back, and the playbook is suspended', async () => {
  await using ladder = await fleet()
  await parkWith(
    ladder,
    { do: 'set_config', key: 'table.rows', value: [] },
    { ...note('done'), undo: { method: 'note', args: ['undone'] } },
    { do: 'ask', kernel: 'helper', method: 'no_such_method' },
    note('never'),
  )
  const suspended = ladder.until('playbook.suspended')
  const { state } = await ladder.runtime.playbooks.run('notes', 'by-hand')
  expect(state).toBe('quarantined.parked')
  await suspended
  expect(stepped(ladder)).toEqual([...['1/4 set_config done', '2/4 ask done', '3/4 ask failed', '2/4 ask undone']])
  expect(await seen(ladder)).toEqual(['done', 'undone'])
  expect(ladder.types()).toContain('hotfix.rolledBack')
  expect(ladder.runtime.playbooks.list('notes')).toMatchObject([{ trust: 'suspended', failures: 1 }])
  await expect(ladder.runtime.playbooks.run('notes', 'by-hand')).rejects.toMatchObject({ code: 'COMMAND_REFUSED' })
})

test('a step that fails in service is a crash on probation: the repair is taken back before the kernel is steady', async () => {
  await using ladder = await fleet({ stableMs: 30 })
  await parkWith(
    ladder,
    { do: 'set_config', key: 'table.rows', value: ['a'] },
    { do: 'restart' },
    // Longer than it takes to be steady: what is under way counts first.
    { do: 'wait', ms: 400 },
    { do: 'ask', kernel: 'notes', method: 'find', expect: 2 },
  )
  const suspended = ladder.until('playbook.suspended')
  await ladder.runtime.playbooks.run('notes', 'by-hand')
  await suspended
  expect(ladder.types('notes')).not.toContain('kernel.recovered')
  expect(stepped(ladder)).toEqual([...['1/4 set_config done', '2/4 restart done', '3/4 wait done', '4/4 ask failed']])
})

test('a cleared folder is empty for the kernel; kept aside until it is steady, and moved back by a roll-back', async () => {
  await using ladder = await fleet({ config: { table: { rows: [] } } })
  const cache = join(ladder.folder, '.lazaret', 'kernels', 'notes', 'cache')
  mkdirSync(cache, { recursive: true })
  writeFileSync(join(cache, 'bad'), 'x')
  const parked = ladder.until('kernel.parked')
  await ladder.runtime.kernel('notes').restart()
  await parked
  await write(ladder, { do: 'clear_folder', folder: 'cache' })
  expect(await ladder.runtime.playbooks.dryRun('notes', 'by-hand')).toMatchObject([{ detail: 'cache has 1 entry.' }])
  await ladder.runtime.playbooks.run('notes', 'by-hand')
  expect(existsSync(cache)).toBe(true)
  expect(existsSync(join(cache, 'bad'))).toBe(false)
  await ladder.runtime.kernel('notes').quarantine()
  await ladder.until('hotfix.rolledBack', { seen: true })
  expect(readFileSync(join(cache, 'bad'), 'utf8')).toBe('x')
})

test('a limit is proved in the sandbox, and is in force at every start', async () => {
  const slow = notes.replace(
    'async start(ctx) {',
    'async start(ctx) {\n    await new Promise((resolve) => setTimeout(resolve, 900))',
  )
  const config = { table: { rows: [] } }
  const limits = { startMs: 400 }
  const kernels = [{ id: 'notes', config, limits, repair: { autonomy: 'observe' } as const }]
  await using ladder = await climb({ kernels, files: { 'kernel.ts': slow } })
  expect(ladder.types()).toContain('kernel.parked')
  await write(ladder, { do: 'set_limit', limit: 'startMs', value: 8000 })
  const recovered = ladder.until('kernel.recovered')
  expect(await ladder.runtime.playbooks.run('notes', 'by-hand')).toMatchObject({ state: 'rejoined.probation' })
  await recovered
  expect(await ladder.runtime.kernel('notes').restart()).toMatchObject({ servedBy: 'instance' })
})

test('a run that was refused while repairs were off is no approval of a later repair', async () => {
  await using ladder = await fleet()
  await parkWith(ladder, { do: 'set_config', key: 'table.rows', value: [] })
  ladder.runtime.setRepairs(false)
  await expect(ladder.runtime.playbooks.run('notes', 'by-hand')).rejects.toMatchObject({ code: 'COMMAND_REFUSED' })
  ladder.runtime.setRepairs(true)
  // The kernel's autonomy is observe: what a person did not ask for now waits for a word.
  expect(await ladder.runtime.kernel('notes').repair()).toMatchObject({ state: 'quarantined.parked' })
  expect(ladder.types()).not.toContain('hotfix.applied')
})

test('settings stay in force when the code that was mended after them is written into the source files', async () => {
  await using ladder = await fleet()
  await parkWith(ladder, { do: 'set_config', key: 'table.rows', value: ['a', 'b'] })
  const steady = ladder.until('kernel.recovered')
  await ladder.runtime.playbooks.run('notes', 'by-hand')
  await steady
  ladder.edit('kernel.ts', (text) => text.replace('rows.length', 'rows.lenght.valueOf()'))
  await ladder.runtime.kernel('notes').restart()
  const parked = ladder.until('kernel.parked')
  await ladder.askUntilDown('find')
  await parked
  const [task] = ladder.runtime.journal.tasks({ kernel: 'notes', status: 'open' })
  const [before, after] = ['rows.lenght.valueOf(),', 'rows.length,'].map(
    (end) => `        find: () => ctx.config.table.${end}`,
  )
  const diff = `--- a/kernel.ts\n+++ b/kernel.ts\n@@ -9,3 +9,3 @@\n       api: {\n-${before}\n+${after}\n       },\n`
  const again = ladder.until('kernel.recovered')
  const submitted = await ladder.runtime.tasks.submit(task?.id ?? '', { diff, by: 'person' })
  expect(submitted).toMatchObject({ outcome: 'applied' })
  await again
  const [hotfix] = ladder.runtime.journal.hotfixes('notes')
  expect(await ladder.runtime.hotfixes.apply(hotfix?.id ?? '')).toMatchObject({ left: [] })
  expect(readFileSync(join(ladder.folder, 'kernel.ts'), 'utf8')).toBe(notes)
  await ladder.runtime.kernel('notes').restart()
  expect(await ladder.runtime.ref('notes').ask.find?.()).toBe(2)
})
