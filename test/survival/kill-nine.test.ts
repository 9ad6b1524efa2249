/** Supervision outlives the process: kill -9 of the host at each point of the ladder, and the next start goes on. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openJournalReadOnly } from '../../src/journal/reader.ts'
import { notesCheck, notesKernel } from '../five-steps/ladder.ts'
import { twoFiles } from '../repair/regress.ts'
import { isWhole } from '../support/whole.ts'

const host = fileURLToPath(new URL('./host.ts', import.meta.url))

/** Each point is two processes of some seconds: those at which the most can be half done are tried in every run. */
const tried = (all: readonly string[], always: readonly string[]) =>
  all.filter((one) => isWhole || always.includes(one))

/** In the order in which the ladder passes them. */
const allPoints = [
  'kernel.crashed#1',
  'incident.opened',
  'diagnostics.captured',
  'kernel.quarantined',
  'repair.proposed',
  'repair.verified',
  'the hotfix is written and its row is not',
  'the row is written and the kernel has not rejoined',
  'hotfix.applied',
  'kernel.rejoined',
  'playbook.generated',
  'playbook.trusted',
  'incident.resolved',
]
const points = tried(allPoints, [
  ...['the hotfix is written and its row is not', 'kernel.rejoined', 'playbook.generated'],
])

const allSourcePoints = [
  'what is to be written into the files is known, and the journal does not know of it',
  'the journal knows that files are written, and none is',
  'the first of two source files is written',
  'the second of two source files is about to be put in place',
  'both source files are written, and the journal does not know',
  'hotfix.written',
]
const sourcePoints = tried(allSourcePoints, [
  ...['the journal knows that files are written, and none is', 'the first of two source files is written'],
])

function run(folder: string, ...args: string[]): Promise<{ signal: string | null; out: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [host, folder, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.setEncoding('utf8')
    child.stdout.on('data', (text: string) => {
      out += text
    })
    child.on('error', reject)
    child.on('close', (_code, signal) => resolve({ signal, out }))
  })
}

function leftOvers(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names.filter((name) => /\.tmp|\.writing\.json|\/repair\/./.test(`/${name}`))
}

/** The tests run side by side, so each has its folder until its own end. */
function placeWith(files: Readonly<Record<string, string>>): Disposable & { readonly folder: string } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lazaret-kill-')))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

async function killed(folder: string, point: string, ...more: string[]): Promise<void> {
  const { signal, out } = await run(folder, point, ...more)
  expect(signal, `the host died at ${point}: ${out}`).toBe('SIGKILL')
}

/** The next start, to its end: what it says of itself. Whatever the point, the kernel is well and nothing is left over. */
async function healed(folder: string, apply = 'hotfix') {
  const { signal, out } = await run(folder, 'none', 'resume', apply)
  expect(signal).toBeNull()
  const told = JSON.parse(out)
  expect(told.late, out).toBeUndefined()
  expect(told.resumed.why.length).toBeGreaterThan(10)
  expect(told.status.state).toMatch(/^running/)
  expect(told.found).toBe(1)
  expect(told.incidents.filter((status: string) => status === 'open')).toEqual([])
  expect(told.hotfixes.filter((status: string) => /probation|writing/.test(status))).toEqual([])
  for (const name of ['.lazaret', '.quarantine']) expect(leftOvers(join(folder, name))).toEqual([])
  return told
}

test.concurrent.each(points)(
  'after kill -9 at %s the next start explains the kernel and heals it',
  async (point) => {
    using place = placeWith({ 'kernel.ts': notesKernel, 'check.ts': notesCheck })
    const { folder } = place
    await killed(folder, point, 'break')
    const told = await healed(folder)
    expect(told.healedBy).not.toContain('person')
    expect(told.playbooks).toEqual([{ trust: 'trusted', successes: 1 }])
    // The user's file is as the user left it; the fix is in the hotfix.
    expect(readFileSync(join(folder, 'kernel.ts'), 'utf8')).toContain('inclodes')
  },
  300_000,
)

test.concurrent.each(sourcePoints)(
  'after kill -9 when %s each file is whole, and the next start has all of them mended',
  async (point) => {
    using place = placeWith(twoFiles)
    const { folder } = place
    await killed(folder, point, 'break', 'source')
    for (const name of ['kernel.ts', 'match.ts'] as const) {
      const text = readFileSync(join(folder, name), 'utf8')
      const broken = twoFiles[name]
        .replace('text.includes', 'text.inclodes')
        .replace('matches(text, ', 'matches(text.trym(), ')
      expect([twoFiles[name], broken]).toContain(text)
    }
    const told = await healed(folder, 'source')
    for (const name of ['kernel.ts', 'match.ts'] as const) {
      expect(readFileSync(join(folder, name), 'utf8')).toBe(twoFiles[name])
    }
    expect(told.hotfixes).toEqual(['written'])
    expect(told.status).not.toHaveProperty('findings')
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  },
  300_000,
)

test.concurrent('a file that a person changes after kill -9 between two files is theirs, and the other is put back', async () => {
  using place = placeWith(twoFiles)
  const { folder } = place
  await killed(folder, 'the first of two source files is written', 'break', 'source')
  const isBroken = (name: string) => /inclodes|trym/.test(readFileSync(join(folder, name), 'utf8'))
  const [written, waiting] = isBroken('kernel.ts') ? ['match.ts', 'kernel.ts'] : ['kernel.ts', 'match.ts']
  expect([isBroken(written), isBroken(waiting)]).toEqual([false, true])
  const mine = `${readFileSync(join(folder, waiting), 'utf8')}// mine\n`
  writeFileSync(join(folder, waiting), mine)
  // It is killed when it has dealt with that, and before the kernel loads anything.
  await killed(folder, 'hotfix.written', 'resume', 'source')
  expect(isBroken(written)).toBe(true)
  expect(readFileSync(join(folder, waiting), 'utf8')).toBe(mine)
  const journal = openJournalReadOnly(join(folder, '.lazaret'))
  expect(journal.hotfixes('notes').map(({ status }) => status)).toEqual(['steady'])
  journal.close()
  expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
}, 300_000)

const rollBacks = ['a repair did not hold, and the journal does not know', 'hotfix.rolledBack']

test.concurrent.each(rollBacks)(
  'after kill -9 when %s the kernel is mended in another way',
  async (point) => {
    using place = placeWith({ 'kernel.ts': notesKernel })
    const { folder } = place
    await killed(folder, point, 'break')
    const told = await healed(folder)
    expect(told.hotfixes.at(-1)).toBe('rolledBack')
    expect(told.healedBy).toContain('code')
    expect(readFileSync(join(folder, 'kernel.ts'), 'utf8')).toContain('inclodes')
  },
  300_000,
)

test.concurrent('kill -9 of the start that follows, before the kernel has its turn, changes nothing', async () => {
  using place = placeWith({ 'kernel.ts': notesKernel, 'check.ts': notesCheck })
  const { folder } = place
  await killed(folder, 'kernel.rejoined', 'break')
  const stateOf = () => {
    const journal = openJournalReadOnly(join(folder, '.lazaret'))
    const [row] = journal.kernelRows()
    journal.close()
    return row?.state
  }
  const before = stateOf()
  expect(before).toMatch(/^rejoined/)
  await killed(folder, 'kernel.resumed', 'resume')
  expect(stateOf()).toBe(before)
  const told = await healed(folder)
  expect(told.hotfixes).toEqual(['steady'])
}, 300_000)
