/** `lazaret task`: what is shown, the folder that is handed over, and how a repair is handed in. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loaded } from '../../src/cli/mcp.ts'
import { ControlClient } from '../../src/control/client.ts'
import { brokenRate, mendedRate, parked, rateDiff, wrongDiff } from '../repair/priced.ts'
import { cli, cliMany } from './cli.ts'

test('a person takes the folder, mends it there and hands it in', { timeout: 120_000 }, async () => {
  const place = await parked('observe', { keep: true })
  const { ladder, task } = place
  const { folder } = ladder
  try {
    const shown = await cli(folder, 'task', task)
    expect(shown).toMatchObject({ code: 0, stderr: '' })
    for (const part of ['prices (quarantined.parked', 'open', place.incident, `lazaret task ${task} --workspace`])
      expect(shown.stdout).toContain(part)

    const handed = await cli(folder, 'task', task, '--workspace', 'mended')
    expect(handed).toMatchObject({ code: 0, stdout: expect.stringContaining(`--submit mended`) })
    const mended = (name: string) => join(folder, 'mended', name)
    expect(readdirSync(join(folder, 'mended')).sort()).toEqual([
      'TASK.md',
      'check.ts',
      'evidence',
      'kernel.ts',
      'rate.ts',
    ])
    expect(readFileSync(mended('rate.ts'), 'utf8')).toBe(brokenRate)
    expect(statSync(mended('rate.ts')).mode & 0o777).toBe(0o600)
    expect(readFileSync(mended('TASK.md'), 'utf8')).toContain('# Repair the kernel `prices`')

    writeFileSync(mended('rate.ts'), brokenRate.replace('config.ratse.plain', '0'))
    const refused = await cli(folder, 'task', task, '--submit', 'mended')
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringContaining('failed  check') })
    expect(refused.stdout).toContain('It does not hold, and nothing was changed.')

    writeFileSync(mended('rate.ts'), mendedRate)
    writeFileSync(mended('notes.txt'), 'mine')
    const recovered = ladder.until('kernel.recovered')
    const done = await cli(folder, 'task', task, '--submit', 'mended', '--why', 'rates was misspelt')
    expect(done).toMatchObject({ code: 0, stderr: '' })
    for (const part of ['Left out, as it is no source file: notes.txt', 'passed  red before', 'applied on probation'])
      expect(done.stdout).toContain(part)
    expect(await recovered).toMatchObject({ healedBy: 'code' })
    expect(readFileSync(join(folder, 'rate.ts'), 'utf8')).toBe(brokenRate)
    await ladder.runtime.stop()
    // From the journal now, as no runtime answers.
    const closed = await cli(folder, 'task', task)
    for (const part of ['healed by code', 'person: verified', 'rates was misspelt', '+  return config.rates.plain'])
      expect(closed.stdout).toContain(part)
    expect((await cli(folder, 'task', task, '--claim', 'ada')).code).toBe(1)
  } finally {
    await place[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a diff in a file is handed in as well, and what is proved by an agent is shown to be approved', {
  timeout: 120_000,
}, async () => {
  await using place = await parked('suggest')
  const { ladder, task } = place
  await ladder.runtime.tasks.submit(task, { diff: rateDiff, by: 'mcp', worker: 'robot', why: 'A misspelt key.' })
  writeFileSync(join(ladder.folder, 'wrong.patch'), wrongDiff)
  writeFileSync(join(ladder.folder, 'right.patch'), rateDiff)
  const [shown, wrong, right] = await cliMany(ladder.folder, [
    ['task', task],
    ['task', task, '--submit', 'wrong.patch'],
    ['task', task, '--submit', 'right.patch', '--json'],
  ])
  for (const part of ['proposes', 'mcp: A misspelt key.', `lazaret approve ${task}`, `lazaret reject ${task}`])
    expect(shown?.stdout).toContain(part)
  expect(wrong).toMatchObject({ code: 1, stdout: expect.stringContaining('It does not hold') })
  expect(right).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(right?.stdout ?? '')).toMatchObject({ outcome: 'applied', verdict: { passed: true }, leftOut: [] })
})

test('a claim is shown, refused to others and let go', async () => {
  await using place = await parked()
  const { ladder, task } = place
  const ended = await cliMany(ladder.folder, [
    ['task', task, '--release'],
    ['task', task, '--claim', 'ada'],
    ['task', task, '--claim', 'bob'],
    ['task', task],
    ['task', task, '--release'],
    ['task', task, '--claim', 'bob', '--json'],
    ['task', task, '--claim', '\u001b[2J'],
  ])
  expect(ended.map(({ code }) => code)).toEqual([1, 0, 1, 0, 0, 0, 2])
  expect(ended[1]?.stdout).toMatch(/is claimed by ada, for another 59 min/)
  expect(ended[2]?.stderr).toMatch(/is claimed by ada until .*\n.*--release\n$/)
  expect(ended[3]?.stdout).toMatch(/claimed by {3}ada, for another/)
  expect(ended[4]?.stdout).toBe(`${task} is free.\n`)
  expect(JSON.parse(ended[5]?.stdout ?? '')).toMatchObject({ claim: { by: 'bob' } })
  expect(ended[6]?.stderr).not.toContain('\u001b')
})

test('no folder is overwritten, and none is made in the data directory', async () => {
  await using place = await parked()
  const { ladder, task } = place
  const at = (name: string) => join(ladder.folder, name)
  mkdirSync(at('full'))
  writeFileSync(at('full/mine.txt'), 'mine')
  writeFileSync(at('file'), 'mine')
  mkdirSync(at('empty'))
  const ended = await cliMany(ladder.folder, [
    ...['full', 'file', '.lazaret', '.lazaret/mended', 'empty/../.lazaret/new/deep'].map((folder) => [
      ...['task', task, '--workspace', folder],
    ]),
    ['task', task, '--workspace', 'empty'],
    ['task', task, '--workspace', 'new/deep', '--json'],
    ['task', task, '--workspace'],
    ['task', task, '--workspace'],
  ])
  expect(ended.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2, 0, 0, 0, 2])
  expect(readdirSync(at('full'))).toEqual(['mine.txt'])
  expect(readdirSync(at('.lazaret'))).not.toContain('mended')
  expect(readdirSync(at('.lazaret'))).not.toContain('new')
  expect(readdirSync(at('empty'))).toContain('TASK.md')
  expect(JSON.parse(ended[6]?.stdout ?? '')).toMatchObject({ folder: 'new/deep', sources: ['kernel.ts', 'rate.ts'] })
  expect(readdirSync(at(task))).toContain('TASK.md')
})

test('what cannot be handed in ends with 2, what a repair may not do with 1, and nothing is proved', async () => {
  await using place = await parked()
  const { ladder, task } = place
  const at = (name: string) => join(ladder.folder, name)
  mkdirSync(at('other'))
  writeFileSync(at('other/kernel.js'), '')
  writeFileSync(at('text.patch'), 'hello\n')
  writeFileSync(at('large.patch'), '#'.repeat(204_801))
  writeFileSync(at('made.patch'), '--- /dev/null\n+++ b/new.ts\n@@ -0,0 +1 @@\n+const x = 1\n')
  expect(
    (
      await cliMany(ladder.folder, [
        ['task', task, '--workspace', 'same'],
        ['task', task, '--workspace', 'less'],
      ])
    ).map(({ code }) => code),
  ).toEqual([0, 0])
  rmSync(at('less/rate.ts'))
  const inputs: [string, number, RegExp][] = [
    ['none', 2, /is not there/],
    ['other', 2, /not the folder that was handed over/],
    ['text.patch', 2, /no unified diff/],
    ['large.patch', 2, /204801 bytes/],
    ['same', 2, /no source file that is changed/],
    ['made.patch', 1, /to "new\.ts" is refused: a repair changes the text of a file that is there/],
    ['less', 1, /rate\.ts was deleted/],
  ]
  const ended = await cliMany(ladder.folder, [
    ...inputs.map(([path]) => ['task', task, '--submit', path]),
    ['task', 'task_none'],
    ['task', 'task_none', '--submit', 'text.patch'],
    ['task', task, '--submit', 'same', '--claim', 'ada'],
    ['task', task, '--why', 'said of nothing'],
  ])
  expect(ended.map(({ code }) => code)).toEqual([...inputs.map(([, code]) => code), 2, 2, 2, 2])
  for (const [index, [, , says]] of inputs.entries()) expect(ended[index]?.stderr).toMatch(says)
  expect(ladder.runtime.journal.attempts(place.incident)).toEqual([])
})

test('the ops of the control socket refuse what they do not take', async () => {
  await using place = await parked()
  const client = await ControlClient.connect(join(place.ladder.folder, '.lazaret'))
  const { task } = place
  try {
    const invalid = { code: 'OPTION_INVALID' }
    await expect(client.ask('task', {})).rejects.toMatchObject(invalid)
    await expect(client.ask('claimTask', { task, by: 7 })).rejects.toMatchObject(invalid)
    await expect(client.ask('submit', { task, diff: rateDiff, by: 'root' })).rejects.toMatchObject(invalid)
    await expect(client.ask('submit', { task, diff: ['x'], by: 'person' })).rejects.toMatchObject(invalid)
    await expect(client.ask('tryOut', { task, diff: 7 })).rejects.toMatchObject(invalid)
    await expect(client.ask('tryOut', { task, diff: 'x'.repeat(1_048_576) })).rejects.toMatchObject(invalid)
    expect(await client.ask('task', { task })).toMatchObject({ task: { id: task } })
  } finally {
    client.close()
  }
})

test('without its package the MCP server says in one line what to install', async () => {
  const missing = Object.assign(new Error("Cannot find package '@modelcontextprotocol/server' imported from x"), {
    code: 'ERR_MODULE_NOT_FOUND',
  })
  await expect(loaded(() => Promise.reject(missing))).rejects.toMatchObject({
    code: 'PACKAGE_MISSING',
    message: expect.stringMatching(/^[^\n]*: npm install @modelcontextprotocol\/server$/),
  })
  const other = Object.assign(new Error("Cannot find module './x.ts'"), { code: 'ERR_MODULE_NOT_FOUND' })
  await expect(loaded(() => Promise.reject(other))).rejects.toBe(other)
})
