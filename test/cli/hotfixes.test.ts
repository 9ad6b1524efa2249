/** The repairs in force, at the command line: listed, shown, printed for git, taken back, written; and the switch of all. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { HotfixRow } from '../../src/journal/rows.ts'
import { cli, cliMany, folderWith, start } from './cli.ts'

const good = `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start(ctx) {
  const upstream = ctx.config.upstream.trim()
  return { api: { upstream: () => upstream } }
} })
`
const bad = good.replace('.trim()', '.tirm()')
const fleet = `kernels:
  - { id: one, entry: ./one/kernel.js, config: { upstream: a }, restart: { max: 0, stableMs: 200 } }
  - { id: two, entry: ./two/kernel.js, config: { upstream: b }, restart: { max: 0, stableMs: 200 } }
`

const git = (cwd: string, args: readonly string[], input?: string) =>
  spawnSync('git', args, { cwd, encoding: 'utf8', ...(input !== undefined && { input }) })

/** Both kernels are broken and have been repaired; the runtime runs. */
async function repaired(...more: string[]) {
  const folder = await folderWith({ 'fleet.yaml': fleet, 'package.json': '{"type":"module"}' })
  const files = ['one', 'two'].map((id) => join(folder, id, 'kernel.js'))
  for (const id of ['one', 'two']) mkdirSync(join(folder, id))
  for (const file of files) writeFileSync(file, good)
  execFileSync('git', ['init', '-q'], { cwd: folder })
  const run = start(folder, 'run', 'fleet.yaml', '--json', ...more)
  await Promise.all(['one', 'two'].map((id) => run.line(`"type":"snapshot.golden","kernel":"${id}"`)))
  for (const file of files) writeFileSync(file, bad)
  await cliMany(folder, [
    ['restart', 'one'],
    ['restart', 'two'],
  ])
  await Promise.all(['one', 'two'].map((id) => run.line(`"type":"kernel.recovered","kernel":"${id}"`)))
  return { folder, run, files }
}

test('hotfixes are listed, shown with their proof, printed for git, written and taken back', {
  timeout: 90_000,
}, async () => {
  const { folder, run, files } = await repaired()
  const [one = '', two = ''] = files
  const [listed, table, patch] = await cliMany(folder, [
    ['hotfixes', '--json'],
    ['hotfixes'],
    ['hotfixes', '--format', 'patch'],
  ])
  const rows = JSON.parse(listed?.stdout ?? '') as HotfixRow[]
  expect(rows).toHaveLength(2)
  for (const row of rows) expect(row).toMatchObject({ status: 'steady', agent: 'restore.code', files: ['kernel.js'] })
  const idOf = (kernel: string) => rows.find((row) => row.kernel === kernel)?.id ?? ''
  for (const part of [idOf('one'), 'steady', 'restore.code', 'kernel.js', '--format patch'])
    expect(table?.stdout).toContain(part)

  // A real git takes it, at the root of the repository.
  expect(patch).toMatchObject({ code: 0, stderr: '' })
  expect(git(folder, ['apply', '--check', '-'], patch?.stdout)).toMatchObject({ status: 0, stderr: '' })
  const named = git(folder, ['apply', '--numstat', '-'], patch?.stdout).stdout
  for (const id of ['one', 'two']) expect(named).toContain(`${id}/kernel.js`)
  const [shown, ofOne, unknown, applied, again] = await cliMany(folder, [
    ['hotfixes', idOf('one')],
    ['hotfixes', idOf('one'), '--format', 'patch', '--json'],
    ['hotfixes', 'fix_none'],
    ['hotfixes', 'apply', idOf('one'), '--json'],
    ['hotfixes', 'apply', idOf('one')],
  ])
  for (const part of ['restore.code', 'passed  red before', 'passed  green after', 'isolation'])
    expect(shown?.stdout).toContain(part)
  expect(JSON.parse(ofOne?.stdout ?? '')).toMatchObject({ hotfixes: [idOf('one')], left: [] })
  expect(unknown?.code).toBe(2)
  expect(JSON.parse(applied?.stdout ?? '')).toEqual({ hotfix: idOf('one'), written: [one], left: [] })
  expect(readFileSync(one, 'utf8')).toBe(good)
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('written into your files') })

  // Taken back, the other one runs what is in its file, fails, and is repaired again; its playbook is suspended.
  const reverted = await cli(folder, 'hotfixes', 'revert', idOf('two'), '--json')
  expect(JSON.parse(reverted.stdout)).toMatchObject({ id: 'two' })
  run.process.kill('SIGTERM')
  expect((await run.ended).code).toBe(0)

  // From the journal, as no runtime runs: two is steady again by now, or was parked on its way.
  writeFileSync(two, `${bad}// a person has been here\n`)
  const [left, asDiff] = await cliMany(folder, [
    ['hotfixes', '--json'],
    ['hotfixes', '--format', 'patch'],
  ])
  const after = JSON.parse(left?.stdout ?? '') as HotfixRow[]
  expect(after.find(({ id }) => id === idOf('one'))?.status).toBe('written')
  expect(after.find(({ id }) => id === idOf('two'))?.status).toBe('rolledBack')
  expect(asDiff?.stdout).toBe('')
  expect(asDiff?.stderr).toContain('no diff')
})

test('a diff of the journal of a runtime that has ended is applied by git', { timeout: 90_000 }, async () => {
  const { folder, run, files } = await repaired()
  run.process.kill('SIGTERM')
  await run.ended
  const patch = await cli(folder, 'hotfixes', '--format', 'patch')
  expect(git(folder, ['apply', '-'], patch.stdout)).toMatchObject({ status: 0, stderr: '' })
  for (const file of files) expect(readFileSync(file, 'utf8')).toBe(good)
})

test('run --apply source writes what holds into the files', { timeout: 90_000 }, async () => {
  const { run, files } = await repaired('--apply', 'source')
  await Promise.all(['one', 'two'].map((id) => run.line(`"type":"hotfix.written","kernel":"${id}"`)))
  for (const file of files) expect(readFileSync(file, 'utf8')).toBe(good)
  run.process.kill('SIGTERM')
  expect((await run.ended).code).toBe(0)
})

test('repairs are switched off and on; status and doctor say so, after the runtime has ended too', {
  timeout: 90_000,
}, async () => {
  const folder = await folderWith({ 'fleet.yaml': fleet.split('\n').slice(0, 2).join('\n') })
  mkdirSync(join(folder, 'one'))
  writeFileSync(join(folder, 'one/kernel.js'), good)
  const run = start(folder, 'run', 'fleet.yaml', '--json')
  await run.line('"type":"runtime.started"')
  const [first, off, json, status, doctor, wrong] = await cliMany(folder, [
    ['repairs'],
    ['repairs', 'off', '--why', 'a deployment'],
    ['repairs', 'status', '--json'],
    ['status'],
    ['doctor', '--json'],
    ['repairs', 'maybe'],
  ])
  expect(first?.stdout).toBe('Repairs are on.\n')
  expect(off?.stdout).toMatch(/^Repairs are off since .* \(a deployment\)\. On again: lazaret repairs on\n$/)
  expect(JSON.parse(json?.stdout ?? '')).toMatchObject({ on: false, why: 'a deployment' })
  expect(status?.stdout).toContain('Repairs are off')
  const { checks } = JSON.parse(doctor?.stdout ?? '')
  expect(checks).toContainEqual(
    expect.objectContaining({ name: 'repairs', level: 'warn', found: 'switched off: a deployment' }),
  )
  expect(wrong?.code).toBe(2)
  run.process.kill('SIGTERM')
  await run.ended
  const [left, leftStatus] = await cliMany(folder, [
    ['repairs', '--json'],
    ['status', '--json'],
  ])
  expect(JSON.parse(left?.stdout ?? '')).toMatchObject({ on: false })
  expect(JSON.parse(leftStatus?.stdout ?? '')).toMatchObject({ running: false, repairs: { on: false } })
})
