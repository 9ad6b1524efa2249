/** The command agent with real little programs: what it is given, what it may reach, and that nothing of it is left. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import type { ProgramSpec } from '../../src/base/agents-spec.ts'
import { bubblewrapForAgents, wrapArguments } from '../../src/repair/agents/bubblewrap.ts'
import { makeCommandAgent, type ProgramAgentOptions } from '../../src/repair/agents/command.ts'
import { benchWithPool, processesNaming, waitUntil } from '../sandbox/bench.ts'
import type { Ill } from './broken.ts'
import { askAlone, averageCheck, averageKernel, badLine, goodLine, illOf } from './outside.ts'

/** Proofs ask it about types; its process has a test of its own. */
vi.mock(import('../../src/repair/language-service/child.ts'), async (original) =>
  (await import('../support/language-service.ts')).inThisProcess(original),
)

const { bench, pool } = benchWithPool()
let ill: Ill
beforeAll(async () => {
  ill = await illOf(bench, pool, 'average')
})
const isWrapped = bubblewrapForAgents().path !== undefined
afterEach(() => {
  delete process.env.LAZARET_TEST_SECRET
  delete process.env.LAZARET_TEST_GIVEN
})

let count = 0
/** @param body of a module; `mend(file, from, to)`, `fs`, `out(text)` are there. */
function program(body: string, ...args: string[]): string[] {
  count += 1
  const name = `programs/agent${count}.mjs`
  bench.write(
    name,
    `import fs from 'node:fs'
import { spawn } from 'node:child_process'
const out = (text) => fs.writeSync(1, text + '\\n')
const mend = (file, from, to) => fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(from, to))
${body}
`,
  )
  return [process.execPath, bench.path(name), ...args]
}

const mend = `mend('kernel.ts', ${JSON.stringify(badLine)}, ${JSON.stringify(goodLine)})`
const programs = () => bench.path('programs')

async function repairWith(run: readonly string[], more: Partial<ProgramSpec> = {}, options: ProgramAgentOptions = {}) {
  const spec = { run, env: [], bind: [programs()], minutes: 1, attempts: 2, ...more }
  const asked = await askAlone(bench, pool, ill, makeCommandAgent(spec, options))
  expect(processesNaming(programs())).toEqual([])
  return asked
}

const onDisk = async (file: string) => readFileSync(join(fileURLToPath(ill.input.kernelFolderUrl), file), 'utf8')

test('it is given the task as a file and on its standard input, and its diff is taken and proved', async () => {
  const run = program(
    `const task = fs.readFileSync(process.argv[2], 'utf8')
if (process.argv[3] !== process.cwd()) out('another folder: ' + process.argv[3])
if (fs.readFileSync(0, 'utf8') !== task) out('another task')
for (const text of ['# Repair the kernel \`patient\`', '- \`kernel.ts\`', 'data, not instruction', '2 attempts'])
  if (!task.includes(text)) out('the task lacks ' + text)
for (const file of ['kernel.ts', 'sum.ts', 'check.ts', 'evidence/error.json', 'evidence/kernel.log', 'evidence/messages.jsonl'])
  if (!fs.existsSync(file)) out('no ' + file)
out('token=abcdefghijklmnop0123456789')
fs.writeFileSync('notes.md', 'what I thought')
${mend}
out('I mended it')`,
    '{task}',
    '{workspace}',
  )
  const { outcome, progress } = await repairWith(run)
  expect(outcome).toMatchObject({
    remedy: { agent: 'command', steps: [{ file: 'kernel.ts' }] },
    verdict: { passed: true },
  })
  expect(outcome).toMatchObject({ remedy: { why: `${process.execPath}: I mended it` } })
  expect(progress[0]).toMatch(/^runs (?:in|without) bubblewrap/)
  expect(progress.slice(1)).toEqual(['token=[redacted]', 'I mended it', 'left out, as it is no source file: notes.md'])
  expect(await onDisk('kernel.ts')).toBe(averageKernel)
})

test('of the environment it has PATH, what is allowed by name, and a home of its own', async () => {
  process.env.LAZARET_TEST_SECRET = 'not for you'
  process.env.LAZARET_TEST_GIVEN = 'for you'
  const { progress } = await repairWith(
    program(`for (const [name, value] of Object.entries(process.env)) out(name + ' is ' + (name === 'PATH' ? 'set' : value))
fs.writeFileSync(process.env.HOME + '/a', '')
fs.writeFileSync(process.env.TMPDIR + '/a', '')
${mend}`),
    { env: ['LAZARET_TEST_GIVEN', 'LAZARET_TEST_NOT_THERE'] },
  )
  const names = progress
    .filter((line) => line.includes(' is '))
    .map((line) => line.split(' ')[0])
    .sort()
  expect(names).toEqual(expect.arrayContaining(['HOME', 'LAZARET_TEST_GIVEN', 'PATH', 'TMPDIR']))
  expect(names.filter((name) => name !== 'PWD')).toHaveLength(4)
  expect(progress).toContain('LAZARET_TEST_GIVEN is for you')
  expect(progress.find((line) => line.startsWith('HOME is '))).toMatch(/agents\/command\/home$/)
})

test('a program that ends badly, or is not there, is the end of its turn, with its last words', async () => {
  const bad = await repairWith(program(`process.stderr.write('no credits left\\n'); process.exit(3)`))
  expect(bad.reasons).toBe('command: the program ended with code 3; it said: no credits left')
  for (const bubblewrap of [true, false]) {
    const none = await repairWith(['no-such-program-here', '{task}'], {}, { bubblewrap })
    expect(none.reasons).toMatch(/^command: .*no-such-program-here/)
  }
})

test('no change, and changes that no repair may make, are refused with their reasons, and the next attempt hears why', async () => {
  const run = program(`const task = fs.readFileSync('TASK.md', 'utf8')
if (!task.includes('Attempt 1')) process.exit(0)
if (!task.includes('Attempt 2')) { out(task.includes('It changed nothing') ? 'heard 1' : ''); fs.rmSync('sum.ts'); process.exit(0) }
if (!task.includes('Attempt 3')) { out(task.includes('sum.ts was deleted') ? 'heard 2' : ''); fs.writeFileSync('new.ts', 'export {}\\n'); process.exit(0) }
if (!task.includes('Attempt 4')) { out(task.includes('did not load') ? 'heard 3' : ''); fs.writeFileSync('check.ts', ''); process.exit(0) }
if (!task.includes('Attempt 5')) { out(task.includes('the check is what judges') ? 'heard 4' : ''); fs.rmSync('sum.ts'); fs.symlinkSync('/etc/passwd', 'sum.ts'); process.exit(0) }
out(task.includes('is a link') ? 'heard 5' : '')
fs.appendFileSync('sum.ts', '// ' + 'x'.repeat(300_000) + '\\n')`)
  const { reasons, refused, progress } = await repairWith(run, { attempts: 6 })
  expect(progress.filter((line) => line.startsWith('heard'))).toEqual([
    'heard 1',
    'heard 2',
    'heard 3',
    'heard 4',
    'heard 5',
  ])
  expect(refused.map(({ refusal }) => refusal)).toEqual([
    'protected: The patch is for "new.ts", which the kernel did not load.',
    'protected: The patch to "check.ts" is refused: the check is what judges the repair.',
  ])
  expect(reasons).toContain('its 6 attempts are spent; attempt 1: It changed nothing.; attempt 2: sum.ts was deleted')
  expect(reasons).toContain('attempt 5: sum.ts is a link or a device')
  expect(reasons).toContain('attempt 6: sum.ts has grown to ')
  expect(reasons).not.toContain('root:')
  expect(await onDisk('check.ts')).toBe(averageCheck)
})

test('a program that ignores SIGTERM, with a child that does, is gone when its time is over', async () => {
  const stubborn = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`
  const run = program(`${stubborn}
spawn(process.execPath, ['-e', ${JSON.stringify(stubborn)}, ${JSON.stringify(programs())}], { stdio: 'inherit' })
out('here I stay')`)
  for (const bubblewrap of [true, false]) {
    const { reasons } = await repairWith(run, { minutes: 0.02 }, { bubblewrap })
    expect(reasons).toBe('command: its 0.02 minutes are over.')
  }
})

test('a child that its program left behind is ended with it, and its output does not hold the repair up', async () => {
  const lingering = `setInterval(() => {}, 1000)`
  const run =
    program(`spawn(process.execPath, ['-e', ${JSON.stringify(lingering)}, ${JSON.stringify(programs())}], { stdio: 'inherit' }).unref()
${mend}`)
  for (const bubblewrap of [true, false]) {
    const { outcome } = await repairWith(run, {}, { bubblewrap })
    expect(outcome).toMatchObject({ verdict: { passed: true } })
  }
})

test('an abort ends it at once', async () => {
  const abort = new AbortController()
  const run = program(`fs.writeFileSync('begun', ''); setInterval(() => {}, 1000)`)
  const spec = { run, env: [], bind: [programs()], minutes: 1, attempts: 1 }
  const asked = askAlone(bench, pool, ill, makeCommandAgent(spec), abort.signal)
  const ended = expect(asked).rejects.toThrow('stopped')
  await waitUntil(() => processesNaming(programs()).length > 0, 10_000, 'the start of the program')
  abort.abort(new Error('stopped'))
  await ended
  expect(processesNaming(programs())).toEqual([])
})

test('a flood of output is cut, and its end is kept', async () => {
  const { reasons, progress } = await repairWith(
    program(`for (let n = 0; n < 5000; n++) out('line ' + n + ' ' + 'y'.repeat(500))
fs.writeSync(1, 'z'.repeat(2_000_000) + '\\n')
out('the end')
process.exit(1)`),
  )
  expect(reasons).toBe('command: the program ended with code 1; it said: the end')
  expect(progress.length).toBeLessThanOrEqual(2000)
  expect(Math.max(...progress.map(({ length }) => length))).toBeLessThanOrEqual(200)
})

test.skipIf(!isWrapped)('a program that lies in a hidden folder itself does not uncover it', () => {
  const file = `${bench.root}.sh`
  writeFileSync(file, '')
  try {
    const args = wrapArguments([file], '/work', { writable: [], bind: [], hidden: [], path: '' })
    expect(args.join(' ')).toContain('--tmpfs /tmp')
    const bound = args.flatMap((arg, index) => (arg.startsWith('--ro-bind') ? [args[index + 1]] : []))
    expect(bound).toEqual(['/', file])
  } finally {
    rmSync(file)
  }
})

test.skipIf(!isWrapped)(
  'in bubblewrap it writes to its own folders only, and does not see home, /tmp and what is hidden',
  async () => {
    bench.write('secret/key.txt', 'a secret of the runtime')
    const outside = bench.path('outside.txt')
    const paths = [outside, '/etc/lazaret-test', join(programs(), 'x'), bench.path('average/kernel.ts')]
    const run = program(`const tries = {
${paths.map((path) => `  ${JSON.stringify(`write ${path}`)}: () => fs.writeFileSync(${JSON.stringify(path)}, 'x'),`).join('\n')}
  hidden: () => out(fs.readFileSync(${JSON.stringify(bench.path('secret/key.txt'))}, 'utf8')),
  home: () => out(fs.readdirSync(${JSON.stringify(process.env.HOME ?? '/root')}).includes('.bashrc') ? 'saw home' : 'empty home'),
}
for (const [name, attempt] of Object.entries(tries)) try { attempt() } catch (error) { out('refused ' + name + ' ' + error.code) }
fs.writeFileSync(process.env.TMPDIR + '/mine', '')
${mend}`)
    const { outcome, progress } = await repairWith(run, { bind: [bench.root] }, { hidden: [bench.path('secret')] })
    expect(outcome).toMatchObject({ verdict: { passed: true } })
    expect(progress.join('\n')).not.toContain('a secret')
    expect(progress).toContain('empty home')
    // Under /tmp it may write to what is its own and gone afterwards; the real file is not there.
    expect(existsSync(outside)).toBe(false)
    expect(existsSync('/etc/lazaret-test')).toBe(false)
    expect(await onDisk('kernel.ts')).toBe(averageKernel)
    expect(progress).toContain('refused write /etc/lazaret-test EROFS')
    expect(progress.some((line) => line.startsWith('refused hidden ENOENT'))).toBe(true)
  },
)
