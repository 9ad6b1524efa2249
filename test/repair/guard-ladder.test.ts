/** A pattern of messages that crash a kernel, through a whole runtime: refused, kept, taken back, learnt. */
import { spawn } from 'node:child_process'
import { once as onceEvent } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { cliMany } from '../cli/cli.ts'
import { climb, type Ladder } from '../five-steps/ladder.ts'
import { recallFiles } from './guard-fixtures.ts'

const host = fileURLToPath(new URL('./guard-host.ts', import.meta.url))
const pattern = 'recall where 0 is null'
const nothing = 'a reply'
const failure = (ladder: Ladder, ...args: unknown[]): Promise<{ code: string; message: string }> | undefined =>
  ladder.runtime
    .ref('notes')
    .ask.recall?.(...args)
    .then(
      (reply) => ({ code: nothing, message: String(reply) }),
      (thrown: { code: string; message: string }) => thrown,
    )

test('a null query parks every null query of the method, and no other message', async () => {
  await using ladder = await climb({ files: recallFiles })
  const recovered = ladder.until('kernel.recovered')
  const notes = ladder.runtime.ref('notes')
  await notes.ask.put?.('a', 'alpha')
  expect(await notes.ask.recall?.('lph', 0)).toBe(1)
  expect(await failure(ladder, null, 1)).toMatchObject({ code: 'KERNEL_DOWN' })
  expect(await recovered).toMatchObject({ healedBy: 'parked message' })
  expect(ladder.runtime.journal.parkedPatterns('notes')).toMatchObject([
    { method: 'recall', pattern: [{ path: '0', is: 'null' }], hotfix: expect.stringMatching(/^fix_/) },
  ])
  expect(ladder.runtime.status()).toMatchObject([{ parkedPatterns: [pattern] }])
  const dataDir = ['--data-dir', join(ladder.folder, '.lazaret')]
  const [status, incidents] = await cliMany(ladder.folder, [
    ['status', ...dataDir],
    ['incidents', String(ladder.runtime.journal.incidents()[0]?.id), ...dataDir],
  ])
  expect(status?.stdout).toContain(`notes refuses ${pattern}`)
  expect(incidents?.stdout).toContain(pattern)
  // Others like it are refused before they are handed over, and say why.
  for (const limit of [1, 2]) {
    const refused = await failure(ladder, null, limit)
    expect(refused?.code).toBe('MESSAGE_POISONED')
    expect(refused?.message).toContain(pattern)
  }
  notes.tell.recall?.(null, 7)
  expect(ladder.runtime.journal.deadLetters({ kernel: 'notes' })).toMatchObject([
    { method: 'recall', code: 'MESSAGE_POISONED', reason: expect.stringContaining(pattern) },
  ])
  await notes.ask.put?.('b', 'alpha')
  expect(await failure(ladder, 'lph', 0)).toEqual({ code: nothing, message: String(await notes.ask.size?.()) })
  expect(ladder.types().filter((type) => type === 'kernel.crashed')).toHaveLength(1)
  const text = readFileSync(join(ladder.folder, 'playbooks', 'notes_failure_remediation.yaml'), 'utf8')
  expect(text).toContain('do: park_pattern')
})

test('what is parked outlives a kill -9; a person who lets the kernel rejoin gives it another chance, and the playbook heals it at the first crash', async () => {
  const { folder, ...first } = await climb({ files: recallFiles, keep: true })
  await first[Symbol.asyncDispose]()
  const child = spawn(process.execPath, [host, folder], { stdio: 'inherit' })
  const [, signal] = await onceEvent(child, 'close')
  expect(signal).toBe('SIGKILL')

  await using ladder = await climb({ folder })
  expect(await failure(ladder, null, 3)).toMatchObject({ code: 'MESSAGE_POISONED' })
  expect(await failure(ladder, 'lph', 0)).toMatchObject({ code: nothing })
  const kernel = ladder.runtime.kernel('notes')
  await kernel.quarantine()
  await kernel.rejoin()
  expect(ladder.runtime.journal.parkedPatterns('notes')).toEqual([])
  expect(ladder.runtime.status()[0]).not.toHaveProperty('parkedPatterns')
  await ladder.until('kernel.recovered', { seen: true })
  const from = ladder.events.length
  const recovered = ladder.until('kernel.recovered')
  expect(await failure(ladder, null, 4)).toMatchObject({ code: 'KERNEL_DOWN' })
  expect(await recovered).toMatchObject({ healedBy: 'playbook' })
  const since = ladder.events.slice(from).map(({ type }) => type)
  expect(since.filter((type) => type === 'kernel.crashed')).toHaveLength(1)
  expect(await failure(ladder, null, 5)).toMatchObject({ code: 'MESSAGE_POISONED' })
}, 120_000)

test('a repair that is taken back takes its pattern along', async () => {
  await using ladder = await climb({ files: recallFiles })
  const rejoined = ladder.until('kernel.rejoined')
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  await ladder.runtime.ref('notes').ask.recall?.('lph', 0)
  await failure(ladder, null, 1)
  await rejoined
  expect(await failure(ladder, null, 2)).toMatchObject({ code: 'MESSAGE_POISONED' })
  const rolledBack = ladder.until('hotfix.rolledBack')
  await ladder.runtime.kernel('notes').quarantine()
  await rolledBack
  expect(ladder.runtime.journal.parkedPatterns()).toEqual([])
  expect(ladder.runtime.status()[0]).not.toHaveProperty('parkedPatterns')
})
