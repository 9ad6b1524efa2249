import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { receiver } from '../support/receiver.ts'
import { cli, cliMany, folderWith, kernels, start } from './cli.ts'

const fleet = `kernels:
  - { id: notes, entry: ./notes.js, tier: 2 }
  - { id: failing, entry: ./failing.js, restart: { max: 1, backoffMs: 1 }, repair: { autonomy: observe } }
`

test('run, look, command, stop, look again', async () => {
  const folder = await folderWith({ ...kernels, 'fleet.yaml': fleet })
  const run = start(folder, 'run', 'fleet.yaml')
  await run.line('control')
  const ask = async (...args: string[]) => JSON.parse((await cli(folder, ...args, '--json')).stdout)

  const [status, logs, incidents, tasks] = await Promise.all([
    ...[ask('status'), ask('logs', 'notes', '-n', '5'), ask('incidents'), ask('tasks')],
  ])
  expect(status).toMatchObject({ running: true, dataDir: '.lazaret' })
  expect(status.kernels).toMatchObject([
    { id: 'notes', tier: 2, state: 'running.settling', servedBy: 'instance', failures: 0, restartsLeft: 3 },
    { id: 'failing', state: 'quarantined.parked', servedBy: 'buffer', failures: 2, restartsLeft: 0 },
  ])
  expect(logs).toMatchObject([
    { kernel: 'notes', msg: 'notes are open', count: 0, level: 30 },
    { kernel: 'notes', msg: 'odd "\u009b\u001b[2J" text', level: 40 },
  ])
  expect((await cli(folder, 'logs', 'notes')).stdout).toContain('warn   odd "\\u009b\\u001b[2J" text\n')
  expect(incidents).toMatchObject([{ kernel: 'failing', status: 'open', error: { message: 'no upstream' } }])
  expect(tasks).toMatchObject([{ kernel: 'failing', status: 'open', type: 'fix_kernel_failure' }])
  const one = await ask('incidents', incidents[0].id)
  expect(one).toMatchObject({ id: incidents[0].id, attempts: [] })

  expect(await ask('restart', 'notes')).toMatchObject({ id: 'notes', state: 'running.settling' })
  const [refused, unknown, noTask, table] = await Promise.all([
    ...[cli(folder, 'restart', 'failing'), cli(folder, 'restart', 'nots'), cli(folder, 'approve', 'task_0')],
    cli(folder, 'status'),
  ])
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('lazaret rejoin failing\n') })
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('It has: notes, failing.') })
  expect(noTask).toMatchObject({ code: 2, stderr: expect.stringContaining('lazaret tasks\n') })
  const rows = table?.stdout.split('\n') ?? []
  expect(rows[0]).toMatch(/^KERNEL +TIER +STATE +SERVED BY/)
  expect(rows[2]).toMatch(/^failing +3 {2}quarantined.parked {2}buffer/)
  expect(table?.stdout).not.toContain('\u001b')

  run.process.kill('SIGTERM')
  const ended = await run.ended
  expect(ended.code).toBe(0)
  expect(ended.stderr).toBe('')
  expect(ended.stdout).toContain('1 incident opened, 0 resolved')
  expect(ended.stdout).toMatch(/exhausted {4}failing {2}its restart budget is spent, after 2 starts/)
  expect(existsSync(join(folder, '.lazaret/control.sock'))).toBe(false)

  const [down, downJson, logsDown] = await Promise.all([
    ...[cli(folder, 'status'), cli(folder, 'status', '--json'), cli(folder, 'logs', 'failing')],
  ])
  expect(down).toMatchObject({ code: 0, stdout: expect.stringContaining('No runtime works in .lazaret.') })
  expect(JSON.parse(downJson?.stdout ?? '')).toMatchObject({
    running: false,
    kernels: [
      { id: 'failing', state: 'quarantined.parked', failures: 2, incident: incidents[0].id },
      { id: 'notes', state: 'stopped', failures: 0 },
    ],
  })
  expect(logsDown).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/\.quarantine\/kernels\/failing_\w+\/kernel\.log\n$/),
  })
})

test('with --json every event is a line, and a second runtime is told that the data directory is in use', async () => {
  const folder = await folderWith({ ...kernels, 'fleet.yaml': 'kernels: [{ id: notes, entry: ./notes.js }]' })
  const run = start(folder, 'run', 'fleet.yaml', '--json')
  const started = JSON.parse(await run.line('runtime.started'))
  expect(started).toMatchObject({ type: 'runtime.started', kernels: 1, dataDir: join(folder, '.lazaret') })
  expect(await cli(folder, 'run', 'fleet.yaml')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`in use by process ${run.process.pid}`),
  })
  run.process.kill('SIGINT')
  const { code, stdout } = await run.ended
  expect(code).toBe(0)
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { seq: number; type: string })
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
  expect(events.at(-1)?.type).toBe('runtime.stopped')
})

test('--dashboard serves it and prints its address, with --json too; its commands are told, a wrong port is refused', async () => {
  const folder = await folderWith({ ...kernels, 'fleet.yaml': fleet })
  const [json, text] = [
    ['--dashboard', '0', '--json', '--data-dir', 'one'],
    ['--read-only', '--data-dir', 'two'],
  ].map((options) => start(folder, 'run', 'fleet.yaml', ...options))
  const { url, port } = JSON.parse((await json?.line('dashboard.address')) ?? '')
  expect(url).toBe(`http://127.0.0.1:${port}/?token=${new URL(url).searchParams.get('token')}`)
  const restart = (address: URL) =>
    fetch(new URL('/api/ops/restart', address), {
      ...{ method: 'POST', body: '{"kernel":"notes"}' },
      headers: { authorization: `Bearer ${address.searchParams.get('token')}`, 'content-type': 'application/json' },
    })
  expect((await restart(new URL(url))).status).toBe(200)
  expect(JSON.parse((await json?.line('"command.given"')) ?? '')).toMatchObject({ op: 'restart', by: 'dashboard' })
  expect(JSON.parse((await json?.line('"dashboard.served"')) ?? '')).toMatchObject({ url: `http://127.0.0.1:${port}/` })
  const printed = /http:\S+/.exec((await text?.line('?token=')) ?? '')?.[0] ?? ''
  expect((await restart(new URL(printed))).status).toBe(403)
  const taken = await cli(folder, 'run', 'fleet.yaml', '--dashboard', String(port), '--data-dir', 'three')
  expect(taken).toMatchObject({ code: 1, stderr: expect.stringMatching(/the port is taken\.\nGive another port/) })
  for (const run of [json, text]) run?.process.kill('SIGTERM')
  expect((await Promise.all([json?.ended, text?.ended])).map((ended) => ended?.code)).toEqual([0, 0])

  const wrong = await cliMany(folder, [
    ['run', 'fleet.yaml', '--dashboard', '65536'],
    ['run', '--dashboard', 'fleet.yaml'],
    ['run', 'fleet.yaml', '--dashboard-host', 'a b'],
  ])
  expect(wrong.map(({ code }) => code)).toEqual([2, 2, 2])
  expect(wrong[0]?.stderr).toContain('--dashboard takes a port from 0 to 65535, or nothing')
  expect(wrong[1]?.stderr).toContain('lazaret run fleet.yaml --dashboard\n')
})

test('the second signal ends it at once, with exit code 1', async () => {
  const folder = await folderWith({
    ...kernels,
    'fleet.yaml': 'kernels: [{ id: stubborn, entry: ./stubborn.js, limits: { stopMs: 60000 } }]',
  })
  const run = start(folder, 'run', 'fleet.yaml')
  await run.line('ready')
  run.process.kill('SIGINT')
  await run.line('stopping')
  run.process.kill('SIGINT')
  const { code, stdout } = await run.ended
  expect({ code, last: stdout.trim().split('\n').at(-1) }).toEqual({
    code: 1,
    last: expect.stringContaining('by force'),
  })
  // The lock went with the process.
  writeFileSync(join(folder, 'fleet.yaml'), 'kernels: [{ id: notes, entry: ./notes.js }]')
  const next = start(folder, 'run', 'fleet.yaml')
  await next.line('ready')
  next.process.kill('SIGTERM')
  expect((await next.ended).code).toBe(0)
})

test('a thread that nothing can end does not keep the process from leaving, with its exit code', async () => {
  const folder = await folderWith(kernels)
  const config = `{ fifo: ${join(folder, 'fifo')} }`
  writeFileSync(
    join(folder, 'fleet.yaml'),
    `kernels: [{ id: blocked, entry: ./blocked.js, limits: { stopMs: 200 }, config: ${config} }]`,
  )
  const run = start(folder, 'run', 'fleet.yaml')
  await run.line('ready')
  run.process.kill('SIGTERM')
  const { code, stdout } = await run.ended
  expect(stdout).toContain('its thread cannot be ended')
  expect(code).toBe(0)
})

test('alerts are posted where the command line says', async () => {
  await using server = await receiver()
  const failing = 'kernels:\n  - { id: failing, entry: ./failing.js, restart: { max: 1, backoffMs: 1 } }\n'
  const folder = await folderWith({ ...kernels, 'fleet.yaml': failing })
  const run = start(folder, 'run', 'fleet.yaml', '--alert-url', server.url.replace('://', '://ops:hunter22@'))
  await run.line('LazaretKernelParked, firing')
  run.process.kill('SIGINT')
  const { code, stdout, stderr } = await run.ended
  expect(code).toBe(0)
  expect(`${stdout}${stderr}`).not.toContain('hunter22')
  expect(server.posted.map(({ body }) => body.commonLabels.alertname)).toEqual([
    ...['LazaretKernelDown', 'LazaretKernelParked'],
  ])
  expect(server.posted[0]?.headers.authorization).toBe(`Basic ${btoa('ops:hunter22')}`)

  const [bad, help] = await Promise.all([
    cli(folder, 'run', 'fleet.yaml', '--alert-url', 'ftp://ops:hunter22@host/'),
    cli(folder, 'run', '--help'),
  ])
  expect(bad.code).toBe(2)
  expect(bad.stderr).toContain('alerts.url must be a URL that begins with http:// or https://.')
  expect(bad.stderr).not.toContain('hunter22')
  expect(help.stdout).toContain('LAZARET_ALERT_URL')
})
