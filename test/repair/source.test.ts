/** Repairs that hold are written into the source files: what is written, what is not, and what the kernel knows of it. */
import {
  chmodSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { climb, type Ladder, type LadderOptions, misspell, notesCheck, notesKernel } from '../five-steps/ladder.ts'
import { breakBoth, twoFiles } from './regress.ts'

vi.mock(import('../../src/repair/language-service/child.ts'), async (original) =>
  (await import('../support/language-service.ts')).inThisProcess(original),
)

/** A regression that is repaired by going back to the golden code. */
async function heal(ladder: Ladder, spoil: (ladder: Ladder) => void): Promise<void> {
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  await ladder.until('snapshot.golden')
  spoil(ladder)
  await ladder.runtime.kernel('notes').restart()
  const recovered = ladder.until('kernel.recovered')
  await ladder.askUntilDown('find')
  await recovered
}

const hotfixes = (ladder: Ladder) => ladder.runtime.journal.hotfixes('notes').map(({ status }) => status)
const read = (ladder: Ladder, file: string) => readFileSync(join(ladder.folder, file), 'utf8')
const drifts = (ladder: Ladder) => ladder.types().filter((type) => type === 'config.drifted')

async function wrote(
  options: LadderOptions,
  spoil: (ladder: Ladder) => void,
  after: (ladder: Ladder) => Promise<void>,
) {
  await using ladder = await climb({ integrityEveryMs: 50, ...options })
  await heal(ladder, spoil)
  const event = await ladder.until('hotfix.written', { seen: true })
  await after(ladder)
  return event
}

test('with apply source a repair that held is in the files, and the kernel runs on without a restart or drift', async () => {
  const event = await wrote(
    { apply: 'source', files: twoFiles },
    ({ edit }) => breakBoth(edit),
    async (ladder) => {
      const before = ladder.runtime.kernel('notes').status().starts
      expect(read(ladder, 'kernel.ts')).toBe(twoFiles['kernel.ts'])
      expect(read(ladder, 'match.ts')).toBe(twoFiles['match.ts'])
      expect(hotfixes(ladder)).toEqual(['written'])
      expect(ladder.runtime.kernel('notes').status()).not.toHaveProperty('hotfix')
      await ladder.until('snapshot.golden')
      const drifted = drifts(ladder).length
      // The edit was drift until the restart took it; what the repair wrote is none.
      await ladder.until('snapshot.golden')
      expect(drifts(ladder)).toHaveLength(drifted)
      expect(ladder.runtime.kernel('notes').status()).not.toHaveProperty('findings')
      expect(ladder.runtime.kernel('notes').status().starts).toEqual(before)
      expect(await ladder.runtime.ref('notes').ask.find?.('alp')).toBe(1)
      expect(await ladder.runtime.kernel('notes').restart()).not.toHaveProperty('hotfix')
      expect(ladder.types().slice(-30)).not.toContain('hotfix.dropped')
      expect(await ladder.runtime.ref('notes').ask.find?.('alp')).toBe(1)
      expect(readdirSync(join(ladder.folder, '.lazaret/hotfixes')).filter((name) => name.includes('writing'))).toEqual(
        [],
      )
      expect(readdirSync(ladder.folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
    },
  )
  expect(event).toMatchObject({ left: [], agent: 'restore.code' })
  expect(event.written).toHaveLength(2)
})

test('nothing unproven is in the files: while the repair is on probation they are as they were', async () => {
  await using ladder = await climb({ apply: 'source' })
  let onProbation = ''
  ladder.runtime.on('event', ({ type }) => {
    if (type === 'kernel.rejoined') onProbation = read(ladder, 'kernel.ts')
  })
  await heal(ladder, () => ladder.edit('kernel.ts', misspell))
  expect(onProbation).toContain('inclodes')
  await ladder.until('hotfix.written', { seen: true })
  expect(read(ladder, 'kernel.ts')).toBe(notesKernel)
})

test('CRLF line ends and the mode of a file are kept', async () => {
  const files = { 'kernel.ts': notesKernel.replaceAll('\n', '\r\n'), 'check.ts': notesCheck }
  const spoil = (ladder: Ladder) => {
    ladder.edit('kernel.ts', misspell)
    chmodSync(join(ladder.folder, 'kernel.ts'), 0o750)
  }
  await wrote({ apply: 'source', files }, spoil, async (ladder) => {
    expect(read(ladder, 'kernel.ts')).toBe(files['kernel.ts'])
    expect(statSync(join(ladder.folder, 'kernel.ts')).mode & 0o777).toBe(0o750)
  })
})

/** What is wrong with the file, what is said of it, and how it is put right again. */
const obstacles: readonly [string, (path: string) => void, RegExp, (path: string) => void][] = [
  [
    'a file that a person has changed',
    (path) => writeFileSync(path, `${readFileSync(path)}// mine\n`),
    /changed|not run/,
    (path) => writeFileSync(path, readFileSync(path, 'utf8').replace('// mine\n', '')),
  ],
  ['a read-only file', (path) => chmodSync(path, 0o444), /read-only/, (path) => chmodSync(path, 0o644)],
  [
    'a file that is a symbolic link by now',
    (path) => {
      renameSync(path, `${path}.real`)
      symlinkSync(`${path}.real`, path)
    },
    /symbolic link/,
    (path) => renameSync(`${path}.real`, path),
  ],
  [
    'a file with a second name',
    (path) => linkSync(path, `${path}.other`),
    /hard link/,
    (path) => rmSync(`${path}.other`),
  ],
  [
    'a file that is gone',
    (path) => renameSync(path, `${path}.gone`),
    /gone/,
    (path) => renameSync(`${path}.gone`, path),
  ],
]

test('what is in the way of one file keeps the other from being touched: it is said, and the hotfix stays an overlay', async () => {
  await using ladder = await climb({ files: twoFiles })
  await heal(ladder, ({ edit }) => breakBoth(edit))
  const [hotfix] = ladder.runtime.journal.hotfixes('notes')
  await ladder.until('snapshot.golden')
  const kernelBefore = read(ladder, 'kernel.ts')
  const path = join(ladder.folder, 'match.ts')
  for (const [name, obstruct, why, clear] of obstacles) {
    obstruct(path)
    const told = ladder.until('hotfix.written')
    const taken = await ladder.runtime.hotfixes.apply(hotfix?.id ?? '')
    expect(taken, name).toMatchObject({ written: [], left: [{ why: expect.stringMatching(why) }] })
    expect(await told, name).toMatchObject({ left: [{ file: path }] })
    expect(read(ladder, 'kernel.ts'), name).toBe(kernelBefore)
    expect(hotfixes(ladder), name).toEqual(['steady'])
    expect(await ladder.runtime.ref('notes').ask.find?.('alp'), name).toBe(1)
    clear(path)
  }
  // With nothing in the way any more both are written.
  expect(await ladder.runtime.hotfixes.apply(hotfix?.id ?? '')).toMatchObject({ left: [] })
  expect(read(ladder, 'match.ts')).toBe(twoFiles['match.ts'])
})

test('a steady hotfix is taken over by command, and a later start has no use for it', async () => {
  const first = await climb({ keep: true })
  await heal(first, () => first.edit('kernel.ts', misspell))
  expect(read(first, 'kernel.ts')).toContain('inclodes')
  const [row] = first.runtime.journal.hotfixes('notes')
  expect(await first.runtime.hotfixes.apply(row?.id ?? '')).toMatchObject({ left: [] })
  expect(read(first, 'kernel.ts')).toBe(notesKernel)
  await expect(first.runtime.hotfixes.apply(row?.id ?? '')).rejects.toMatchObject({ code: 'COMMAND_REFUSED' })
  await first.runtime.stop()
  await using second = await climb({ folder: first.folder })
  expect(second.types()).not.toContain('hotfix.dropped')
  expect(second.runtime.kernel('notes').status()).not.toHaveProperty('hotfix')
  expect(await second.runtime.ref('notes').ask.find?.('alp')).toBe(1)
})

test('a hotfix that a person brings into the files by its diff is in force by these, and listed as written', async () => {
  await using ladder = await climb()
  await heal(ladder, () => ladder.edit('kernel.ts', misspell))
  expect(ladder.runtime.kernel('notes').status()).toHaveProperty('hotfix')
  ladder.edit('kernel.ts', () => notesKernel)
  const told = ladder.until('hotfix.written')
  expect(await ladder.runtime.kernel('notes').restart()).not.toHaveProperty('hotfix')
  expect(await told).toMatchObject({ left: [], written: [join(ladder.folder, 'kernel.ts')] })
  expect(hotfixes(ladder)).toEqual(['written'])
  expect(ladder.types()).not.toContain('hotfix.dropped')
  expect(await ladder.runtime.ref('notes').ask.find?.('alp')).toBe(1)
})

test('of a hotfix that a person has mended otherwise nothing is in force, and the status names none', async () => {
  await using ladder = await climb()
  await heal(ladder, () => ladder.edit('kernel.ts', misspell))
  ladder.edit('kernel.ts', () => `${notesKernel}// in my own way\n`)
  expect(await ladder.runtime.kernel('notes').restart()).not.toHaveProperty('hotfix')
  expect(await ladder.runtime.ref('notes').ask.find?.('alp')).toBe(1)
})

test('an approval may say that its repair goes into the files', async () => {
  await using ladder = await climb({ kernels: [{ id: 'notes', repair: { autonomy: 'suggest' } }] })
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  await ladder.until('snapshot.golden')
  ladder.edit('kernel.ts', misspell)
  await ladder.runtime.kernel('notes').restart()
  const parked = ladder.until('kernel.parked')
  await ladder.askUntilDown('find')
  await parked
  const [task] = ladder.runtime.journal.tasks({ status: 'open' })
  await ladder.runtime.approve(task?.id ?? '', { apply: 'source' })
  await ladder.until('hotfix.written', { seen: true })
  expect(read(ladder, 'kernel.ts')).toBe(notesKernel)
})

test('a configuration is not written: what is left of its hotfix stays in force', async () => {
  const spoilt = (prefix: unknown) => [{ id: 'notes', config: { prefix } }]
  const first = await climb({ keep: true, kernels: spoilt('n') })
  await first.until('snapshot.golden', { seen: true })
  await first.runtime.stop()
  // A bad configuration is mended first, then the code: the second hotfix has both in it.
  await using second = await climb({ folder: first.folder, apply: 'source', kernels: spoilt(5) })
  await second.until('kernel.recovered', { seen: true })
  expect(second.types()).not.toContain('hotfix.written')
  await heal(second, () => second.edit('kernel.ts', misspell))
  await second.until('hotfix.written', { seen: true })
  expect(read(second, 'kernel.ts')).toBe(notesKernel)
  expect(hotfixes(second)).toEqual(['steady', 'written'])
  await second.runtime.kernel('notes').restart()
  expect(await second.runtime.ref('notes').ask.find?.('alp')).toBe(1)
  expect(second.types()).not.toContain('damage.found')
})

test('a hotfix is taken back by a person: the kernel starts anew without it, and its playbook is suspended', async () => {
  await using ladder = await climb()
  await heal(ladder, () => ladder.edit('kernel.ts', misspell))
  const [row] = ladder.runtime.journal.hotfixes('notes')
  const told = ladder.until('hotfix.rolledBack')
  const after = await ladder.runtime.hotfixes.revert(row?.id ?? '')
  expect(await told).toMatchObject({ by: 'person', hotfix: row?.id })
  expect(after.state).toMatch(/^running/)
  expect(after).not.toHaveProperty('hotfix')
  expect(hotfixes(ladder)).toEqual(['rolledBack'])
  expect(ladder.runtime.playbooks.list('notes')).toMatchObject([{ trust: 'suspended' }])
  await expect(ladder.runtime.ref('notes').ask.find?.('alp')).rejects.toMatchObject({ code: 'KERNEL_DOWN' })
  await expect(ladder.runtime.hotfixes.revert(row?.id ?? '')).rejects.toMatchObject({ code: 'COMMAND_REFUSED' })
  await expect(ladder.runtime.hotfixes.revert('fix_none')).rejects.toMatchObject({ code: 'NOT_FOUND' })
})
