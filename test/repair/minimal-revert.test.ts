import { expect, test } from 'vitest'
import { LazaretError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import type { Golden, Remedy, RemedyStep } from '../../src/base/remedy.ts'
import type { AgentInput } from '../../src/repair/agents/agent.ts'
import { minimalRevert } from '../../src/repair/agents/minimal-revert.ts'
import { applySteps } from '../../src/repair/apply.ts'
import type { IsolatedResult } from '../../src/repair/trial.ts'
import { benchWithPool, message } from '../sandbox/bench.ts'
import { fallIll, proposed, textsAfter } from './broken.ts'

const { bench, pool } = benchWithPool()
const folder = 'file:///kernels/patient/'
const golden: Golden = { kernel: 'patient', at: 1, codeSha256: 'g', sources: {}, config: {} }

const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')
const numbers = (length: number) => Array.from({ length }, (_, index) => index)

interface Change {
  readonly before: Readonly<Record<string, string>>
  readonly now: Readonly<Record<string, string>>
  /** Whether these texts do not fail. */
  works(texts: Readonly<Record<string, string>>): boolean
  /** Whether the check holds; absent: there is none. */
  readonly checks?: (texts: Readonly<Record<string, string>>) => boolean
  /** Of the failure; absent: it has no place. */
  readonly stack?: string
  /** The line of its proof with which each candidate falls; absent: nothing is said about it. */
  readonly refusedBy?: string
}

interface Tried {
  readonly remedies: readonly Remedy[]
  /** Texts with each remedy, by file. */
  readonly texts: readonly Readonly<Record<string, string>>[]
  /** With the first of them. */
  readonly after: Readonly<Record<string, string>>
  readonly runs: number
  readonly atOnce: number
}

/** The agent against a sandbox that is played by two predicates over the texts. */
async function tryOn({ before, now, works, checks, stack, refusedBy }: Change): Promise<Tried> {
  let runs = 0
  let running = 0
  let atOnce = 0
  const verdicts: unknown[] = []
  const urls = (texts: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(texts).map(([file, content]) => [folder + file, content]))
  const sources = urls(now)
  const withSteps = (steps: readonly RemedyStep[]) => {
    const found = { ...now }
    // Of no hash on disk is any text, so every file comes back in the overlay.
    const onDisk = Object.fromEntries(Object.keys(sources).map((url) => [url, '']))
    const { overlay } = applySteps(steps, { sources, onDisk, overlayNow: {}, kernelFolderUrl: folder })
    for (const [url, entry] of Object.entries(overlay)) found[url.slice(folder.length)] = entry.text
    return found
  }
  const run = async (passed: boolean): Promise<IsolatedResult> => {
    runs += 1
    running += 1
    atOnce = Math.max(atOnce, running)
    await new Promise(setImmediate)
    running -= 1
    const outcome = passed ? 'passed' : 'failed'
    return { outcome, phase: 'message', log: [], durationMs: 1, isolation: 'weak', pid: 1 }
  }
  const input = {
    ...{ sources, kernelFolderUrl: folder, golden: { ...golden, sources: urls(before) }, folder: '/none' },
    ...(checks === undefined ? {} : { checkUrl: `${folder}check.ts` }),
    evidence: { error: { name: 'Error', message: '', ...(stack !== undefined && { stack }) } },
    ...{ verdicts, spend: () => {}, progress: () => {}, signal: new AbortController().signal },
    replay: (steps: readonly RemedyStep[]) => run(works(withSteps(steps))),
    check: (steps: readonly RemedyStep[]) => run(checks?.(withSteps(steps)) ?? true),
  } as unknown as AgentInput
  const remedies: Remedy[] = []
  for await (const remedy of minimalRevert.propose(input) as AsyncIterable<Remedy>) {
    remedies.push(remedy)
    if (refusedBy !== undefined) verdicts.push({ remedy, verdict: { lines: [{ name: refusedBy, passed: false }] } })
  }
  const texts = remedies.map(({ steps }) => withSteps(steps))
  return { remedies, texts, after: texts[0] ?? now, runs, atOnce }
}

/** Twelve lines changed, each with a line between; `bad` of them have to go all together. */
function twelve(bad: readonly number[]): Change & { expected: string } {
  const file = (isOld: (index: number) => boolean) =>
    text(numbers(12).flatMap((index) => [isOld(index) ? `old ${index}` : `new ${index}`, `between ${index}`]))
  return {
    before: { 'kernel.ts': file(() => true) },
    now: { 'kernel.ts': file(() => false) },
    expected: file((index) => bad.includes(index)),
    works: (texts) => bad.every((index) => texts['kernel.ts']?.includes(`old ${index}\n`) === true),
    checks: () => true,
  }
}

test('of twelve hunks with one bad one exactly that one is reverted, in 40 sandbox runs at most', async () => {
  for (const bad of numbers(12)) {
    const change = twelve([bad])
    const { remedies, after, runs, atOnce } = await tryOn(change)
    expect(remedies).toMatchObject([{ agent: 'minimal-revert', healedBy: 'code' }])
    expect(remedies[0]?.why).toContain(`kernel.ts line ${2 * bad + 1}.`)
    expect(after['kernel.ts']).toBe(change.expected)
    expect(runs).toBeLessThanOrEqual(limits.revertRuns)
    expect(atOnce).toBe(limits.sandboxParallel)
  }
})

test('two bad hunks that belong together go together, wherever they lie, in 40 runs at most', async () => {
  for (const first of numbers(12)) {
    for (const second of numbers(12).slice(first + 1)) {
      const change = twelve([first, second])
      const { after, runs } = await tryOn(change)
      expect(runs).toBeLessThanOrEqual(limits.revertRuns)
      expect(after['kernel.ts']).toBe(change.expected)
    }
  }
})

test('a search whose runs are over proposes the smallest part that it has seen to mend, and says that less may do', async () => {
  const bad = [0, 5, 11, 17, 23, 29]
  const file = (isOld: (index: number) => boolean) =>
    text(numbers(30).flatMap((index) => [isOld(index) ? `old ${index}` : `new ${index}`, `between ${index}`]))
  const works = (texts: Readonly<Record<string, string>>) =>
    bad.every((index) => texts['kernel.ts']?.includes(`old ${index}\n`) === true)
  const change = { before: { 'kernel.ts': file(() => true) }, now: { 'kernel.ts': file(() => false) }, works }
  const { after, runs, remedies } = await tryOn(change)
  expect(runs).toBeLessThanOrEqual(limits.revertRuns)
  expect(works(after)).toBe(true)
  expect(remedies[0]?.why).toMatch(/Less may do: the search ended after 40 sandbox runs\.$/)
})

test('a hunk that cannot go without another one takes it along', async () => {
  const before = text(['const a = 1', '', 'use(a)', '', 'other()'])
  const now = text(['const b = 0', '', 'use(b)', '', 'another()'])
  const whole = (source: string) => (source.includes('const a') ? 'a' : 'b')
  const { after } = await tryOn({
    ...{ before: { 'kernel.ts': before }, now: { 'kernel.ts': now } },
    // `b = 0` is at fault, and a name that is not there is a failure like any other.
    works: ({ 'kernel.ts': source = '' }) => whole(source) === 'a' && source.includes('use(a)'),
  })
  expect(after['kernel.ts']).toBe(text(['const a = 1', '', 'use(a)', '', 'another()']))
})

test('adjacent changed lines are told apart, and so are blocks of new lines', async () => {
  const lines = await tryOn({
    before: { 'kernel.ts': text(['top', 'one', 'two', 'three', 'end']) },
    now: { 'kernel.ts': text(['top', 'ONE', 'TWO', 'THREE', 'end']) },
    works: (texts) => texts['kernel.ts']?.includes('TWO') === false,
  })
  expect(lines.after['kernel.ts']).toBe(text(['top', 'ONE', 'two', 'THREE', 'end']))
  expect(lines.remedies[0]?.why).toContain('kernel.ts line 3.')
  const blocks = await tryOn({
    before: { 'kernel.ts': text(['top', 'end']) },
    now: { 'kernel.ts': text(['top', 'fine()', '', 'bad()', 'bad2()', '', 'fine2()', 'end']) },
    works: (texts) => texts['kernel.ts']?.includes('bad') === false,
  })
  expect(blocks.after['kernel.ts']).toBe(text(['top', 'fine()', '', 'fine2()', 'end']))
  expect(blocks.remedies[0]?.why).toContain('kernel.ts lines 4-6.')
})

test('hunks at fault in two files are reverted in both; files outside the folder, tests and the check are left', async () => {
  const { remedies, after } = await tryOn({
    before: { 'kernel.ts': 'a\nx\nb\n', 'lib/list.ts': 'c\ny\nd\n', '../shared.ts': 's\n', 'check.ts': 'k\n' },
    now: { 'kernel.ts': 'A\nx\nB\n', 'lib/list.ts': 'C\ny\nD\n', '../shared.ts': 'S\n', 'check.ts': 'K\n' },
    works: (texts) => texts['kernel.ts']?.endsWith('b\n') === true && texts['lib/list.ts']?.startsWith('c') === true,
  })
  expect(after).toMatchObject({ 'kernel.ts': 'A\nx\nb\n', 'lib/list.ts': 'c\ny\nD\n', 'check.ts': 'K\n' })
  expect(remedies[0]?.steps).toMatchObject([{ file: 'kernel.ts' }, { file: 'lib/list.ts' }])
  expect(remedies[0]?.why).toContain('kernel.ts line 3; lib/list.ts line 1.')
})

test('lines that were taken out are put back', async () => {
  const { after, remedies } = await tryOn({
    before: { 'kernel.ts': text(['one', 'guard()', 'two', 'three']) },
    now: { 'kernel.ts': text(['one', 'two', 'THREE']) },
    works: (texts) => texts['kernel.ts']?.includes('guard()') === true,
  })
  expect(after['kernel.ts']).toBe(text(['one', 'guard()', 'two', 'THREE']))
  expect(remedies[0]?.why).toContain('kernel.ts after line 1.')
})

test('a part that passes the replay and not the check does not count', async () => {
  const change = twelve([4])
  const needsBoth = (texts: Readonly<Record<string, string>>) => texts['kernel.ts']?.includes('old 9\n') === true
  const { after } = await tryOn({ ...change, checks: needsBoth })
  expect(after['kernel.ts']).toBe(twelve([4, 9]).expected)
})

test('nothing is proposed where no part helps, where it does not fail as it is, and where everything would have to go', async () => {
  const none = { remedies: [] }
  expect(await tryOn({ ...twelve([3]), works: () => false })).toMatchObject({ ...none, runs: 2 })
  const unchecked = await tryOn({ ...twelve([3]), checks: () => false })
  expect(unchecked).toMatchObject(none)
  expect(unchecked.runs).toBeLessThanOrEqual(40)
  expect(await tryOn({ ...twelve([3]), works: () => true })).toMatchObject(none)
  expect(await tryOn(twelve(numbers(12)))).toMatchObject(none)
})

test('a change of one hunk is left to restore.code, without a run', async () => {
  const oneHunk = { before: { 'kernel.ts': 'a\nb\n' }, now: { 'kernel.ts': 'a\nB\n' }, works: () => true }
  expect(await tryOn(oneHunk)).toMatchObject({ remedies: [], runs: 0 })
  expect(await tryOn({ ...oneHunk, now: oneHunk.before })).toMatchObject({ remedies: [], runs: 0 })
})

test('a change of more hunks than are told apart is left, and says so', async () => {
  const change = (count: number) => ({
    before: { 'kernel.ts': text(numbers(count).flatMap((index) => [`old ${index}`, 'between'])) },
    now: { 'kernel.ts': text(numbers(count).flatMap((index) => [`new ${index}`, 'between'])) },
    works: () => false,
  })
  expect(await tryOn(change(limits.revertHunks))).toMatchObject({ remedies: [] })
  await expect(tryOn(change(limits.revertHunks + 1))).rejects.toThrow(/201 hunks, and at most 200/)
})

test('a step that cannot be applied counts as a failure; a sandbox that fails ends the search', async () => {
  const change = twelve([2])
  const refused = await tryOn({
    ...change,
    works: (texts) => {
      if (texts['kernel.ts']?.includes('old 11') && !texts['kernel.ts'].includes('old 0\n'))
        throw new LazaretError('PATCH_REFUSED', 'no')
      return change.works(texts)
    },
  })
  expect(refused.after['kernel.ts']).toBe(change.expected)
  const broken = tryOn({
    ...change,
    works: () => {
      throw new LazaretError('SANDBOX_FAILED', 'no sandbox')
    },
  })
  await expect(broken).rejects.toThrow('no sandbox')
})

/** Twelve places of one kernel in which a new version differs; the eighth has a defect. */
const versions: readonly (readonly [string, string])[] = [
  ["const unit = 'cm'", "const unit = 'mm'"],
  ['const factor = 1', 'const factor = 10'],
  ['const digits = 0', 'const digits = 1'],
  ["const name = 'ruler'", "const name = 'tape'"],
  ['const round = (n) => Number(n.toFixed(digits))', 'const round = (n) => Math.round(n * 10) / 10'],
  ['const list = []', 'const list = [0]'],
  ["const label = () => name + ' ' + unit", "const label = () => unit + ' ' + name"],
  [
    'const last = () => list.at(-1) ?? 0',
    // `length` is one past the end, so the value is undefined.
    'const last = () => list[list.length].value',
  ],
  [
    'const sum = () => list.reduce((a, b) => a + b, 0)',
    'const sum = () => { let s = 0; for (const n of list) s += n; return s }',
  ],
  ['const size = () => list.length', 'const size = () => list.length - 1'],
  ['const clear = () => list.splice(0)', 'const clear = () => list.splice(1)'],
  ['const push = (n) => list.push(round(n * factor))', 'const push = (n) => { list.push(round(n * factor)) }'],
]

function ruler(pick: (pair: readonly [string, string], index: number) => string): string {
  const lines = versions.flatMap((pair, index) => [pick(pair, index), `// ${index}`])
  return `import { defineKernel } from 'lazaret/kernel'\n${text(lines)}export default defineKernel({
  start: () => ({ api: { add(n) { push(n); return last() }, describe: () => [label(), sum(), size(), clear()] } }),
})\n`
}

test('in the real sandbox, one bad hunk of twelve goes and the eleven others stay', async () => {
  const broken = ruler(([, now]) => now)
  const ill = await fallIll(bench, pool, 'ruler', { files: { 'kernel.js': broken }, messages: [message('add', 1)] })
  let runs = 0
  const input: AgentInput = {
    ...ill.input,
    golden: { ...golden, sources: { [ill.entryUrl]: ruler(([before]) => before) } },
    replay: (steps) => {
      runs += 1
      return ill.input.replay(steps)
    },
  }
  const [remedy, ...others] = await proposed(minimalRevert, input)
  expect(others).toEqual([])
  expect(remedy?.why).toContain('Of a change in 12 places since the kernel was last steady')
  expect(remedy?.why).toContain('kernel.js line 16.')
  const mended = ruler(([before, now], index) => (index === 7 ? before : now))
  expect(remedy === undefined ? {} : textsAfter(remedy, input)).toEqual({ 'kernel.js': mended })
  expect(runs).toBeLessThanOrEqual(limits.revertRuns)
})

test('where the check asks for what the change brought, the hunk at fault is found all the same', async () => {
  const change = twelve([3])
  const wanted = (texts: Readonly<Record<string, string>>) => texts['kernel.ts']?.includes('new 7\n') === true
  const { after, runs } = await tryOn({ ...change, checks: wanted })
  expect(after['kernel.ts']).toBe(change.expected)
  expect(runs).toBeLessThanOrEqual(limits.revertRuns)
})

/** A field of a stay moved into a period in the report alone; guests became objects everywhere. */
const halfMoved = {
  before: {
    'kernel.ts': text(['const guest = name', '', 'list(guest)', '', 'report(stay)']),
    'report.ts': text(['export function report(stay) {', '  const all = stays(stay)', '  return all.from', '}']),
  },
  now: {
    'kernel.ts': text(['const guest = { name }', '', 'list(guest.name)', '', 'report(stay)']),
    'report.ts': text([
      'export function report(stay) {',
      '  const all = period(stay)',
      '  return all.period.from',
      '}',
    ]),
  },
  works: ({ 'report.ts': source = '' }: Readonly<Record<string, string>>) => source.includes('all.from'),
}
const reportBefore = halfMoved.before['report.ts']

test('where the smallest part is refused, what shares a changed name with it goes along, and nothing else', async () => {
  const stack = `TypeError: x\n    at report (${folder}report.ts:3:10)\n    at ${folder}kernel.ts:5:1`
  const { texts, remedies, runs } = await tryOn({ ...halfMoved, stack })
  expect(texts[0]?.['report.ts']).toContain('period(stay)')
  expect(texts[1]).toEqual({ ...halfMoved.now, 'report.ts': reportBefore })
  expect(remedies[1]?.why).toContain('report.ts lines 2-3. It goes together, as it has names in common: period.')
  expect(runs).toBeLessThanOrEqual(limits.revertRuns)
})

test('where only old code failed, what works is not taken back to suit it', async () => {
  // The ledger was forgotten when the total became one of cents: the change is right.
  const now = {
    'kernel.ts': text(['print(sum.totalCents / 100)', '', 'ledger(sum.total)']),
    'sum.ts': text(['export const sum = {', '  totalCents: 100,', '}']),
  }
  const before = {
    'kernel.ts': text(['print(sum.total)', '', 'ledger(sum.total)']),
    'sum.ts': text(['export const sum = {', '  total: 1,', '}']),
  }
  const { texts } = await tryOn({
    ...{ before: { ...before, 'new.ts': 'a\n' }, now: { ...now, 'new.ts': 'b\n' } },
    works: (all) => all['sum.ts']?.includes(' total:') === true,
    checks: ({ 'kernel.ts': kernel = '', 'sum.ts': sum = '', 'new.ts': fresh }) =>
      fresh === 'b\n' && kernel.includes('totalCents') === sum.includes('totalCents'),
    stack: `TypeError: x\n    at ledger (${folder}kernel.ts:3:1)`,
  })
  expect(texts).toEqual([])
})

test('after a verdict that no other candidate would get past, none is proposed', async () => {
  const stack = `TypeError: x\n    at report (${folder}report.ts:3:10)`
  const after = async (name: string) => (await tryOn({ ...halfMoved, stack, refusedBy: name })).texts.length
  expect(await after('types')).toBe(2)
  expect(await after('red again')).toBe(1)
})
