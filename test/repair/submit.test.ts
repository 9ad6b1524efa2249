/** What comes from outside: claimed, handed over, tried out, handed in; and what is refused. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { checkDiff, mendedRate, parked, rateDiff, wrongDiff } from './priced.ts'

/** Proofs ask it about types; its process has a test of its own. */
vi.mock(import('../../src/repair/language-service/child.ts'), async (original) =>
  (await import('../support/language-service.ts')).inThisProcess(original),
)

const refused = (text: string) => ({ code: 'COMMAND_REFUSED', message: expect.stringContaining(text) })

test('what a person hands in is proved and applied, whatever the autonomy, and learnt', async () => {
  await using place = await parked('observe')
  const { runtime, until } = place.ladder
  const recovered = until('kernel.recovered')
  const done = await runtime.tasks.submit(place.task, { diff: rateDiff, by: 'person', why: 'A misspelt key.' })
  expect(done).toMatchObject({ outcome: 'applied', verdict: { passed: true }, status: { servedBy: 'instance' } })
  expect(await recovered).toMatchObject({ healedBy: 'code', playbook: expect.any(String) })
  expect(await runtime.ref('prices').ask.price?.({ items: [1], note: 'x' })).toBe(7)
  const { journal } = runtime
  expect(journal.attempts(place.incident)).toMatchObject([
    { agent: 'person', outcome: 'verified', why: 'A misspelt key.', steps: [{ do: 'apply_patch', file: 'rate.ts' }] },
  ])
  expect(journal.hotfixes('prices')).toMatchObject([{ agent: 'person', status: 'steady' }])
  expect(journal.task(place.task)).toMatchObject({ status: 'closed', outcome: 'healed by code' })
  expect(journal.incident(place.incident)?.resolution).toBe('person: A misspelt key.')
  expect(runtime.playbooks.list()).toMatchObject([{ kernel: 'prices', trust: 'trusted' }])
  await expect(runtime.tasks.submit(place.task, { diff: rateDiff, by: 'person' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})

test('a diff that is named from the repository fits as well', async () => {
  await using place = await parked()
  const { runtime, folder } = place.ladder
  const above = folder.split('/').slice(-2).join('/')
  const diff = rateDiff.replaceAll(/^(--- a|\+\+\+ b)\//gm, `$1/${above}/`)
  expect(diff).toContain(`--- a/${above}/rate.ts`)
  const done = await runtime.tasks.submit(place.task, { diff: `diff --git a/x b/x\n${diff}`, by: 'person' })
  expect(done).toMatchObject({ outcome: 'applied' })
})

test('a wrong one is refused with its verdict, and the kernel is parked for what it was parked for', async () => {
  await using place = await parked()
  const { runtime, types } = place.ladder
  const { why } = runtime.kernel('prices').status()
  const asked = { diff: wrongDiff, by: 'person' } as const
  expect(await runtime.tasks.submit(place.task, asked)).toMatchObject({
    outcome: 'refused',
    verdict: { passed: false, refusal: expect.stringContaining('the price is wrong') },
    status: { state: 'quarantined.parked', why },
  })
  expect(await runtime.tasks.submit(place.task, { diff: checkDiff, by: 'person' })).toMatchObject({
    outcome: 'refused',
    verdict: {
      lines: [{ name: 'protected', passed: false, detail: expect.stringContaining('the check is what judges') }],
    },
    status: { state: 'quarantined.parked', why },
  })
  const attempts = runtime.journal.attempts(place.incident)
  expect(attempts.map(({ agent, outcome }) => [agent, outcome])).toEqual([
    ['person', 'refused'],
    ['person', 'refused'],
  ])
  expect(runtime.journal.task(place.task)).toMatchObject({ status: 'open' })
  expect(types()).not.toContain('hotfix.applied')
  // Whoever gets the task next is told.
  const handed = await runtime.tasks.handOver(place.task)
  expect(handed.task).toContain('Attempt 2 was refused')
})

test('while a repair is under way, and in service, nothing is taken', async () => {
  await using place = await parked()
  const { runtime } = place.ladder
  const first = runtime.tasks.submit(place.task, { diff: wrongDiff, by: 'person' })
  await place.ladder.until('repair.started')
  await expect(runtime.tasks.submit(place.task, { diff: rateDiff, by: 'person' })).rejects.toMatchObject(
    refused('is under way'),
  )
  expect(await first).toMatchObject({ outcome: 'refused' })
  const recovered = place.ladder.until('kernel.recovered')
  expect(await runtime.tasks.submit(place.task, { diff: rateDiff, by: 'person' })).toMatchObject({
    status: { state: 'rejoined.probation' },
  })
  await expect(runtime.tasks.submit(place.task, { diff: rateDiff, by: 'person' })).rejects.toMatchObject(
    refused('rejoined.probation'),
  )
  await recovered
})

test('a proof that a person ends leaves no verdict, and says so', async () => {
  await using place = await parked()
  const { runtime, until } = place.ladder
  const begun = until('repair.proposed')
  const asked = runtime.tasks.submit(place.task, { diff: rateDiff, by: 'person' })
  await begun
  expect(await runtime.kernel('prices').park()).toMatchObject({ state: 'quarantined.parked' })
  expect(await asked).toMatchObject({ outcome: 'refused', why: expect.stringContaining('did not end') })
})

test('an agent needs autonomy fix; elsewhere its repair waits for a person', async () => {
  await using place = await parked('suggest')
  const { runtime, until } = place.ladder
  const asked = { diff: rateDiff, by: 'mcp', worker: 'robot' } as const
  expect(await runtime.tasks.submit(place.task, asked)).toMatchObject({
    ...{ outcome: 'waiting', verdict: { passed: true }, status: { state: 'quarantined.parked' } },
  })
  expect(runtime.journal.task(place.task)).toMatchObject({ remedy: { agent: 'mcp' } })
  const recovered = until('kernel.recovered')
  expect(await runtime.approve(place.task)).toMatchObject({ state: 'rejoined.probation' })
  expect(await recovered).toMatchObject({ healedBy: 'code' })
})

test('with autonomy fix the repair of an agent is applied', async () => {
  await using place = await parked('fix')
  const { runtime } = place.ladder
  const asked = { diff: rateDiff, by: 'mcp', worker: 'robot' } as const
  expect(await runtime.tasks.submit(place.task, asked)).toMatchObject({
    ...{ outcome: 'applied', status: { state: 'rejoined.probation' } },
  })
})

test('a task is claimed by one at a time, and let go by whoever has it, or by a person', async () => {
  await using place = await parked()
  const { runtime, events } = place.ladder
  const { tasks: desk } = runtime
  expect(desk.claim(place.task, 'ada')).toMatchObject({ claim: { by: 'ada' }, task: { claimedBy: 'ada' } })
  expect(desk.claim(place.task, 'ada')).toMatchObject({ claim: { by: 'ada' } })
  expect(() => desk.claim(place.task, 'bob')).toThrow(expect.objectContaining(refused('claimed by ada')))
  expect(() => desk.release(place.task, 'bob')).toThrow(expect.objectContaining(refused('claimed by ada')))
  const asked = { diff: wrongDiff, by: 'mcp', worker: 'bob' } as const
  await expect(desk.submit(place.task, asked)).rejects.toMatchObject(refused('claimed by ada'))
  expect(desk.release(place.task).claim).toBeUndefined()
  expect(() => desk.release(place.task)).toThrow(expect.objectContaining(refused('Nobody has claimed')))
  expect(desk.claim(place.task, 'bob')).toMatchObject({ claim: { by: 'bob' } })
  for (const name of ['', ' ada', 'a\u001b[2J', 'a'.repeat(65)]) {
    expect(() => desk.claim(place.task, name)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  }
  expect(() => desk.claim('task_none', 'ada')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
  const told = events.filter(({ type }) => type === 'task.claimed' || type === 'task.released')
  expect(told.map(({ type, by }) => [type, by])).toEqual([
    ...[
      ['task.claimed', 'ada'],
      ['task.claimed', 'ada'],
      ['task.released', 'ada'],
      ['task.claimed', 'bob'],
    ],
  ])
})

test('what is handed over is the kernel as it ran, without secrets in its evidence', async () => {
  await using place = await parked()
  const { files, evidence, task } = await place.ladder.runtime.tasks.handOver(place.task)
  expect(files.map(({ file, kind }) => [file, kind])).toEqual(
    expect.arrayContaining([
      ['kernel.ts', 'source'],
      ['rate.ts', 'source'],
      ['check.ts', 'check'],
    ]),
  )
  expect(evidence.map(({ name }) => name)).toEqual(['error.json', 'kernel.log', 'messages.jsonl', 'config.json'])
  expect(JSON.stringify(evidence)).not.toContain('hunter2')
  expect(task).toContain(`lazaret task ${place.task} --submit`)
})

test('a failure is tried out in the sandbox, one at a time, and nobody else hears of it', async () => {
  await using place = await parked()
  const { runtime, folder, types } = place.ladder
  const { tasks: desk } = runtime
  const before = types().length
  const both = await Promise.allSettled([desk.tryOut(place.task, rateDiff), desk.tryOut(place.task, rateDiff)])
  expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: refused('replayed already') })
  expect(both.find(({ status }) => status === 'fulfilled')).toMatchObject({
    value: {
      ...{ reproduced: true, before: { outcome: 'failed', error: expect.stringContaining('plain') } },
      ...{ after: { outcome: 'passed' }, check: { outcome: 'passed' }, changed: [] },
    },
  })
  const plain = await desk.tryOut(place.task)
  expect(plain).toMatchObject({ reproduced: true })
  expect(plain.after).toBeUndefined()
  expect(await desk.tryOut(place.task, wrongDiff)).toMatchObject({ check: { outcome: 'failed' } })
  await expect(desk.tryOut(place.task, checkDiff)).rejects.toMatchObject({ code: 'PATCH_REFUSED' })
  expect(JSON.stringify(plain)).not.toContain('hunter2')
  expect(types().length).toBe(before)
  expect(runtime.journal.attempts(place.incident)).toEqual([])
  expect(readdirSync(join(folder, '.lazaret/repair/tried-out'))).toEqual([])
  place.ladder.edit('rate.ts', () => mendedRate)
  expect((await desk.tryOut(place.task)).changed).toEqual([join(folder, 'rate.ts')])
})

test('a runtime that stops ends what is tried out, and leaves nothing of it', async () => {
  const place = await parked('observe', { keep: false })
  const { runtime, folder } = place.ladder
  const trying = runtime.tasks.tryOut(place.task, rateDiff).then(
    () => 'ended',
    (thrown: { code: string }) => thrown.code,
  )
  await expect.poll(() => existsSync(join(folder, '.lazaret/repair/tried-out'))).toBe(true)
  await runtime.stop()
  expect(['RUNTIME_STOPPED', 'ended']).toContain(await trying)
  expect(readdirSync(join(folder, '.lazaret/repair/tried-out'))).toEqual([])
  await place[Symbol.asyncDispose]()
})

test('what holds and cannot be written is not said to be applied', async () => {
  await using place = await parked()
  const { runtime, folder } = place.ladder
  const hotfixes = join(folder, '.lazaret/hotfixes')
  rmSync(hotfixes, { recursive: true, force: true })
  writeFileSync(hotfixes, 'a file where a folder is to be')
  const done = await runtime.tasks.submit(place.task, { diff: rateDiff, by: 'person' })
  expect(done).toMatchObject({
    ...{ outcome: 'refused', verdict: { passed: true }, why: expect.stringContaining('could not be applied') },
    status: { state: 'quarantined.parked' },
  })
  rmSync(hotfixes)
  mkdirSync(hotfixes)
  expect(await runtime.tasks.submit(place.task, { diff: rateDiff, by: 'person' })).toMatchObject({
    outcome: 'applied',
  })
})
