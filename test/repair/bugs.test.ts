/** The corpus of broken kernels is what it says: each fails as it claims, and the right fix, no other, passes. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { IsolatedResult } from '../../src/repair/trial.ts'
import { benchWithPool } from '../sandbox/bench.ts'
import { isWhole } from '../support/whole.ts'
import { type BugCase, loadCases } from './bugs/cases.ts'
import { CaseRuns, shown } from './bugs/runs.ts'

const { bench, pool } = benchWithPool()
const cases = loadCases()

/** A process each, several a case: two run at a time, and the rest wait for them. */
const caseMs = 300_000
/** Every claim about every case, as when cases are added. Else of every third the two from which the others mostly follow: see bugs/README.md. */
const tried = cases.filter((_, n) => isWhole || n % 3 === 0)

describe.each(tried.map((bug) => [bug.name, bug] as const))('%s', (_, bug) => {
  const runs = new CaseRuns(bug, bench, pool)

  test.concurrent('fails as it says, and its right fix passes', { timeout: caseMs }, async () => {
    if (isWhole) await goldenIsWell(bug, runs)
    await brokenFails(bug, runs)
    if (bug.mends === 'parked') await parkingIsEnough(bug, runs)
    else await fixHolds(bug, runs)
  })
})

async function goldenIsWell(bug: BugCase, runs: CaseRuns): Promise<void> {
  const world = runs.golden()
  if (world === undefined) return
  const blameless = bug.mends === 'repaired' ? bug.failing : []
  expectPassed(await runs.replay(world, [...bug.traffic, ...blameless]), 'the golden kernel')
}

async function brokenFails(bug: BugCase, runs: CaseRuns): Promise<void> {
  const result = await runs.replay(runs.broken(), bug.failing)
  const { name = '', message = '', code = '' } = result.error ?? {}
  expect(result.outcome, `the broken kernel: ${shown(result)}`).not.toBe('passed')
  expect(result.refused, `the broken kernel: ${shown(result)}`).toBeUndefined()
  expect(result.phase, `the broken kernel: ${shown(result)}`).toBe(bug.fails.phase)
  const matched = [name, message, code].some((each) => bug.fails.error.test(each))
  expect(matched, `the broken kernel fails otherwise: ${shown(result)}`).toBe(true)
  if (bug.fails.phase === 'message') {
    expect(result.at, `the last of failing fails, and none before: ${shown(result)}`).toBe(bug.failing.length - 1)
  }
}

async function fixHolds(bug: BugCase, runs: CaseRuns): Promise<void> {
  const mended = await runs.mended()
  expectPassed(await runs.hidden(mended), 'the mended kernel, by hidden.ts')
  if (!isWhole) return
  expectPassed(await runs.replay(mended, bug.failing), 'the mended kernel')
  expectPassed(await runs.check(mended), 'the mended kernel, by check.ts')
  const onBroken = await runs.hidden(runs.broken())
  expect(onBroken.outcome, 'hidden.ts is to fail on the broken kernel').not.toBe('passed')
}

async function parkingIsEnough(bug: BugCase, runs: CaseRuns): Promise<void> {
  const broken = runs.broken()
  expectPassed(await runs.hidden(broken), 'the kernel, by hidden.ts')
  if (!isWhole) return
  expectPassed(await runs.replay(broken, bug.failing.slice(0, -1)), 'without the parked message, the kernel')
  expectPassed(await runs.check(broken), 'the kernel, by check.ts')
}

function expectPassed(result: IsolatedResult, who: string): void {
  expect(result.outcome, `${who}: ${shown(result)}`).toBe('passed')
  expect(result.refused, `${who}: ${shown(result)}`).toBeUndefined()
}

describe('the loader', () => {
  const kernel =
    "import { defineKernel } from 'lazaret/kernel'\nexport default defineKernel({ start: () => ({ api: {} }) })\n"
  const facts = {
    kind: 'input',
    title: 'a title',
    seen: 'https://cwe.mitre.org/data/definitions/476.html',
    story: 'A story.',
    fails: '{ phase: message, error: TypeError }',
    failing: '[{ method: add, args: [null] }]',
    mends: 'repaired',
  }
  const whole = { 'broken/kernel.ts': kernel, 'check.ts': '// check', 'hidden.ts': '// hidden' }
  let count = 0

  function corpus(changes: Record<string, string | undefined>, files: Record<string, string | undefined> = {}): string {
    count += 1
    const folder = bench.path(`corpus${count}`)
    const lines = Object.entries({ ...facts, ...changes }).flatMap(([key, value]) =>
      value === undefined ? [] : `${key}: ${value}`,
    )
    for (const [name, text] of Object.entries({ ...whole, 'bug.yaml': lines.join('\n'), ...files })) {
      if (text === undefined) continue
      const path = join(folder, 'input-case', name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
    }
    return folder
  }

  test('reads values that YAML has no word for', () => {
    const args = `[{ $undefined: true }, { $date: "2026-01-01" }, { $bigint: "5" }, { $buffer: "aGk=" }, { $json: '{"__proto__":1}' },
      { $repeat: [ab, 3] }, { $nest: [in, 2] }, { plain: [{ $bigint: "6" }] }]`
    const [bug] = loadCases(corpus({ failing: `[{ method: add, args: ${args} }]` }))
    const [nothing, date, big, buffer, own, ...rest] = bug?.failing[0]?.args ?? []
    expect(nothing).toBe(undefined)
    expect([date, big, buffer]).toEqual([new Date('2026-01-01'), 5n, Buffer.from('hi')])
    expect(Object.keys(own as object)).toEqual(['__proto__'])
    expect(rest).toEqual(['ababab', { in: { in: {} } }, { plain: [6n] }])
  })

  test.each<[string, Record<string, string | undefined>, Record<string, string | undefined>, RegExp]>([
    ['a kind that there is not', { kind: 'inputs' }, {}, /bug\.yaml:1: kind: must be one of imports, .*Got: "inputs"/],
    ['a kind of another folder', { kind: 'state' }, {}, /kind: must be what the folder's name begins with/],
    ['a key that there is not', { titel: 'x' }, {}, /titel: must be one of the keys.*Got: "titel"/],
    [
      'a pattern that is none',
      { fails: '{ phase: message, error: "(" }' },
      {},
      /fails\.error: must be a regular expression/,
    ],
    ['no story', { story: undefined }, {}, /story: must be two or three sentences.*Got: nothing/],
    ['a reference without https', { seen: 'http://example.com' }, {}, /seen: must be the https/],
    ['a refusal without a reason', { mends: 'refused' }, {}, /why: must be given where mends is refused/],
    ['a reason without a refusal', { why: 'because' }, {}, /why: must be absent unless/],
    [
      'a parked message that has a fix',
      { mends: 'parked' },
      { 'mended/kernel.ts': 'x' },
      /mends: must be repaired or refused/,
    ],
    ['a fix that changes nothing', {}, { 'mended/kernel.ts': kernel }, /mends: must be without mended\/kernel\.ts/],
    ['a message that nobody sends', { failing: undefined }, {}, /failing: must be at least the failing call/],
    ['a word for no value', { config: '{ at: { $time: 5 } }' }, {}, /config: must be values .*\$time is none of/],
    ['no hidden check', {}, { 'hidden.ts': undefined }, /hidden\.ts must be there/],
    ['no entry', {}, { 'broken/kernel.ts': undefined, 'broken/other.ts': kernel }, /broken\/kernel\.ts must be there/],
    ['a golden kernel without traffic', {}, { 'golden/kernel.ts': kernel }, /traffic: must be healthy calls/],
  ])('refuses %s, by file and key', (_, changes, files, expected) => {
    expect(() => loadCases(corpus(changes, files))).toThrow(expected)
  })
})
