import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { TaskRow } from '../../src/journal/rows.ts'
import { cli, folderWith, start } from './cli.ts'

const forwarder = `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start(ctx) {
  if (ctx.config.upstream === '') throw new Error('the upstream is missing')
  return { api: { upstream: () => ctx.config.upstream } }
} })`

const fleet = (upstream: string) =>
  [
    'kernels:',
    ...['one', 'two'].map(
      (id) => `  - { id: ${id}, entry: ./forwarder.js, config: { upstream: '${upstream}' },
      restart: { max: 0, stableMs: 200 }, repair: { autonomy: suggest } }`,
    ),
  ].join('\n')

test('a proved repair waits for a person, who approves one and rejects another', { timeout: 90_000 }, async () => {
  const folder = await folderWith({ 'forwarder.js': forwarder, 'fleet.yaml': fleet('here') })
  const run = start(folder, 'run', 'fleet.yaml', '--json')
  await Promise.all(['one', 'two'].map((id) => run.line(`"type":"snapshot.golden","kernel":"${id}"`)))
  writeFileSync(join(folder, 'fleet.yaml'), fleet(''))
  for (const id of ['one', 'two']) {
    const restarted = JSON.parse((await cli(folder, 'restart', id, '--json')).stdout)
    expect(restarted).toMatchObject({ id, state: 'quarantined.parked', servedBy: 'buffer' })
  }
  const tasks = JSON.parse((await cli(folder, 'tasks', '--json')).stdout) as TaskRow[]
  expect(tasks).toMatchObject([
    { kernel: 'one', status: 'open', remedy: { agent: 'restore.config' } },
    { kernel: 'two', status: 'open', remedy: { agent: 'restore.config' } },
  ])
  expect((await cli(folder, 'tasks')).stdout).toContain(`lazaret approve ${tasks[0]?.id}`)
  const waiting = (await cli(folder, 'incidents', tasks[1]?.incident ?? '')).stdout
  expect(waiting).toContain(`lazaret approve ${tasks[1]?.id}`)

  const approved = await cli(folder, 'approve', tasks[0]?.id ?? '')
  expect({ ...approved, stderr: approved.stderr.slice(-400) }).toMatchObject({
    stderr: '',
    code: 0,
    stdout: expect.stringMatching(/^one is (rejoined|running)\.\w+, served by instance/),
  })
  const rejected = await cli(folder, 'reject', tasks[1]?.id ?? '')
  expect(rejected).toMatchObject({ code: 0, stdout: expect.stringMatching(/^two is quarantined\.parked/) })
  expect((await cli(folder, 'reject', tasks[1]?.id ?? '')).code).toBe(2)
  // It was proved, and waits for nobody any more.
  const over = (await cli(folder, 'incidents', tasks[1]?.incident ?? '')).stdout
  expect(over).toContain('lazaret rejoin two')
  expect(over).not.toMatch(/approve/)

  await run.line('"type":"kernel.recovered"')
  const incidents = JSON.parse((await cli(folder, 'incidents', 'one', '--json')).stdout)
  expect(incidents).toMatchObject([{ kernel: 'one', status: 'resolved', healedBy: 'config' }])
  const details = (await cli(folder, 'incidents', incidents[0].id)).stdout
  const written = await cli(folder, 'incidents', incidents[0].id, '--html', 'report.html')
  expect(written).toMatchObject({ code: 0, stdout: expect.stringContaining('report.html has the incident') })
  const html = readFileSync(join(folder, 'report.html'), 'utf8')
  for (const part of ['--ground:', '.story-head', 'restore.config', 'red before', 'Resolved'])
    expect(html).toContain(part)
  expect(html).not.toMatch(/<script|https?:\/\//)
  expect((await cli(folder, 'incidents', incidents[0].id, '--html', '-')).stdout).toMatch(/^<!doctype html>/)
  expect((await cli(folder, 'incidents', '--html')).code).toBe(2)
  for (const part of ['restore.config', 'passed  red before', 'passed  green after']) expect(details).toContain(part)
  // The ladder, with what each step took.
  expect(details).toMatch(/^ {4}\d\d:\d\d:\d\d +\S+ m?s {2}Evidence captured$/m)
  // What the agent took, and what kept the candidate in.
  expect(details).toMatch(/^ {4}cost {4}\S+ m?s of the agent/m)
  expect(details).toMatch(/^ {4}judged in (?:weak|permission|bwrap\+permission) isolation, in /m)

  run.process.kill('SIGTERM')
  expect((await run.ended).code).toBe(0)
  // Read from the folder now, as no runtime answers.
  expect(JSON.parse((await cli(folder, 'playbooks', '--json')).stdout)).toMatchObject([
    { kernel: 'one', trust: 'trusted', steps: [{ do: 'restore_config' }], successes: 1 },
  ])
})
