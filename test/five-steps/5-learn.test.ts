import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { climb, type Ladder, misspell } from './ladder.ts'

async function healOnce(ladder: Ladder): Promise<void> {
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  await ladder.until('snapshot.golden')
  ladder.edit('kernel.ts', misspell)
  await ladder.runtime.kernel('notes').restart()
  const recovered = ladder.until('kernel.recovered')
  await ladder.askUntilDown('find')
  await recovered
}

test('a repair that held becomes a playbook with its real steps, trusted after one success', async () => {
  await using ladder = await climb()
  await healOnce(ladder)
  const text = readFileSync(join(ladder.folder, 'playbooks', 'notes_failure_remediation.yaml'), 'utf8')
  expect(text).toContain('do: apply_patch')
  expect(text).toContain('inclodes')
  expect(ladder.types()).toEqual(expect.arrayContaining(['playbook.generated', 'playbook.trusted']))
  expect(ladder.runtime.playbooks.list('notes')).toMatchObject([{ trust: 'trusted', successes: 1 }])
})

test('the same failure in a file with an unrelated line changed heals at its first crash, by the playbook', async () => {
  await using ladder = await climb()
  await healOnce(ladder)
  ladder.edit('kernel.ts', (source) =>
    source.replace("ctx.log.info('find', { query })", "ctx.log.info('find it', { query })"),
  )
  await ladder.runtime.kernel('notes').restart()
  const from = ladder.events.length
  const recovered = ladder.until('kernel.recovered')
  const answer = await ladder.runtime
    .ref('notes')
    .ask.find?.('alp')
    .catch((error: { code: string }) => error.code)
  expect(answer).toBe('KERNEL_DOWN')
  expect((await recovered).healedBy).toBe('playbook')
  const since = ladder.events.slice(from).map(({ type }) => type)
  expect(since.filter((type) => type === 'kernel.crashed')).toHaveLength(1)
  expect(since).not.toContain('kernel.restarted')
  expect(since).toContain('playbook.applied')
  expect(await ladder.runtime.ref('notes').ask.find?.('alp')).toBe(1)
  // The unrelated change is kept: only the hunk that was at fault is gone.
  expect(ladder.runtime.logs('notes').at(-1)).toContain('find it')
})

test('a playbook that does not hold is suspended and not used again', async () => {
  await using ladder = await climb()
  await healOnce(ladder)
  ladder.edit('kernel.ts', (source) => `// changed\n${source}`)
  await ladder.runtime.kernel('notes').restart()
  const rejoined = ladder.until('kernel.rejoined')
  await ladder.runtime
    .ref('notes')
    .ask.find?.('al')
    .catch(() => 'down')
  await rejoined
  const suspended = ladder.until('playbook.suspended')
  await ladder.runtime.threadOf('notes')?.kill({ name: 'Error', message: 'killed on probation' }, 'idle')
  await suspended
  expect(ladder.runtime.playbooks.list('notes')).toMatchObject([{ trust: 'suspended', failures: 1 }])
})

test('with autonomy suggest the proved repair waits for approval, and then is applied', async () => {
  await using ladder = await climb({ kernels: [{ id: 'notes', repair: { autonomy: 'suggest' } }] })
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  await ladder.until('snapshot.golden')
  ladder.edit('kernel.ts', misspell)
  await ladder.runtime.kernel('notes').restart()
  const parked = ladder.until('kernel.parked')
  await ladder.askUntilDown('find')
  expect((await parked).why).toContain('waits for approval')
  expect(ladder.types()).not.toContain('hotfix.applied')
  const [task] = ladder.runtime.journal.tasks({ status: 'open' })
  const status = await ladder.runtime.approve(task?.id ?? '')
  expect(status.state).toBe('rejoined.probation')
  expect((await ladder.until('kernel.recovered')).healedBy).toBe('code')
})
