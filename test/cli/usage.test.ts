import { expect, test } from 'vitest'
import { isolationHere } from '../../src/repair/trial.ts'
import { cli, cliMany, folderWith } from './cli.ts'

const names = [
  ...['run', 'status', 'logs', 'incidents', 'quarantine', 'restart', 'repair', 'rejoin', 'park'],
  ...['tasks', 'approve', 'reject', 'playbooks', 'doctor'],
]

test('every command explains itself with its options and an example', async () => {
  const folder = await folderWith({})
  const helps = await cliMany(
    folder,
    names.map((name) => [name, '--help']),
  )
  for (const [index, name] of names.entries()) {
    const { code, stdout, stderr } = helps[index] ?? { code: null, stdout: '', stderr: '' }
    expect.soft({ name, code, stderr }).toEqual({ name, code: 0, stderr: '' })
    for (const part of ['--json', '--data-dir', `Example:\n  lazaret ${name}`]) expect.soft(stdout).toContain(part)
  }
})

test('wrong usage ends with exit code 2 and a last line that says where to look', async () => {
  const folder = await folderWith({})
  const cases: [string[], string, string][] = [
    [['statu'], 'Did you mean status?', 'See: lazaret --help'],
    [['frobnicate'], "unknown command 'frobnicate'", 'See: lazaret --help'],
    [['restart'], "missing required argument 'id'", 'See: lazaret restart --help'],
    [['logs', 'a', '-n', '-1'], 'from 0 to 500', 'See: lazaret logs --help'],
    [['logs', 'a', '-n', '501'], 'from 0 to 500', 'See: lazaret logs --help'],
    [['logs', '--level', 'loud'], 'debug, info, warn, error', 'See: lazaret logs --help'],
    [['letters', 'replay', 'x'], 'above 0', 'See: lazaret letters replay --help'],
    [['letters', 'replay', '--max', '1001'], 'from 1 to 1000', 'See: lazaret letters replay --help'],
    [['status', '--jsno'], 'Did you mean --json?', 'See: lazaret status --help'],
    [['status', 'extra'], 'too many arguments', 'See: lazaret status --help'],
  ]
  const results = await cliMany(
    folder,
    cases.map(([args]) => args),
  )
  const [args = []] = cases[0] ?? []
  expect(await cli(folder, ...args), 'as a process of its own').toEqual(results[0])
  for (const [index, [args, said, last]] of cases.entries()) {
    const { code, stderr } = results[index] ?? { code: null, stderr: '' }
    expect.soft({ args, code }).toEqual({ args, code: 2 })
    expect.soft(stderr).toContain(said)
    expect.soft(stderr.trim().split('\n').at(-1)).toBe(last)
  }
})

test('without a runtime or a journal, commands fail with exit code 1 and say how to start one', async () => {
  const folder = await folderWith({})
  const results = await cliMany(folder, [['status'], ['tasks'], ['restart', 'a'], ['incidents', '--json']])
  for (const { code, stdout, stderr } of results) {
    expect.soft({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect.soft(stderr).toContain('lazaret run')
  }
  expect(JSON.parse(results[3]?.stderr ?? '')).toMatchObject({ error: { code: 'CONTROL_FAILED' } })
})

test('doctor examines the machine and leaves nothing', async () => {
  const folder = await folderWith({})
  const { code, stdout } = await cli(folder, 'doctor', '--json')
  const { fit, checks } = JSON.parse(stdout) as {
    fit: boolean
    checks: { name: string; level: string; found: string }[]
  }
  expect(code).toBe(fit ? 0 : 1)
  expect(checks.map(({ name }) => name)).toEqual([
    ...['Node.js', 'V8 flag', 'SQLite', 'permission model', 'bubblewrap', 'language service', 'open files'],
    ...['data directory', 'disk space', 'runtime', 'drift and damage', 'repairs'],
  ])
  for (const { level, found } of checks) {
    expect(['ok', 'warn', 'fail']).toContain(level)
    expect(found).not.toBe('')
  }
  const level = isolationHere()
  expect(checks.find(({ name }) => name === 'bubblewrap')?.found).toContain(`level ${level}`)
  const nowhere = await cli(folder, 'doctor', '--data-dir', '/proc/nowhere')
  expect(nowhere.code).toBe(1)
  expect(nowhere.stdout).toMatch(/fail {2}data directory/)
})
