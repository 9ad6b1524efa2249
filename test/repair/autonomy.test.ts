/** What is applied without a person, and what a person's word covers. */
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { sha256 } from '../../src/base/hash.ts'
import type { KernelInput } from '../../src/index.ts'
import { makePatch } from '../../src/repair/patch.ts'
import { climb, fast, type Ladder, misspell, notesKernel } from '../five-steps/ladder.ts'

vi.mock(import('../../src/repair/language-service/child.ts'), async (original) =>
  (await import('../support/language-service.ts')).inThisProcess(original),
)

type Autonomy = NonNullable<NonNullable<KernelInput['repair']>['autonomy']>
/** Two crashes open the incident; long enough to crash in time, on probation too, on a busy machine. */
const patient = { max: 1, stableMs: 2500 }
const notes = (autonomy: Autonomy, restart: { max?: number; stableMs?: number } = {}) => [
  { id: 'notes', ...fast, restart: { ...fast.restart, ...restart }, repair: { autonomy } },
]

async function regress(ladder: Ladder): Promise<void> {
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  await ladder.until('snapshot.golden')
  ladder.edit('kernel.ts', misspell)
  await ladder.runtime.kernel('notes').restart()
}

/**
 * The code is bad from the start, the golden state empty, and with that the code is never reached: without a check two
 * remedies hold, one of them for whoever looks at what was edited since. The instance that crashed last started with a note, which is no message of its own.
 */
const badFromTheStart = { 'kernel.ts': misspell(notesKernel) }
async function failWithTwoRemedies(ladder: Ladder): Promise<string> {
  await ladder.until('snapshot.golden', { seen: true })
  ladder.edit('kernel.ts', (text) => `${text}// edited\n`)
  await ladder.runtime.kernel('notes').restart()
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  await ladder.until('snapshot.taken')
  await ladder.until('snapshot.taken')
  const parked = ladder.until('kernel.parked')
  await ladder.askUntilDown('find')
  await parked
  return openTasks(ladder)[0]?.id ?? ''
}

const applied = (ladder: Ladder) =>
  ladder.events.filter(({ type }) => type === 'hotfix.applied').map(({ agent }) => String(agent))
const openTasks = (ladder: Ladder) => ladder.runtime.journal.tasks({ kernel: 'notes', status: 'open' })

test('an approval covers the remedy that was seen: where that is refused now, the next one is suggested', async () => {
  await using ladder = await climb({ files: badFromTheStart, kernels: notes('suggest', patient) })
  const task = await failWithTwoRemedies(ladder)
  expect(openTasks(ladder)).toMatchObject([{ id: task, remedy: { agent: 'restore.state' } }])
  for (const file of globSync(join(ladder.folder, '.lazaret/snapshots/notes/*.snap'))) rmSync(file)
  expect(await ladder.runtime.approve(task)).toMatchObject({
    state: 'quarantined.parked',
    why: expect.stringContaining(`lazaret approve ${task}`),
  })
  expect(applied(ladder)).toEqual([])
  expect(openTasks(ladder)).toMatchObject([{ remedy: { agent: 'language-service' } }])
  await ladder.runtime.approve(task)
  expect(await ladder.until('kernel.recovered', { seen: true })).toMatchObject({ healedBy: 'code' })
})

test('an approval is one try: a remedy that crashes on probation is not applied again, and the next is suggested', async () => {
  await using ladder = await climb({ files: badFromTheStart, kernels: notes('suggest', patient) })
  const task = await failWithTwoRemedies(ladder)
  await ladder.runtime.approve(task)
  const parked = ladder.until('kernel.parked')
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  await expect(ladder.runtime.ref('notes').ask.find?.('on probation')).rejects.toMatchObject({ code: 'KERNEL_DOWN' })
  await parked
  expect(applied(ladder)).toEqual(['restore.state'])
  expect(openTasks(ladder)).toMatchObject([{ remedy: { agent: 'language-service' } }])
})

test('a proposal whose approval was refused, since a person has edited the file, waits for nobody any more', async () => {
  await using ladder = await climb({ kernels: notes('suggest') })
  await regress(ladder)
  const parked = ladder.until('kernel.parked')
  await ladder.askUntilDown('find')
  await parked
  const [task] = openTasks(ladder)
  expect(task?.remedy).toBeDefined()
  ladder.edit('kernel.ts', (text) => `${text}// edited\n`)
  expect(await ladder.runtime.approve(task?.id ?? '')).toMatchObject({ state: 'quarantined.parked' })
  const [after] = openTasks(ladder)
  expect(after).toMatchObject({ id: task?.id })
  expect(after).not.toHaveProperty('remedy')
  expect(after).not.toHaveProperty('expiresAt')
  await expect(ladder.runtime.approve(task?.id ?? '')).rejects.toMatchObject({
    code: 'COMMAND_REFUSED',
    message: expect.stringContaining('has no proved repair'),
  })
})

test('that an earlier approval was for the source files says nothing of a playbook that is run', async () => {
  await using ladder = await climb({ files: badFromTheStart, kernels: notes('suggest', patient) })
  await ladder.runtime.approve(await failWithTwoRemedies(ladder), { apply: 'source' })
  const parked = ladder.until('kernel.parked')
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  await expect(ladder.runtime.ref('notes').ask.find?.('on probation')).rejects.toMatchObject({ code: 'KERNEL_DOWN' })
  await parked
  const [{ fingerprint = '', phase } = {}] = ladder.runtime.journal.incidents({ kernel: 'notes' })
  const failure = { error: 'TypeError', phase }
  const bad = readFileSync(join(ladder.folder, 'kernel.ts'), 'utf8')
  const patch = makePatch('kernel.ts', bad, bad.replace('inclodes', 'includes'))
  const steps = [{ do: 'apply_patch', file: 'kernel.ts', preimage_sha256: sha256(bad), patch }]
  const one = { name: 'by-hand', fingerprint, failure, steps, why: 'A person wrote it.' }
  const changed = ladder.until('playbook.changed')
  const text = stringify({ version: 1, kernel: 'notes', playbooks: [one] })
  writeFileSync(join(ladder.folder, 'playbooks', 'notes_failure_remediation.yaml'), text)
  await changed
  const recovered = ladder.until('kernel.recovered')
  await ladder.runtime.playbooks.run('notes', 'by-hand')
  await recovered
  const [hotfix] = ladder.runtime.journal.hotfixes('notes')
  expect(hotfix).toMatchObject({ status: 'steady' })
  // What would be done with it once it is steady.
  expect(JSON.parse(readFileSync(hotfix?.file ?? '', 'utf8')).hotfix).not.toHaveProperty('apply')
})

test('autonomy playbook applies what was learnt; where that does not hold, a person is asked', async () => {
  const first = await climb({ keep: true })
  await regress(first)
  const recovered = first.until('kernel.recovered')
  await first.askUntilDown('find')
  await recovered
  await first.runtime.stop()
  const file = join(first.folder, 'playbooks', 'notes_failure_remediation.yaml')
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(
      /steps:[\s\S]*?\n {4}learnt:/,
      'steps:\n      - do: restore_config\n    learnt:',
    ),
  )
  first.edit('kernel.ts', (text) => text.replace('inclodes', 'includes'))

  await using second = await climb({ folder: first.folder, kernels: notes('playbook') })
  await second.until('snapshot.golden')
  second.edit('kernel.ts', (text) => `${misspell(text)}// again\n`)
  await second.runtime.kernel('notes').restart()
  const parked = second.until('kernel.parked')
  await second.askUntilDown('find')
  await parked
  expect(applied(second)).toEqual([])
  expect(openTasks(second)).toMatchObject([{ remedy: { agent: 'minimal-revert' } }])
})

test('a rejected remedy stays rejected, in a later process and when a person asks for a repair', async () => {
  const first = await climb({ keep: true, kernels: notes('suggest') })
  await regress(first)
  const parked = first.until('kernel.parked')
  await first.askUntilDown('find')
  await parked
  const [task] = openTasks(first)
  expect(await first.runtime.reject(task?.id ?? '')).toMatchObject({ why: 'a person rejected the proved repair' })
  await expect(first.runtime.approve(task?.id ?? '')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await first.runtime.stop()

  await using second = await climb({ folder: first.folder, kernels: notes('suggest') })
  expect(second.runtime.kernel('notes').status()).toMatchObject({ why: 'a person rejected the proved repair' })
  expect(await second.runtime.kernel('notes').repair()).toMatchObject({
    state: 'quarantined.parked',
    why: expect.stringContaining('tried before'),
  })
  expect(applied(second)).toEqual([])
})

test('while an approved repair is on probation the task takes no other word', async () => {
  await using ladder = await climb({ kernels: notes('suggest', patient) })
  await regress(ladder)
  const parked = ladder.until('kernel.parked')
  await ladder.askUntilDown('find')
  await parked
  const id = openTasks(ladder)[0]?.id ?? ''
  expect(await ladder.runtime.approve(id)).toMatchObject({ state: 'rejoined.probation' })
  const refused = { code: 'COMMAND_REFUSED', message: expect.stringContaining('is under way') }
  await expect(ladder.runtime.reject(id)).rejects.toMatchObject(refused)
  await expect(ladder.runtime.approve(id)).rejects.toMatchObject(refused)
  await ladder.until('kernel.recovered', { seen: true })
  expect(ladder.runtime.journal.task(id)).toMatchObject({ status: 'closed', outcome: 'healed by code' })
})
