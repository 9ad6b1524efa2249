/** The parts of a drill that need no runtime: where the defect goes, what is copied, what is chosen, what a page says. */
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { ranked } from '../../src/chaos/drill/choose.ts'
import { copyFleet } from '../../src/chaos/drill/copy.ts'
import { withDefect, withRoom, withUnrelatedEdit } from '../../src/chaos/drill/defect.ts'
import { whyNoPlaybooks } from '../../src/chaos/drill/folders.ts'
import { type DrillReport, drillExitCode, hasPassed, type KernelDrill } from '../../src/chaos/drill/report.ts'
import type { Round } from '../../src/chaos/drill/round.ts'
import { diagnosed, escalated, quarantined, repaired } from '../../src/chaos/drill/steps.ts'
import { drillMarkdown, drillPage } from '../../src/cli/drill-page.ts'
import { loadFleet } from '../../src/supervisor/fleet.ts'

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lazaret-parts-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

test('the defect is the first statement of start(), however start is written', () => {
  const shapes = [
    'export default defineKernel({\n  start(ctx) {\n    return { api: {} }\n  },\n})\n',
    'export default defineKernel({\n  async start(ctx: KernelContext<A, (b: C) => void>): Promise<X> {\n    return x\n  } })\n',
    'export default defineKernel({ start: async (ctx) => { return { api: {} } } })\n',
    'export default defineKernel({ start: function begin({ config }) {\n return { api: {} } } })\n',
    'class A { start() {} }\nexport default defineKernel({ start() { return 1 } })\n',
  ]
  for (const text of shapes) {
    const edited = withDefect(text, 'start')
    expect(edited?.text.split('\n')[(edited?.line ?? 0) - 1]).toMatch(/^lazaretDrill\(\);/)
    expect(edited?.text.replace('\nlazaretDrill();', '')).toBe(text)
    expect(edited?.text.slice(0, edited.text.indexOf('lazaretDrill'))).toMatch(/defineKernel[\s\S]*start[\s\S]*\{\n$/)
  }
})

test('a start() that is elsewhere has no place for it, and the module itself always has', () => {
  const text = "import { start } from './start.js'\nexport default defineKernel({ start })"
  expect(withDefect(text, 'start')).toBeUndefined()
  expect(withDefect(text, 'import')).toEqual({ text: `${text}\nlazaretDrill();\n`, line: 3 })
})

test('an edit elsewhere is at the end of the file that is farther from the defect', () => {
  const lines = (n: number) => Array.from({ length: n }, (_, index) => `line ${index}`).join('\n')
  expect(
    withUnrelatedEdit({ text: `${lines(20)}\n`, line: 3 })
      .split('\n')
      .at(-2),
  ).toBe('// An edit elsewhere.')
  expect(withUnrelatedEdit({ text: `${lines(20)}\n`, line: 18 }).split('\n')[0]).toBe('// An edit elsewhere.')
  expect(withUnrelatedEdit({ text: `#!/bin/env node\n${lines(5)}\n`, line: 6 }).split('\n')[1]).toMatch(/^\/\/ An edit/)
})

test('a short file gets room for it, and one that is long enough stays as it is', () => {
  expect(withRoom('a\nb').split('\n').length).toBeGreaterThanOrEqual(16)
  const long = 'line\n'.repeat(15)
  expect(withRoom(long)).toBe(long)
})

test('what a kernel needs is in the copy at the same height, and packages resolve as at home', () => {
  const home = folderWith({
    'package.json': '{ "name": "app", "type": "module", "imports": { "#lib": "./lib/named.js" } }',
    'fleet.yaml':
      'kernels:\n  - { id: notes, entry: ./kernels/notes/kernel.js, degraded: { fallback: ./kernels/spare.js } }\n',
    'kernels/notes/kernel.js': "import pk from 'pk'\nimport '../../lib/deep.js'\nimport lib from '#lib'\n",
    'kernels/notes/check.js': '',
    'kernels/notes/words.txt': 'as they are',
    'kernels/spare.js': '',
    'lib/deep.js': "import './deeper.js'\n",
    'lib/deeper.js': '',
    'lib/named.js': '',
    'lib/unused.js': '',
    'kernels/.lazaret/journal.db': 'not copied',
    'node_modules/pk/index.js': '',
    'node_modules/@scope/pk/index.js': '',
  })
  const root = folderWith({})
  const copy = copyFleet(loadFleet(join(home, 'fleet.yaml')), root)
  const there = (name: string) => existsSync(copy.placeOf(join(home, name)))
  for (const name of [
    'kernels/notes/kernel.js',
    'kernels/notes/check.js',
    'kernels/notes/words.txt',
    'kernels/spare.js',
  ])
    expect(there(name), name).toBe(true)
  for (const name of ['lib/deep.js', 'lib/deeper.js', 'lib/named.js', 'package.json'])
    expect(there(name), name).toBe(true)
  for (const name of ['lib/unused.js', 'kernels/.lazaret/journal.db', 'fleet.yaml'])
    expect(there(name), name).toBe(false)
  const resolve = createRequire(copy.placeOf(join(home, 'kernels/notes/kernel.js'))).resolve
  expect(resolve('pk')).toBe(join(home, 'node_modules/pk/index.js'))
  expect(resolve('@scope/pk')).toBe(join(home, 'node_modules/@scope/pk/index.js'))
  expect(resolve('../spare.js')).toBe(join(root, home, 'kernels/spare.js'))
})

test('a kernel of a package is run from where it is', () => {
  const home = folderWith({
    'fleet.yaml': 'kernels:\n  - { id: notes, entry: ./node_modules/pk/kernel.js }\n',
    'node_modules/pk/kernel.js': '',
  })
  const copy = copyFleet(loadFleet(join(home, 'fleet.yaml')), folderWith({}))
  expect(copy.placeOf(join(home, 'node_modules/pk/kernel.js'))).toBe(join(home, 'node_modules/pk/kernel.js'))
  expect(copy.files).toBe(0)
})

test('first comes the most critical of those whose first repair is proved and applied without a person', () => {
  const home = folderWith({ 'kernel.js': '' })
  const { kernels } = loadFleet(
    {
      kernels: [
        { id: 'watched', entry: 'kernel.js', tier: 2, repair: { autonomy: 'observe' } },
        { id: 'late', entry: 'kernel.js', tier: 4 },
        { id: 'put-back', entry: 'kernel.js', tier: 1 },
        { id: 'doubled', entry: 'kernel.js', tier: 1, replicas: 1 },
        { id: 'plain', entry: 'kernel.js', tier: 2 },
        { id: 'shown', entry: 'kernel.js', tier: 1, repair: { autonomy: 'suggest' } },
      ],
    },
    { baseDir: home },
  )
  expect(ranked(kernels).map(({ id }) => id)).toEqual(['plain', 'late', 'doubled', 'put-back', 'shown', 'watched'])
})

test('a folder for playbooks that is a file, or lies below one, is told; one that is not there would be made', () => {
  const folder = folderWith({ file: '' })
  expect(whyNoPlaybooks(join(folder, 'file'))).toContain('is a file')
  expect(whyNoPlaybooks(join(folder, 'file/playbooks'))).toMatch(/file/)
  expect(whyNoPlaybooks(join(folder, 'not/there'))).toBeUndefined()
})

const spec = loadFleet({ kernels: [{ id: 'notes', entry: 'kernel.js' }] }, { baseDir: folderOfOne() }).kernels[0]
if (spec === undefined) throw new Error('The fleet has one kernel.')

function folderOfOne(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-parts-'))
  writeFileSync(join(folder, 'kernel.js'), '')
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function roundOf(events: readonly { type: string; [fact: string]: unknown }[], more: Partial<Round> = {}): Round {
  const heard = events.map((event, index) => ({ kernel: 'notes', at: 1000 + index, seq: index, ...event }))
  return {
    ...{ beganAt: 1000, hit: true, approved: false, end: 'parked', notices: [], ...more },
    events: heard as unknown as Round['events'],
  }
}

test('a sandbox that fails is what step 4 tells a person to look at', () => {
  const refusal = 'SANDBOX_FAILED: the process could not be started'
  const { judged } = repaired(roundOf([{ type: 'repair.refused', agent: 'restore.code', refusal, lines: [] }]), spec)
  expect(judged).toMatchObject({ ran: false, shown: ['the kernel was not repaired', `restore.code: ${refusal}`] })
  expect(judged.look).toContain('lazaret doctor')
})

test('what the sandbox does not give is named as the reason, and autonomy observe as another', () => {
  const refusal = 'boots: CAGE_UNSUITABLE: the kernel needs the network, so a person has to look.'
  expect(repaired(roundOf([{ type: 'repair.refused', agent: 'a', refusal }]), spec).unsuitable).toBe('the network')
  const watched = { ...spec, repair: { ...spec.repair, autonomy: 'observe' as const } }
  expect(repaired(roundOf([]), watched).judged.look).toContain('observe')
})

test('an incident without word to the operators is no escalation, and neither is a second one', () => {
  const opened = { type: 'incident.opened' }
  const task = { type: 'task.created' }
  const notices = [{ kind: 'incident.opened', kernel: 'notes' }] as unknown as Round['notices']
  expect(escalated(roundOf([opened, task], { notices })).ran).toBe(true)
  expect(escalated(roundOf([opened, task])).ran).toBe(false)
  expect(escalated(roundOf([opened, opened, task], { notices })).ran).toBe(false)
})

test('a call that is refused where the fleet says buffer is not answered as the fleet says', () => {
  const events = [{ type: 'kernel.quarantined' }, { type: 'kernel.rejoined' }]
  const refused = { mode: 'buffer', code: 'KERNEL_UNAVAILABLE' }
  expect(quarantined(roundOf(events, { probe: refused }), spec).ran).toBe(false)
  const early = { mode: 'buffer', code: 'UNKNOWN_METHOD', answeredAt: 1000 }
  expect(quarantined(roundOf(events, { probe: early }), spec).ran).toBe(false)
  const waited = { mode: 'buffer', code: 'UNKNOWN_METHOD', answeredAt: 1001 }
  expect(quarantined(roundOf(events, { probe: waited }), spec).ran).toBe(true)
  expect(quarantined(roundOf(events, { probe: { mode: 'buffer', waiting: 1 } }), spec).ran).toBe(true)
})

test('evidence that cannot be read back is none', () => {
  const folder = folderWith({ 'error.json': '{}', 'replay.bin': 'no replay' })
  const files = ['error.json', 'replay.bin']
  expect(diagnosed(roundOf([{ type: 'diagnostics.captured', folder, files }]))).toMatchObject({
    ran: false,
    look: folder,
  })
  const error = { name: 'Error', message: 'no space' }
  expect(diagnosed(roundOf([{ type: 'diagnostics.captured', error }])).shown[0]).toContain('no space')
})

const long = 'a word and another '.repeat(40)
function drillOf(kernel: string, more: Partial<KernelDrill> = {}): KernelDrill {
  const steps = (['escalate', 'quarantine', 'diagnose', 'repair', 'learn'] as const).map((name) => ({
    ...{ name, ran: more.passed !== false, shown: [long, long], tookMs: 1234 },
    ...(more.passed === false && { look: long }),
  }))
  const proof = [{ name: 'size' as const, passed: true, detail: long }]
  return {
    ...{ kernel, tier: 3, autonomy: 'fix', defect: long, steps, passed: true, proof, notes: [long] },
    ...more,
  } as KernelDrill
}

function reportOf(more: Partial<DrillReport>): DrillReport {
  const report = {
    fleet: 'fleet.yaml',
    kernels: 30,
    all: false,
    brokenBefore: [],
    drills: [],
    leftOut: [],
    changed: long,
  }
  const whole = { ...report, ...more } as DrillReport
  return { ...whole, tookMs: 1000, passed: hasPassed(whole) }
}

test('the page has 60 lines of 80 columns at most, however much there is to say', () => {
  const many = Array.from({ length: 30 }, (_, index) => drillOf(`kernel-${index}`, { passed: false }))
  const leftOut = many.map(({ kernel }) => ({ kernel, why: long }))
  const reports = [
    reportOf({ drills: [drillOf('notes')] }),
    reportOf({ drills: [drillOf('notes', { passed: false })], leftOut, brokenBefore: leftOut }),
    reportOf({ all: true, drills: many, leftOut }),
  ]
  for (const report of reports) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes start with ESC.
    const page = drillPage(report).map((line) => line.replace(/\u001b\[[0-9;]*m/g, ''))
    expect(page.length).toBeLessThanOrEqual(60)
    for (const line of page) expect(line.length).toBeLessThanOrEqual(80)
    expect(page.at(-1)).toMatch(/s\)$/)
    expect(drillMarkdown(report).split('\n').length).toBeLessThanOrEqual(61)
  }
})

test('the exit code tells a step that did not run from a fleet in which nothing could be drilled', () => {
  const suggested = drillOf('net', { passed: false, unsuitable: 'the network', autonomy: 'suggest' })
  const promised = drillOf('net', { passed: false, unsuitable: 'the network' })
  const good = drillOf('notes')
  const codes = (more: Partial<DrillReport>) => drillExitCode(reportOf(more))
  expect(codes({ drills: [good] })).toBe(0)
  expect(codes({ drills: [promised, good] })).toBe(0)
  expect(codes({ drills: [promised] })).toBe(1)
  expect(codes({ drills: [suggested, good], all: true })).toBe(0)
  expect(codes({ drills: [promised, good], all: true })).toBe(1)
  expect(codes({ drills: [good], brokenBefore: [{ kernel: 'other', why: 'no upstream' }] })).toBe(1)
  expect(codes({ leftOut: [{ kernel: 'notes', why: 'its code lies in node_modules' }] })).toBe(2)
})

test('what a kernel says is no markup in the Markdown, and draws nothing on the terminal', () => {
  const odd = drillOf('notes', { defect: 'a | b `c` <b>\u001b[2J', notes: [] })
  const text = drillMarkdown(reportOf({ drills: [odd] }))
  expect(text).toContain('a \\| b \\`c\\` \\<b>')
  expect(text).not.toContain('\u001b')
  expect(drillPage(reportOf({ drills: [odd] })).join('\n')).not.toContain('\u001b[2J')
})
