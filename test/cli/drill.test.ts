/** `lazaret drill` as a person or a CI runs it: processes of their own, on fleets in temporary folders. */
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { DrillReport } from '../../src/chaos/drill/report.ts'
import { cli, start } from './cli.ts'

/** The drills of this file copy to a folder of their own, so that what they leave is seen. */
let place: string
const before = process.env.TMPDIR
beforeAll(() => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'lazaret-drills-')))
  process.env.TMPDIR = place
})
afterAll(() => {
  if (before === undefined) delete process.env.TMPDIR
  else process.env.TMPDIR = before
  rmSync(place, { recursive: true, force: true })
})

const notes = `import { defineKernel } from 'lazaret/kernel'
import { one } from '../shared/one.js'

export default defineKernel({
  start(ctx) {
    let count = ctx.restored ?? 0
    return { api: { add: () => (count += one) }, snapshot: () => count }
  },
})
`
const check = `import { defineCheck } from 'lazaret/kernel'
export default defineCheck(async (kernel) => {
  if ((await kernel.ask.add()) !== 1) throw new Error('add does not count')
})
`
const listening = `import { once } from 'node:events'
import { createServer } from 'node:net'
import { defineKernel } from 'lazaret/kernel'
export default defineKernel({
  async start() {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return { api: {}, stop: () => server.close() }
  },
})
`
const failing = `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start() { throw new Error('no upstream') } })
`
const unsnapped = `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start: () => ({ api: {}, snapshot: () => { throw new Error('no state today') } }) })
`
const files = {
  'package.json': '{ "type": "module" }',
  'kernels/notes/kernel.js': notes,
  'kernels/notes/check.js': check,
  'kernels/bare/kernel.js': notes,
  'kernels/shared/one.js': 'export const one = 1\n',
  'kernels/listening/kernel.js': listening,
  'kernels/failing/kernel.js': failing,
  'kernels/unsnapped/kernel.js': unsnapped,
}

function home(kernels: readonly string[], more: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(place, 'home-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const fleet = `kernels:\n${kernels.map((line) => `  - ${line}\n`).join('')}`
  for (const [name, text] of Object.entries({ ...files, 'kernels/fleet.yaml': fleet, ...more })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** Every name and every byte below a folder. */
function hashOf(folder: string): string {
  const hash = createHash('sha256')
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }).sort((a, b) =>
    join(a.parentPath, a.name).localeCompare(join(b.parentPath, b.name)),
  )) {
    const path = join(entry.parentPath, entry.name)
    hash.update(path)
    if (entry.isFile()) hash.update(readFileSync(path))
  }
  return hash.digest('hex')
}

const leftOver = () => readdirSync(place).filter((name) => name.startsWith('lazaret-drill-'))

/** Processes that name the folder of these drills. */
function processesLeft(): string[] {
  if (!existsSync('/proc/self')) return []
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && pid !== String(process.pid))
    .filter((pid) => commandOf(pid).includes(place))
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    // It has ended meanwhile.
    return ''
  }
}

function expectNothingLeft(folder: string, hash: string): void {
  expect(hashOf(folder)).toBe(hash)
  expect(leftOver()).toEqual([])
  expect(processesLeft()).toEqual([])
}

test('a good fleet passes in each of its autonomies, one that cannot be repaired fails at its step', async () => {
  const folder = home([
    '{ id: notes, entry: ./notes/kernel.js }',
    '{ id: asked, entry: ./bare/kernel.js, degraded: { mode: reject }, repair: { autonomy: suggest } }',
    '{ id: watched, entry: ./notes/kernel.js, degraded: { reroute: notes }, repair: { autonomy: observe } }',
    '{ id: listening, entry: ./listening/kernel.js }',
    '{ id: unsnapped, entry: ./unsnapped/kernel.js }',
  ])
  const hash = hashOf(folder)
  const { code, stdout, stderr } = await cli(folder, 'drill', '--all', '--json')
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  expectNothingLeft(folder, hash)
  const report = JSON.parse(stdout) as DrillReport
  const of = (id: string) => report.drills.find(({ kernel }) => kernel === id)
  const notRun = (id: string) => of(id)?.steps.flatMap(({ name, ran }) => (ran ? [] : [name]))
  expect(report.brokenBefore).toEqual([{ kernel: 'unsnapped', why: expect.stringContaining('no state today') }])
  expect(of('notes')).toMatchObject({ passed: true, agent: 'restore.code', notes: [] })
  expect(of('notes')?.proof.map(({ name }) => name)).toContain('red again')
  expect(of('notes')?.steps[1]?.shown[1]).toContain('waited')
  expect(of('asked')).toMatchObject({ passed: true, notes: [expect.stringContaining('no check.ts')] })
  expect(of('asked')?.steps[3]?.shown.join()).toContain('approved by the drill')
  expect(of('asked')?.steps[1]?.shown[1]).toContain('KERNEL_UNAVAILABLE')
  expect(notRun('watched')).toEqual(['repair', 'learn'])
  expect(of('watched')?.steps[1]?.shown[1]).toContain('answered by notes')
  expect(of('watched')?.steps[3]?.look).toContain('observe')
  expect(notRun('listening')).toEqual(['repair', 'learn'])
  expect(of('listening')?.unsuitable).toContain('network')
}, 60_000)

test('the page and its Markdown say what ran; a folder for playbooks that cannot be one fails step 5', async () => {
  const folder = home(['{ id: notes, entry: ./notes/kernel.js }'], { playbooks: 'a file' })
  const { code, stdout, stderr } = await cli(folder, 'drill', '--report', 'drill.md')
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
  expect(stdout).toMatch(/^1 escalate {4}ok/m)
  expect(stdout).toMatch(/^4 repair {6}ok/m)
  expect(stdout).toMatch(/^5 learn {7}NO/m)
  expect(stdout).toMatch(/playbooks is\s+a file, and no folder/)
  expect(stdout).toMatch(/FAILED: for notes step 5 learn did not run/)
  expect(readFileSync(join(folder, 'drill.md'), 'utf8')).toContain('| 5 learn | **no** |')
  expect(readFileSync(join(folder, 'playbooks'), 'utf8')).toBe('a file')
  expect(leftOver()).toEqual([])
}, 60_000)

test('a kernel that fails by itself is told apart, and one that the sandbox does not suit is passed over', async () => {
  const folder = home([
    '{ id: failing, entry: ./failing/kernel.js, tier: 2, repair: { autonomy: observe } }',
    '{ id: listening, entry: ./listening/kernel.js, tier: 2 }',
    '{ id: notes, entry: ./notes/kernel.js, tier: 3 }',
  ])
  const hash = hashOf(folder)
  const { code, stdout } = await cli(folder, 'drill')
  expect(code).toBe(1)
  expect(stdout).toContain('failing: Error: no upstream')
  expect(stdout).toContain('listening is passed over: it needs the network')
  expect(stdout).toContain('5 learn       ok')
  expect(stdout).toContain('FAILED: failing failed before anything was let loose')
  expectNothingLeft(folder, hash)
}, 60_000)

test('a fleet in which nothing can be drilled says why, and input that is wrong says what is accepted: exit code 2', async () => {
  const entry = './node_modules/pk/kernel.js'
  const folder = home([`{ id: packaged, entry: ${entry} }`], {
    'kernels/node_modules/pk/kernel.js': notes.replace("import { one } from '../shared/one.js'", 'const one = 1'),
    'kernels/node_modules/pk/package.json': '{ "type": "module" }',
  })
  const hash = hashOf(folder)
  const { code, stdout } = await cli(folder, 'drill')
  expect(code).toBe(2)
  expect(stdout).toContain('packaged: its code lies in node_modules')
  expect(stdout).toContain('NOT DRILLED')
  const wrong = await Promise.all([
    cli(folder, 'drill', '--kernel', 'nobody'),
    cli(folder, 'drill', '--defect', 'nothing'),
    cli(folder, 'drill', 'no-fleet.yaml'),
  ])
  expect(wrong.map((each) => each.code)).toEqual([2, 2, 2])
  expect(wrong[0]?.stderr).toContain('It has: packaged')
  expect(wrong[1]?.stderr).toContain('Allowed choices are start, import, exit, hang')
  expectNothingLeft(folder, hash)
}, 60_000)

test('interrupted, it leaves no process and no file', async () => {
  const folder = home(['{ id: notes, entry: ./notes/kernel.js }'])
  const hash = hashOf(folder)
  const { process: child, ended } = start(folder, 'drill')
  // It is at work as soon as its journal is there.
  const isAtWork = () => leftOver().some((name) => existsSync(join(place, name, 'data', 'journal.db')))
  await vi.waitUntil(isAtWork, { timeout: 30_000, interval: 20 })
  child.kill('SIGINT')
  const { code, stderr } = await ended
  expect(code).toBe(130)
  expect(stderr).toContain('Interrupted')
  expectNothingLeft(folder, hash)
}, 60_000)
