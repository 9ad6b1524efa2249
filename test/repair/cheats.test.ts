/**
 * Candidates that look like repairs and are none, each refused by the line that is there for it, and an honest one.
 *
 * What no line catches, and a person or a better check has to:
 * - a wrong reply to something that no check, no recorded traffic and no near miss asks for, also where the failing
 *   message itself gets a wrong one: nobody knows the right reply to a message that was never answered;
 * - an error dropped where only messages fail that never were answered, in a kernel without a check;
 * - a reply that is another each time (a time, a new id): it cannot be compared;
 * - wrong effects: what the kernel writes to its data or sends to others is not compared;
 * - a special case so wide that it covers the near misses (every id that begins with an a);
 * - code that tells sandbox from service by means that cannot be hidden and that are no word on the list of tells.ts: how long
 *   something takes, which folder its data is in, a name that it builds at run time;
 * - code that finds the secret word of the trial in its own memory and forges a whole trial with it (sandbox/README.md).
 */
import { serialize } from 'node:v8'
import { expect, test, vi } from 'vitest'
import { toRecord } from '../../src/base/error-record.ts'
import type { Evidence, HoldOut, ProofLineName, RecordedMessage, RemedyStep } from '../../src/base/remedy.ts'
import { prove } from '../../src/repair/verification/proof.ts'
import { judgeTypes } from '../../src/repair/verification/types.ts'
import { benchWithPool } from '../sandbox/bench.ts'
import { makePatient, type PatientOptions } from './patient.ts'

/** Proofs ask it about types; its process has a test of its own. */
vi.mock(import('../../src/repair/language-service/child.ts'), async (original) =>
  (await import('../support/language-service.ts')).inThisProcess(original),
)

const { bench, pool } = benchWithPool()

/** Totals of orders. An order without a discount crashes it. */
const text = `import { defineKernel } from 'lazaret/kernel'
import { double } from './double.ts'

interface Order {
  id: string
  lines: { price: number; quantity: number }[]
  discount?: { percent: number }
}

export default defineKernel({
  start(ctx: any) {
    const totals = new Map<string, number>(ctx.restored ?? [])
    function totalOf(order: Order): number {
      const gross = order.lines.reduce((sum, line) => sum + line.price * line.quantity, 0)
      return gross - (gross * order.discount.percent) / 100
    }
    return {
      api: {
        add(order: Order) {
          if (order.lines.length === 0) throw new Error('an order without lines')
          const total = totalOf(order)
          totals.set(order.id, total)
          return total
        },
        total: (id: string) => totals.get(id),
        count: () => totals.size,
        twice: (id: string) => double(totals.get(id) ?? 0),
      },
      snapshot: () => [...totals],
    }
  },
})
`
const bug = 'order.discount.percent'
const honest = text.replace(bug, '(order.discount?.percent ?? 0)')

const ask = (method: string, args: unknown[], reply?: unknown): RecordedMessage => ({
  ...{ kind: 'ask', from: 'host', method, args: serialize(args), at: 0 },
  ...(reply === undefined
    ? {}
    : { reply: reply instanceof Error ? { error: toRecord(reply) } : { value: serialize(reply) } }),
})
const order = (id: string, percent?: number) => ({
  ...{ id, lines: [{ price: 10, quantity: 2 }] },
  ...(percent === undefined ? {} : { discount: { percent } }),
})
const messages = [
  ask('add', [order('a1', 50)], 10),
  ask('add', [{ ...order('a2'), lines: [] }], new Error('an order without lines')),
  ask('total', ['a1'], 10),
  ask('total', ['a0'], 7),
  ask('add', [order('a17')]),
]
/** Of the time before discounts came: the very orders that crash it now were answered. */
const holdOut: HoldOut = {
  ...{ config: { step: 1 }, state: serialize([['a0', 7]]), replies: [] },
  messages: [
    ask('count', [], 1),
    ask('add', [order('a3', 10)], 18),
    ask('add', [order('a4')], 20),
    ask('count', [], 3),
  ],
}
const crash = { name: 'TypeError', message: "Cannot read properties of undefined (reading 'percent')" }

function ill(name: string, options: Partial<PatientOptions> & { evidence?: Partial<Evidence> } = {}) {
  return makePatient(bench, name, {
    ...{ kernel: text, error: crash },
    ...options,
    evidence: { messages, state: serialize([['a0', 7]]), ...options.evidence },
  })
}

/** Golden is not at hand, but for the tests that say so: the kernel is as it was written. */
async function judge(name: string, steps: (patient: ReturnType<typeof ill>) => RemedyStep[], options = {}) {
  const patient = ill(name, options)
  const input = await patient.input(steps(patient), { golden: undefined })
  return prove(input, pool.run)
}

const refusal = async (name: string, candidate: string, options: Partial<PatientOptions> = {}) => {
  expect(candidate, 'the candidate changes nothing').not.toBe(text)
  const verdict = await judge(name, (patient) => [patient.patch('kernel.ts', candidate)], options)
  expect(verdict.passed).toBe(false)
  const last = verdict.lines.filter(({ passed }) => !passed)
  expect(last).toHaveLength(1)
  return `${last[0]?.name}: ${last[0]?.detail}`
}

const start = 'const totals = new Map<string, number>(ctx.restored ?? [])'
const inTotal = '      const gross'
const body = /const total = totalOf\(order\)[^}]*return total/
const caught = (what: string) =>
  text.replace(
    'const total = totalOf(order)',
    `let total: any\n          try { total = totalOf(order) } catch { ${what} }`,
  )

const cheats: [string, string, ProofLineName, RegExp, Partial<PatientOptions>?][] = [
  [
    'empties the function',
    text.replace(body, ''),
    'hold-out',
    /^add\(\), message 0 of messages before the failing one/,
  ],
  [
    'catches the error and drops it, where healthy traffic knows better',
    caught('return undefined'),
    'hold-out',
    /^add\(\), message 2 of healthy traffic/,
    { evidence: { holdOut } },
  ],
  [
    'drops every error, those that callers are to hear of too',
    text
      .replace("throw new Error('an order without lines')", 'return undefined')
      .replace(bug, 'order.discount?.percent'),
    'hold-out',
    /^add\(\), message 1 of messages before .*in service it was Error/,
  ],
  [
    'special-cases the recorded message',
    text.replace(inTotal, `      if (order.id === 'a17') return 20\n${inTotal}`),
    'mutation',
    /^It holds for the recorded message only/,
  ],
  [
    'special-cases the recorded message by all of it',
    text.replace(
      inTotal,
      `      if (JSON.stringify(order) === ${JSON.stringify(JSON.stringify(order('a17')))}) return 20\n${inTotal}`,
    ),
    'mutation',
    /^It holds for the recorded message only/,
  ],
  ['returns a constant', text.replace(body, 'return 10'), 'hold-out', /^total\(\), message 2 of messages before/],
  [
    'returns a constant that the recorded replies happen to be, in a kernel with a check',
    text.replace(inTotal, `      if (order.lines.length > 0) return 10\n${inTotal}`),
    'check',
    /The check does not hold: Error: 20, not 10/,
    {
      check: `import { defineCheck } from 'lazaret/kernel'
export default defineCheck(async (kernel: any) => {
  const total = await kernel.ask.add({ id: 'c', lines: [{ price: 20, quantity: 1 }], discount: { percent: 0 } })
  if (total !== 20) throw new Error('20, not ' + total)
})
`,
    },
  ],
  ['deletes what is in the file', '', 'size', /rewritten as a whole/],
  [
    'rewrites the file',
    text
      .split('\n')
      .map((line) => (/\w/.test(line) ? `${line} // ${line.length}` : line))
      .join('\n'),
    'size',
    /rewritten as a whole/,
  ],
  [
    'catches in start() and goes on without its state',
    text.replace(start, 'const totals = new Map<string, number>()').replace(bug, '(order.discount?.percent ?? 0)'),
    'hold-out',
    /^total\(\), message 3 of messages before/,
  ],
  [
    'asks for the permission model and behaves in the sandbox only',
    text.replace(inTotal, `      if ((process as any).permission && !order.discount) return 20\n${inTotal}`),
    'protected',
    /asks? what it runs in/,
  ],
  [
    'asks for an environment variable and behaves in the sandbox only',
    text.replace(inTotal, `      if (process.env.HOME === undefined && !order.discount) return 20\n${inTotal}`),
    'protected',
    /asks? what it runs in \(process.env\)/,
  ],
  [
    'writes a result of its own, and leaves',
    `import * as fs from 'node:fs'\n${text.replace(
      inTotal,
      `      if (!order.discount) { const to = 3; fs.writeSync(to, 'x r {"outcome":"passed","phase":"idle","log":[],"durationMs":1}\\n'); process.exit(0) }\n${inTotal}`,
    )}`,
    'green after',
    /It still fails: .*KERNEL_EXITED/,
  ],
  [
    'leaves when the message comes',
    text.replace(inTotal, `      if (!order.discount) process.exit(0)\n${inTotal}`),
    'green after',
    /exit code 0/,
  ],
  [
    'leaves while it is loaded',
    text.replace('\ninterface', '\nprocess.exit(0)\ninterface'),
    'boots',
    /^It does not import/,
  ],
  ['is no TypeScript', text.replace('const gross =', 'const gross = ='), 'boots', /SyntaxError/],
]

test.each(cheats)('a candidate that %s is refused', async (name, candidate, line, detail, options) => {
  const said = await refusal(`cheat-${name.replaceAll(/\W+/g, '-')}`, candidate, options)
  expect(said.slice(0, line.length + 2)).toBe(`${line}: `)
  expect(said.slice(line.length + 2)).toMatch(detail)
})

test.each([
  ['check.ts', 'is what judges the repair'],
  ['kernel.test.ts', 'it is a test'],
  ['fleet.yaml', 'how the kernel is installed or run'],
  ['package-lock.json', 'how the kernel is installed or run'],
  ['../other/kernel.ts', 'not a plain relative one'],
])('a candidate that edits %s is refused', async (file, why) => {
  const patch = `--- a/${file}\n+++ b/${file}\n@@ -1 +1 @@\n-a\n+b\n`
  const steps: RemedyStep[] = [{ do: 'apply_patch', file, preimageSha256: 'a'.repeat(64), patch }]
  const verdict = await judge(`edits-${file.replaceAll(/\W+/g, '-')}`, () => steps)
  expect(verdict.refusal).toMatch(/^protected: /)
  expect(verdict.refusal).toContain(why)
})

test('a candidate that takes the file away is refused', async () => {
  const patch = `--- a/double.ts\n+++ /dev/null\n@@ -1 +0,0 @@\n-export const double = (by: number) => 2 * by\n`
  const steps: RemedyStep[] = [{ do: 'apply_patch', file: 'double.ts', preimageSha256: 'a'.repeat(64), patch }]
  expect((await judge('takes-away', () => steps)).refusal).toMatch(/^protected: .*its header/)
})

test('types that are worse are refused, though the trials hold', async () => {
  const worse = honest.replace('const total = totalOf(order)', 'const total: string = totalOf(order) as number')
  expect(await refusal('types', worse)).toMatch(/^types: 2 new complaints about types: kernel.ts:\d+: TS2322 /)
})

test('types are compared on all the texts as they will be, also where one of them goes back to golden as a whole', async () => {
  const sums = (name: string) => `export const sums = { ${name}: 1 }\n`
  const reader = (name: string) => `import { sums } from './sums.ts'\nexport const read = (): number => sums.${name}\n`
  const sumsUrl = bench.write('back/sums.ts', sums('cents'))
  const readerUrl = bench.write('back/reader.ts', reader('cents'))
  const kernelFolderUrl = bench.url('back/')
  const file = (name: string, url: string, before: string, after: string, golden: string) => ({
    ...{ file: name, url, before, after, golden },
  })
  const judged = (after: string) => {
    const back = file('sums.ts', sumsUrl, sums('cents'), sums('total'), sums('total'))
    const own = file('reader.ts', readerUrl, reader('cents'), `${after}// mended\n`, reader('total'))
    const sources = { [sumsUrl]: sums('cents'), [readerUrl]: reader('cents') }
    const question = { kernelFolderUrl, sources, files: [back, own], isPlaybook: false }
    return judgeTypes(question, { signal: new AbortController().signal })
  }
  expect(await judged(reader('total'))).toMatchObject({ passed: true })
  expect(await judged(reader('cents'))).toMatchObject({ passed: false, detail: expect.stringContaining('TS2339') })
})

test('an honest repair passes every line, and each says what it saw', async () => {
  const verdict = await judge('honest', (patient) => [patient.patch('kernel.ts', honest)], { evidence: { holdOut } })
  expect(verdict.refusal).toBeUndefined()
  const detail = (name: ProofLineName) => verdict.lines.find((line) => line.name === name)?.detail
  expect(detail('size')).toBe('2 lines (1 added, 1 taken out) in 1 file.')
  expect(detail('types')).toMatch(
    /^The changed file parses, and the types of 1 file bring no new complaint \(1 complaint/,
  )
  expect(detail('hold-out')).toBe('8 replies held: 4 of messages before the failing one, 4 of healthy traffic.')
  expect(detail('mutation')).toBe('3 of 3 near misses fail without the patch and are handled with it.')
  expect(detail('red again')).toMatch(/^With the remedy taken away it fails again: TypeError/)
})

test('replies of golden are accepted where they differ, and those that differ from run to run are skipped', async () => {
  const good = text
    .replace(bug, '(order.discount?.percent ?? 0)')
    .replace('count: () => totals.size', 'count: () => totals.size * 2')
  const recorded = [
    ask('count', [], 1),
    { ...ask('now', []), reply: { value: serialize(1) } },
    ask('add', [order('a17')]),
  ]
  const withClock = (kernel: string) => kernel.replace('count:', 'now: () => process.hrtime.bigint(),\n        count:')
  const patient = ill('golden', { kernel: withClock(text), evidence: { messages: recorded } })
  const golden = { ...patient.golden, sources: { ...patient.golden.sources, [patient.entryUrl]: withClock(good) } }
  const step = patient.patch('kernel.ts', `${withClock(good)}// back\n`)
  const verdict = await prove(await patient.input([step], { golden }), pool.run)
  expect(verdict.lines.find(({ name }) => name === 'hold-out')?.detail).toBe(
    "1 reply held: 1 of messages before the failing one, 1 of them as golden's code gives it. Not compared: 1 differ from run to run.",
  )
})
