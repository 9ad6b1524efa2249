/** From a crash in a real runtime to a test that fails, by the real command line and the real vitest. */
import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { encodeReplay, readEvidence } from '../../src/diagnostics/replay.ts'
import { climb, fast } from '../five-steps/ladder.ts'
import { processesNaming } from '../sandbox/bench.ts'
import { isWhole } from '../support/whole.ts'
import { cli, type Ended, start } from './cli.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const good = `import { defineKernel } from 'lazaret/kernel'
import { nameOf } from './names.ts'

export default defineKernel({
  start(ctx: any) {
    const notes: Map<string, any> = new Map(ctx.restored ?? [])
    return {
      api: {
        put(id: string, note: unknown) {
          notes.set(nameOf(id), note)
          return notes.size
        },
        async report(token: string) {
          const unit: string = await ctx.ref('units').ask.now('length')
          return [...notes.values()].map((note) => note.size?.width + unit + token.length)
        },
        spin(by: { token: string }) {
          while (by.token === 'hunter2') continue
          return by.token.length
        },
      },
      snapshot: () => [...notes],
    }
  },
})
`
const units = `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start: () => ({ api: { now: (what: string) => what.slice(0, 1), other: () => 1 } }) })
`
const files = {
  'kernel.ts': good.replace('size?.width', 'size.width'),
  'names.ts': 'export const nameOf = (id: string) => id.toLowerCase()\n',
  'units.ts': units,
}

const observed = { ...fast, restart: { max: 0, stableMs: 500 }, repair: { autonomy: 'observe' } } as const
const config = { unit: 'cm', apiKey: 'ak-0123456789' }
const [notes, second] = ['notes', 'second'].map((id) => ({ id, entry: 'kernel.ts', config, ...observed }))
const kernels = [{ id: 'units', entry: 'units.ts' }, ...[notes, second].map((kernel) => kernel ?? { id: 'none' })]

/** One that has failed; each test may do with its copy of the folder's files what it likes, and puts them back. */
let folder = ''
let incident = ''
let evidence = ''
/** The same kernel, hung by a message whose argument looks like a secret. */
let hung = ''

const temporary = () => readdirSync(tmpdir()).filter((name) => /^lazaret-(?:incident|replay)-/.test(name))
const before = temporary()

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lazaret-crash-'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  await using ladder = await climb({ folder, kernels, keep: true })
  const asked = ladder.runtime.ref('notes').with({ deadlineMs: 10_000 })
  for (let index = 0; index < 6; index++) await asked.ask.put?.(`Fine ${index}`, { size: { width: index } })
  await asked.ask.report?.('x')
  await asked.ask.put?.('Odd', { colour: 'red' })
  for (let index = 6; index < 9; index++) await asked.ask.put?.(`Fine ${index}`, { size: { width: index } })
  await asked.ask.report?.('token=abcdefgh12345678').catch(() => undefined)
  incident = String((await ladder.until('kernel.parked', { kernel: 'notes', seen: true })).incident)
  await ladder.runtime
    .ref('second')
    .with({ deadlineMs: 10_000 })
    .ask.spin?.({ token: 'hunter2' })
    .catch(() => undefined)
  hung = String((await ladder.until('kernel.parked', { kernel: 'second', seen: true })).incident)
  evidence = ladder.runtime.journal.incident(incident)?.folder ?? ''
})

afterAll(() => {
  expect(processesNaming(folder)).toEqual([])
  expect(temporary()).toEqual(before)
  rmSync(folder, { recursive: true, force: true })
})

const replay = (...args: string[]) => cli(folder, 'replay', ...args)
const errorOf = ({ code, stderr }: Ended) => ({ code, error: stderr.split('\n')[0] ?? '' })

/** Vitest itself, on files of the folder. */
function vitest(file: string): Promise<{ code: number; output: string }> {
  const link = join(folder, 'node_modules')
  if (!existsSync(link)) symlinkSync(join(root, 'node_modules'), link)
  const config = join(folder, 'vitest.config.mjs')
  const alias = { 'lazaret/testing': join(root, 'src/testing/index.ts') }
  writeFileSync(config, `export default ${JSON.stringify({ resolve: { alias }, test: { watch: false } })}`)
  const { VITEST: _, VITEST_POOL_ID: __, VITEST_WORKER_ID: ___, NODE_ENV: ____, ...env } = process.env
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder, '--config', config, file]
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: folder, env: { ...env, NO_COLOR: '1' } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr })
    })
  })
}

test('the failure happens again, and the two messages of twelve that it needs are named', async () => {
  const { code, stdout, stderr } = await replay(incident)
  expect(stderr).toBe('')
  expect(stdout.split('\n').map((line) => line.trimEnd())).toEqual([
    `${incident}  notes`,
    "  error       TypeError: Cannot read properties of undefined (reading 'width') (phase message)",
    '  reproduced  yes',
    "  sandbox     TypeError: Cannot read properties of undefined (reading 'width'), at message 12",
    '  messages    2 of 12 are enough:',
    '           1  put("Odd", {"colour":"red"})',
    '           2  report("token=[redacted]")',
    expect.stringMatching(/^ {2}cost {8}\d+ runs, [\d.]+ s of sandbox, isolation \S+$/),
    '',
    `To keep it as a test: lazaret replay ${incident} --write-test`,
    '',
  ])
  expect(code).toBe(0)
})

test('it is the same while a runtime is there, which hears nothing of it', async () => {
  await using ladder = await climb({ folder, kernels, keep: true })
  const seen = ladder.events.length
  const live = await replay(incident, '--all')
  expect(live).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('reproduced  yes') })
  const heard = ladder.events.slice(seen).filter(({ kernel }) => kernel === 'notes')
  expect(heard).toEqual([])
})

test('as JSON it has the same, and with --all nothing is looked for', async () => {
  const { code, stdout } = await replay(incident, '--json', '--all')
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ incident, kernel: 'notes', reproduced: true, at: 11, changed: [], messages: { recorded: 12 } },
    sandbox: { runs: 1 },
  })
  expect(code).toBe(0)
})

test('the code is run as it was then, and it is said that the present one does not fail any more', async () => {
  writeFileSync(join(folder, 'kernel.ts'), good)
  try {
    const { code, stdout } = await replay(incident)
    expect(code).toBe(0)
    expect(stdout).toContain('reproduced  yes')
    expect(stdout).toContain('kernel.ts; run here as it was then')
    expect(stdout).toContain('the files on disk do not fail')
    expect(stdout).toContain('The present code does not fail any more. To keep it as a test')
  } finally {
    writeFileSync(join(folder, 'kernel.ts'), files['kernel.ts'])
  }
})

test('the written test is red while the defect is there, and green when it is mended', {
  timeout: 120_000,
}, async () => {
  const { code, stdout } = await replay(incident, '--write-test')
  const file = join(folder, 'test', `notes_${incident}.test.ts`)
  expect(code).toBe(0)
  expect(stdout).toContain(`test/notes_${incident}.test.ts (2 values that look like secrets struck out`)
  expect(stdout).toContain('It holds recorded values: look whether they may be in your repository.')
  const text = readFileSync(file, 'utf8')
  expect(text.slice(text.indexOf('import'))).toBe(`import { replayKernel } from 'lazaret/testing'
import { test } from 'vitest'

test('notes survives report() (was TypeError: Cannot read properties of undefined (reading \\'width\\'))', { timeout: 60_000 }, async () => {
  // It resolves with the answers in their order: add what they have to be.
  await replayKernel({
    entry: new URL('../kernel.ts', import.meta.url),
    kernel: 'notes',
    config: { unit: 'cm', apiKey: '[redacted]' },
    messages: [
      { method: 'put', args: ['Odd', { colour: 'red' }] },
      { method: 'report', args: ['token=[redacted]'] },
    ],
    replies: [{ to: 'units', method: 'now', args: ['length'], value: 'l' }],
  })
})
`)
  const red = await vitest(file)
  expect(red).toMatchObject({ code: 1, output: expect.stringContaining("reading 'width'") })
  writeFileSync(join(folder, 'kernel.ts'), good)
  try {
    const green = await vitest(file)
    expect(green).toMatchObject({ code: 0, output: expect.stringContaining('1 passed') })
  } finally {
    writeFileSync(join(folder, 'kernel.ts'), files['kernel.ts'])
  }

  const again = await replay(incident, '--write-test')
  expect(errorOf(again)).toEqual({ code: 2, error: `error: ${file} is there already, and is not written over.` })
  const elsewhere = await replay(incident, '--write-test', 'deep/er/other.test.js', '--exact')
  expect(elsewhere.code).toBe(0)
  const exact = readFileSync(join(folder, 'deep/er/other.test.js'), 'utf8')
  expect(exact).toContain("new URL('../../kernel.ts', import.meta.url)")
  expect(exact).toContain("'token=abcdefgh12345678'")
})

test.runIf(isWhole)(
  'a hang is one too; where the failure needs what looks like a secret, nothing is written but with --exact',
  {
    timeout: 120_000,
  },
  async () => {
    const shown = await replay(hung, '--json')
    expect(JSON.parse(shown.stdout)).toMatchObject({ reproduced: true, messages: { recorded: 1, isMinimal: true } })
    expect(JSON.parse(shown.stdout).messages.shortest).toMatchObject([
      { method: 'spin', args: [{ token: '[redacted]' }] },
    ])
    const refused = await replay(hung, '--write-test', 'hung.test.ts')
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('as they are: --exact') })
    expect(existsSync(join(folder, 'hung.test.ts'))).toBe(false)
    const { code, stdout } = await replay(hung, '--write-test', 'hung.test.ts', '--exact')
    expect(code).toBe(0)
    expect(stdout).toContain('1 of 1 is enough:\n           1  spin({"token":"[redacted]"})')
    const red = await vitest(join(folder, 'hung.test.ts'))
    expect(red).toMatchObject({ code: 1, output: expect.stringContaining('still busy with message 0, spin()') })
  },
)

test('evidence that cannot be used is an error of its own each', async () => {
  const path = join(evidence, 'replay.bin')
  const bytes = readFileSync(path)
  const { folder: _, ...found } = readEvidence(evidence, Date.now())
  expect(found.ran).toEqual({
    entryUrl: pathToFileURL(join(folder, 'kernel.ts')).href,
    ...{ crashOn: 'defects', heapMb: expect.any(Number), startMs: expect.any(Number) },
  })
  try {
    writeFileSync(path, encodeReplay(found, Date.now() - 1))
    expect(errorOf(await replay(incident))).toEqual({
      code: 2,
      error: expect.stringContaining('replay.bin expired at'),
    })

    writeFileSync(path, Buffer.concat([bytes.subarray(0, -4), Buffer.from('xxxx')]))
    const damaged = { code: 2, error: expect.stringContaining('its content does not match its hash') }
    expect(errorOf(await replay(incident))).toEqual(damaged)

    const { ran: _ran, ...earlier } = found
    writeFileSync(path, encodeReplay(earlier, Date.now() + limits.replayExpiryMs))
    const old = { code: 2, error: expect.stringContaining('does not say how the kernel was run: an earlier version') }
    expect(errorOf(await replay(incident))).toEqual(old)

    rmSync(path)
    const gone = { code: 2, error: expect.stringContaining('exact messages are kept for 7 days, and deleted then.') }
    expect(errorOf(await replay(incident))).toEqual(gone)
  } finally {
    writeFileSync(path, bytes)
  }
})

test('evidence that was moved away is looked for where the user says', async () => {
  const moved = join(folder, 'moved')
  renameSync(evidence, moved)
  try {
    const lost = await replay(incident)
    expect(lost.stderr).toContain(
      `is no longer in ${evidence}.\nWhere it was moved, say so: lazaret replay ${incident} --evi`,
    )
    expect(lost.code).toBe(2)
    expect((await replay(incident, '--evidence', moved, '--all')).code).toBe(0)
    const other = await replay('inc_other', '--evidence', moved)
    expect(errorOf(other)).toEqual({
      code: 2,
      error: expect.stringContaining(`is the evidence of ${incident}, and not of`),
    })
  } finally {
    renameSync(moved, evidence)
  }
})

test('a file that is gone is named, and an incident that never was is none', async () => {
  renameSync(join(folder, 'names.ts'), join(folder, 'names.away'))
  try {
    const gone = { code: 2, error: expect.stringContaining(`Gone since the failure: ${join(folder, 'names.ts')}.`) }
    expect(errorOf(await replay(incident))).toEqual(gone)
  } finally {
    renameSync(join(folder, 'names.away'), join(folder, 'names.ts'))
  }
  expect(errorOf(await replay('inc_none'))).toEqual({ code: 2, error: 'error: There is no incident inc_none.' })
})

test('Ctrl-C ends it, and nothing is left', async () => {
  const running = start(folder, 'replay', hung)
  await until(() => processesNaming(folder).length > 0)
  running.process.kill('SIGINT')
  expect(await running.ended).toMatchObject({ code: 130, stdout: '', stderr: 'Stopped; nothing is left of it.\n' })
  expect(processesNaming(folder)).toEqual([])
  expect(temporary()).toEqual(before)
})

async function until(holds: () => boolean): Promise<void> {
  const endsAt = Date.now() + 15_000
  while (!holds()) {
    if (Date.now() > endsAt) throw new Error('It did not happen within 15 s.')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
