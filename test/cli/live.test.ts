/** Commands that go on until they are ended, against a runtime of this process. */
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createRuntime } from '../../src/runtime.ts'
import { cliMany, folderWith, kernels, start } from './cli.ts'

async function running() {
  const folder = await folderWith({ ...kernels, 'package.json': '{"type":"module"}' })
  const fleet = { kernels: [{ id: 'notes', entry: join(folder, 'notes.js'), degraded: { mode: 'reject' as const } }] }
  const runtime = createRuntime({
    ...{ fleet, dataDir: join(folder, '.lazaret'), log: false, quarantineDir: join(folder, 'quarantine') },
    playbooksDir: join(folder, 'playbooks'),
  })
  onTestFinished(() => runtime.stop())
  await runtime.start()
  return { folder, runtime }
}

const parsed = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

test('logs -f shows what was and what comes, filtered, and ends with 0 on Ctrl-C', async () => {
  const { folder, runtime } = await running()
  const all = start(folder, 'logs', '-f')
  const warnings = start(folder, 'logs', 'notes', '-f', '--level', 'warn', '--json')
  const one = start(folder, 'logs', '-f', '-n', '0', '--grep', 'ARE OPEN')
  expect(await all.line('notes are open')).toMatch(
    /^\d\d:\d\d:\d\d {2}info {3}notes {2}notes are open {2}\{"count":0\}$/,
  )
  await warnings.line('odd')
  // It has followed from some moment on: restart until that was before one of them.
  let isSeen = false
  const seen = one.line('are open').then(() => {
    isSeen = true
  })
  while (!isSeen) {
    await runtime.kernel('notes').restart()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await seen
  for (const { process } of [all, warnings, one]) process.kill('SIGINT')
  const ended = await Promise.all([all.ended, warnings.ended, one.ended])
  expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual(ended.map(() => ({ code: 0, stderr: '' })))
  expect(ended[0]?.stdout).not.toContain('\u001b')
  for (const line of parsed(ended[1]?.stdout ?? '')) expect(line).toMatchObject({ level: 40, kernel: 'notes' })
  expect(ended[2]?.stdout).not.toContain('odd')
})

test('status --watch tells each change, and when the runtime goes away and comes back', async () => {
  const { folder, runtime } = await running()
  const lines = start(folder, 'status', '--watch')
  const json = start(folder, 'status', '--watch', '--json')
  const logs = start(folder, 'logs', '-f')
  await Promise.all([lines.line('served by instance'), json.line('"running":true'), logs.line('odd')])
  await runtime.kernel('notes').quarantine()
  await Promise.all([lines.line('-> quarantined.parked, served by reject'), json.line('"servedBy":"reject"')])
  await runtime.stop()
  await Promise.all([lines.line('has gone away; trying again'), json.line('"running":false')])
  for (const { process } of [lines, json]) process.kill('SIGTERM')
  expect((await lines.ended).code).toBe(0)
  const snapshots = parsed((await json.ended).stdout)
  expect(snapshots[0]).toMatchObject({ running: true, repairs: { on: true }, kernels: [{ id: 'notes' }] })
  expect(snapshots.at(-1)).toEqual({ at: expect.any(Number), running: false })
  const gone = await logs.ended
  expect(gone.code).toBe(1)
  expect(gone.stderr).toContain('The runtime has gone away')
})

test('letters are listed, shown and sent again, with exit codes that a script can use', async () => {
  const { folder, runtime } = await running()
  await runtime.kernel('notes').quarantine()
  for (const text of ['one', 'two', 'x'.repeat(5000)]) runtime.ref('notes').tell.add?.(text)
  const before = await cliMany(folder, [
    ['letters', '--code', 'kernel_unavailable', '--limit', '2'],
    ['letters', 'show', '1'],
    ['letters', 'show', '9'],
    ['letters', 'replay', '--kernel', 'notes'],
    ['letters', 'replay'],
    ['letters', '--since', 'yesterday'],
    ['letters', '--since', '1h', '--text', 'no such text'],
  ])
  expect(before.map(({ code }) => code)).toEqual([0, 0, 2, 1, 2, 2, 0])
  expect(before[0]?.stdout).toMatch(/ 3 {2}notes {3}add\(\) .*cannot be.*\n +2 .*\n\n.*\n1 more.*--before 2/)
  expect(before[1]?.stdout).toMatch(/arguments {4}\["one"\]/)
  expect(before[3]?.stderr).toContain('lazaret rejoin notes')
  await runtime.kernel('notes').rejoin()
  const after = await cliMany(folder, [
    ['letters', 'replay', '1', '3'],
    ['letters', 'replay', '--kernel', 'notes', '--json'],
    ['letters', '--json', '--unsent'],
    ['letters', 'replay', '--kernel', 'notes'],
  ])
  expect(after.map(({ code }) => code)).toEqual([1, 0, 0, 0])
  expect(after[0]?.stdout).toMatch(
    /2 letters: 1 handled, 0 failed, 1 skipped\.\n {2}skipped {2}3: its arguments were cut/,
  )
  expect(JSON.parse(after[1]?.stdout ?? '')).toMatchObject({ asked: 1, sent: 1, failed: 0, skipped: [], unsendable: 1 })
  expect(JSON.parse(after[2]?.stdout ?? '')).toMatchObject([{ id: 3, method: 'add' }])
  expect(after[3]?.stdout).toContain('1 cannot be sent')
})
