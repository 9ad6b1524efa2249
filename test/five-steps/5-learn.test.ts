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

/** Restarts with the default pauses between them, as a user has them; twice the default number, as a busy machine's. */
const withPauses = { id: 'notes', restart: { max: 6, stableMs: 500 }, snapshot: { everyMs: 150 } } as const

/** From the crash to the return into service. Milliseconds. */
async function healingMs(ladder: Ladder): Promise<{ ms: number; from: number }> {
  const from = ladder.events.length
  const rejoined = ladder.until('kernel.rejoined', { ms: 90_000 })
  const recovered = ladder.until('kernel.recovered', { ms: 90_000 })
  const asking = new AbortController()
  const notes = ladder.runtime.ref('notes').with({ deadlineMs: 30_000 })
  void (async () => {
    // Others that the same failure hits, until it is mended.
    for (let turn = 0; !asking.signal.aborted; turn += 1) {
      await notes.ask.find?.(`query ${turn}`).catch((error: { code: string }) => error.code)
    }
  })()
  const { at } = await rejoined
  asking.abort()
  await recovered
  const crashed = ladder.events.slice(from).find(({ type }) => type === 'kernel.crashed')
  return { ms: at - (crashed?.at ?? at), from }
}

test('a failure that was healed once heals at least five times faster in a file that has changed since, without an agent', {
  timeout: 120_000,
}, async () => {
  await using ladder = await climb({ kernels: [withPauses] })
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  await ladder.until('snapshot.golden')
  ladder.edit('kernel.ts', misspell)
  await ladder.runtime.kernel('notes').restart()
  const first = await healingMs(ladder)
  // Above the hunk, so that it stands elsewhere, and inside its context's neighbourhood.
  ladder.edit('kernel.ts', (source) =>
    `// one more line\n\n${source}`.replace("ctx.log.info('find', { query })", "ctx.log.info('find it', { query })"),
  )
  await ladder.runtime.kernel('notes').restart()
  const second = await healingMs(ladder)
  const since = ladder.events.slice(second.from)
  const proposers = since.filter(({ type }) => type === 'repair.proposed').map(({ agent }) => agent)
  expect(proposers).toEqual(['playbook'])
  const lines = since.find(({ type }) => type === 'repair.verified')?.lines as { name: string; passed: boolean }[]
  expect(lines.map(({ name }) => name)).toEqual(expect.arrayContaining(['red before', 'green after', 'check']))
  expect(lines.every(({ passed }) => passed)).toBe(true)
  expect(since.filter(({ type }) => type === 'playbook.stepped')).toMatchObject([
    { step: 'apply_patch', n: 1, of: 1, outcome: 'done', playbook: expect.stringMatching(/^code-/) },
  ])
  expect(first.ms / second.ms, `first ${first.ms} ms, by its playbook ${second.ms} ms`).toBeGreaterThanOrEqual(5)
})
