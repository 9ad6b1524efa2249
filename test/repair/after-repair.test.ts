/** What a repair leaves behind: hotfixes over one another, messages that were refused, credit to whom it belongs. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { climb, fast, type Ladder, misspell, notesCheck, notesKernel } from '../five-steps/ladder.ts'

vi.mock(import('../../src/repair/language-service/child.ts'), async (original) =>
  (await import('../support/language-service.ts')).inThisProcess(original),
)

type Failed = { code: string }

function codeOf(reply: Promise<unknown> | undefined): Promise<string> {
  return Promise.resolve(reply).then(
    () => 'OK',
    (error: Failed) => error.code,
  )
}

async function regress(ladder: Ladder): Promise<void> {
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  await ladder.until('snapshot.golden')
  ladder.edit('kernel.ts', misspell)
  await ladder.runtime.kernel('notes').restart()
}

test('messages that were parked for a failure are accepted again when the code was mended', async () => {
  await using ladder = await climb({
    kernels: [{ id: 'notes', ...fast, restart: { ...fast.restart, max: 3, stableMs: 3000 } }],
  })
  const notes = ladder.runtime.ref('notes').with({ deadlineMs: 2000 })
  await regress(ladder)
  const codes = [await codeOf(notes.ask.find?.('alp')), await codeOf(notes.ask.find?.('alp'))]
  expect(codes).toEqual(['KERNEL_DOWN', 'MESSAGE_POISONED'])
  // One crash with this one in hand is not held against it after the repair.
  expect(await codeOf(notes.ask.find?.('once'))).toBe('KERNEL_DOWN')
  const recovered = ladder.until('kernel.recovered')
  await ladder.askUntilDown('find')
  expect(await recovered).toMatchObject({ healedBy: 'code' })
  expect(await notes.ask.find?.('alp')).toBe(1)
  expect(ladder.runtime.journal.parkedMessages('notes')).toEqual([])
})

test('a hotfix that held is still in force when a later one is rolled back in another process', async () => {
  // The bad state is what a restart starts from. Long enough to end, and to crash, on probation, on a busy machine too.
  const kernels = [{ id: 'notes', ...fast, restart: { ...fast.restart, max: 1, stableMs: 2500 } }]
  const first = await climb({ keep: true, kernels })
  await regress(first)
  const recovered = first.until('kernel.recovered')
  await first.askUntilDown('find')
  expect(await recovered).toMatchObject({ healedBy: 'code' })
  await first.until('snapshot.golden', { seen: true })
  // A second failure, of the state; the process ends on the probation of its repair.
  const rejoined = first.until('kernel.rejoined')
  await first.runtime.ref('notes').ask.put?.('b', 5)
  // Two may be on their way already, the periodic one and the golden one: the third has the bad note.
  for (const _ of [1, 2, 3]) await first.until('snapshot.taken')
  await codeOf(first.runtime.ref('notes').ask.find?.('bad state'))
  await rejoined
  await first.runtime.stop()

  await using second = await climb({ folder: first.folder, kernels })
  const notes = second.runtime.ref('notes').with({ deadlineMs: 2000 })
  expect(await notes.ask.find?.('alp')).toBe(1)
  const parked = second.until('kernel.parked')
  await notes.ask.put?.('b', 5)
  expect(await codeOf(notes.ask.find?.('still bad'))).toBe('KERNEL_DOWN')
  await parked
  expect(second.types()).toContain('hotfix.rolledBack')
  // A person gives the state up. The misspelling is on disk still: only the first hotfix keeps it out.
  rmSync(join(second.folder, '.lazaret', 'snapshots', 'notes'), { recursive: true })
  expect(readFileSync(join(second.folder, 'kernel.ts'), 'utf8')).toContain('inclodes')
  await second.runtime.kernel('notes').rejoin()
  await notes.ask.put?.('a', 'alpha')
  expect(await notes.ask.find?.('alp')).toBe(1)
})

test('a configuration that a person has replaced since is not brought back by a later repair of the code', async () => {
  const files = {
    'kernel.ts': notesKernel.replace(
      'size: () => notes.size,',
      'size: () => notes.size, prefix: () => ctx.config.prefix,',
    ),
    'check.ts': notesCheck,
  }
  const kernels = (prefix: unknown) => [{ id: 'notes', ...fast, config: { prefix } }]
  const first = await climb({ files, keep: true })
  await first.until('snapshot.golden', { seen: true })
  await first.runtime.stop()
  const second = await climb({ folder: first.folder, keep: true, kernels: kernels(5) })
  expect(await second.until('kernel.recovered', { seen: true })).toMatchObject({ healedBy: 'config' })
  await second.runtime.stop()

  await using third = await climb({ folder: first.folder, kernels: kernels('mine') })
  await regress(third)
  const recovered = third.until('kernel.recovered')
  await third.askUntilDown('find')
  expect(await recovered).toMatchObject({ healedBy: 'code' })
  expect(await third.runtime.ref('notes').ask.prefix?.()).toBe('mine')
})

test('a file that its owner mended first is theirs: no hotfix takes the credit, and nothing is learnt', async () => {
  await using ladder = await climb()
  await regress(ladder)
  ladder.runtime.on('event', ({ type }) => {
    if (type === 'hotfix.applied') ladder.edit('kernel.ts', (text) => text.replace('inclodes', 'includes'))
  })
  const recovered = ladder.until('kernel.recovered')
  await ladder.askUntilDown('find')
  expect(await recovered).toMatchObject({ healedBy: 'person' })
  expect(ladder.types()).toContain('hotfix.dropped')
  expect(ladder.runtime.journal.hotfixes('notes').map(({ status }) => status)).toEqual(['dropped'])
  expect(ladder.runtime.journal.incidents()).toMatchObject([{ status: 'resolved', healedBy: 'person' }])
  expect(ladder.runtime.playbooks.list('notes')).toEqual([])
  expect(await ladder.runtime.ref('notes').ask.find?.('alp')).toBe(1)
})

test('a person who quarantines a kernel on probation takes the repair back, and its playbook is not blamed', async () => {
  await using ladder = await climb({
    kernels: [{ id: 'notes', ...fast, restart: { ...fast.restart, stableMs: 2000 } }],
  })
  await regress(ladder)
  const recovered = ladder.until('kernel.recovered')
  await ladder.askUntilDown('find')
  await recovered
  ladder.edit('kernel.ts', (text) => `// changed\n${text}`)
  await ladder.runtime.kernel('notes').restart()
  const rejoined = ladder.until('kernel.rejoined')
  await codeOf(ladder.runtime.ref('notes').ask.find?.('al'))
  await rejoined
  await ladder.runtime.kernel('notes').quarantine()
  await ladder.until('hotfix.rolledBack', { seen: true })
  expect(ladder.runtime.playbooks.list('notes')).toMatchObject([{ trust: 'trusted', failures: 0 }])
})
