import { deserialize, serialize } from 'node:v8'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/base/hash.ts'
import { limits } from '../../src/base/limits.ts'
import type { Evidence, RecordedMessage } from '../../src/base/remedy.ts'
import { answerAsRecorded } from '../../src/repair/answer.ts'
import { makePatch } from '../../src/repair/patch.ts'
import type { IsolatedResult, TrialAnswer } from '../../src/repair/trial.ts'
import { judgeHoldOut } from '../../src/repair/verification/hold-out.ts'
import { mutationsOf } from '../../src/repair/verification/mutation.ts'
import { healthyRefused } from '../../src/repair/verification/parked-healthy.ts'
import { judgeSize } from '../../src/repair/verification/size.ts'
import { newTell } from '../../src/repair/verification/tells.ts'

const numbered = (count: number, mark = '') =>
  Array.from({ length: count }, (_, n) => `const line${n} = ${n}${mark}\n`).join('')

function sizeOf(before: string, after: string, golden?: string, file = 'kernel.ts') {
  const patch = { do: 'apply_patch', file, preimageSha256: '', patch: makePatch(file, before, after) } as const
  return judgeSize([patch], [{ url: `file:///k/${file}`, file, before, after, golden }])
}

test('changed lines are accepted up to the limit, and one more is not', () => {
  const half = limits.proofLines / 2
  const kept = numbered(2000, ' // kept')
  expect(sizeOf(kept + numbered(half), kept + numbered(half, '0'))).toEqual({
    passed: true,
    detail: `${limits.proofLines} lines (${half} added, ${half} taken out) in 1 file.`,
  })
  const more = sizeOf(kept + numbered(half), `${kept}${numbered(half, '0')}more()\n`)
  expect(more).toMatchObject({
    passed: false,
    detail: expect.stringContaining(`at most ${limits.proofLines} are accepted`),
  })
})

test('a rewritten file is refused, a short one that is mended is not, and golden may come back whole', () => {
  expect(sizeOf(numbered(30), numbered(30, '1'))).toMatchObject({ passed: false })
  expect(sizeOf(numbered(2), numbered(2, '1'))).toMatchObject({ passed: true })
  expect(sizeOf(numbered(2), '\n')).toMatchObject({
    passed: false,
    detail: expect.stringContaining('rewritten as a whole'),
  })
  expect(sizeOf(numbered(400), numbered(400, '1'), numbered(400, '1'))).toEqual({
    passed: true,
    detail: '1 file as golden knows it, and nothing else.',
  })
})

test('one file more than the limit is refused', () => {
  const files = (count: number) =>
    Array.from({ length: count }, (_, n) => ({
      url: `file:///k/${n}.ts`,
      file: `${n}.ts`,
      before: 'a\n',
      after: 'b\n',
    }))
  expect(judgeSize([], files(limits.proofFiles)).passed).toBe(true)
  expect(judgeSize([], files(limits.proofFiles + 1)).passed).toBe(false)
})

test.each([
  ...[
    '(process as any).permission',
    'process.env.HOME',
    'const { env } = process',
    'foo(process)',
    'globalThis.process',
  ],
  ...['globalThis["pro" + "cess"]', "import { env } from 'node:process'", 'fs.writeSync(3, line)', 'isMainThread'],
])('%s tells the sandbox from service', (after) => {
  const file = { url: 'file:///k/kernel.ts', file: 'kernel.ts', before: '', after }
  expect(newTell([file])?.file).toBe('kernel.ts')
  expect(newTell([{ ...file, before: after }])).toBeUndefined()
  expect(newTell([{ ...file, golden: after }])).toBeUndefined()
})

test.each([
  'process(order)',
  'queue.process(x)',
  'process.hrtime.bigint()',
  '// we process the order',
  "ask('process')",
])('%s tells nothing', (after) => {
  expect(newTell([{ url: 'file:///k/kernel.ts', file: 'kernel.ts', before: '', after }])).toBeUndefined()
})

const variants = (...args: unknown[]) => mutationsOf(args).map(({ args }) => args)

test('near misses are near, the same each time, and leave the message as it is', () => {
  const args = [{ id: 'a17', qty: 3, note: 'soon', who: null, tags: ['x'], on: true }]
  const copy = structuredClone(args)
  expect(variants(...args)).toEqual([
    [{ ...copy[0], qty: 4 }],
    [{ ...copy[0], note: 'sooo' }],
    [{ ...copy[0], id: 'a18' }],
  ])
  expect(mutationsOf(args)).toEqual(mutationsOf(args))
  expect(args).toEqual(copy)
})

test('where there is little to vary, it is varied twice, and where there is nothing, not at all', () => {
  expect(variants(5)).toEqual([[6], [4]])
  expect(variants('query')).toEqual([['querz'], ['querya']])
  expect(variants('a17')).toEqual([['a18'], ['a171']])
  expect(variants(['x'])).toEqual([[['x', 'x']], [['y']], [['xa']]])
  for (const args of [[], [null], [undefined, true], [new Map([['a', 1]])], [{}]]) expect(variants(...args)).toEqual([])
})

test('near misses say what was varied, and not the text itself', () => {
  expect(mutationsOf([{ order: { qty: 1 }, name: 'secret' }]).map(({ what }) => what)).toEqual([
    ...['args[0].order.qty 1 -> 2', 'args[0].name a text of 6 -> a text of 6', 'args[0].order.qty 1 -> 0'],
  ])
})

const message = (reply: unknown, method = 'get'): RecordedMessage => ({
  ...{ kind: 'ask', from: 'host', method, args: serialize([]), at: 0 },
  ...(reply === undefined ? {} : { reply: { value: serialize(reply) } }),
})
const answer = (value: unknown): TrialAnswer => answerAsRecorded({ value: serialize(value) })
const result = (values: unknown[], failure?: string): IsolatedResult => ({
  ...{
    outcome: failure === undefined ? 'passed' : 'failed',
    phase: failure === undefined ? 'idle' : 'message',
    log: [],
  },
  ...{ durationMs: 1, isolation: 'permission', pid: 1, answers: values.map(answer) },
  ...(failure === undefined ? {} : { at: values.length, error: { name: 'TypeError', message: failure } }),
})
const compare = (
  recorded: unknown[],
  runs: Record<'unpatched' | 'patched', IsolatedResult>,
  golden?: IsolatedResult,
  byGolden = true,
) =>
  judgeHoldOut(
    [
      {
        ...{ of: 'healthy traffic', messages: recorded.map((each) => message(each)), byGolden },
        patched: runs.patched,
        unpatched: async () => runs.unpatched,
        golden: async () => golden,
        isIncident: ({ error }) => error?.message === 'the incident',
      },
    ],
    'none',
  )

test('replies that stay are counted, those that are unsteady or were not kept are not compared', async () => {
  const judged = await compare([1, 2, 3, undefined], { unpatched: result([1, 7, 3, 4]), patched: result([1, 8, 3, 9]) })
  expect(judged).toEqual({
    passed: true,
    detail:
      '2 replies held: 2 of healthy traffic. Not compared: 1 differ from run to run, 1 message had no reply to keep.',
  })
  const nothing = await judgeHoldOut([], 'no message was recorded')
  expect(nothing).toEqual({ passed: true, detail: 'Nothing was compared: no message was recorded.' })
})

test('a reply that changes is refused, unless golden gives it too, or does not give the recorded one', async () => {
  const runs = { unpatched: result([1, 2]), patched: result([1, 5]) }
  expect(await compare([1, 2], runs)).toMatchObject({
    passed: false,
    detail: expect.stringContaining('message 1 of healthy'),
  })
  expect(await compare([1, 2], runs, result([1, 2]))).toMatchObject({ passed: false })
  expect(await compare([1, 2], runs, result([1, 5]))).toMatchObject({ passed: true })
  expect(await compare([1, 2], runs, result([1, 6]))).toMatchObject({ passed: true })
  // Recorded with later code, which gives it again: golden's is another because the code is.
  expect(await compare([1, 2], runs, result([1, 6]), false)).toMatchObject({ passed: false })
})

test('where the unpatched code breaks healthy traffic, the reply in service is the measure', async () => {
  const unpatched = result([1], 'the incident')
  expect((await compare([1, 2, 3], { unpatched, patched: result([1, 2, 3]) })).passed).toBe(true)
  expect((await compare([1, 2, 3], { unpatched, patched: result([1, undefined, 3]) })).passed).toBe(false)
})

test('a candidate that fails on healthy traffic is refused, unless nothing handles it in the sandbox', async () => {
  const fails = (failure: string) => result([1], failure)
  const both = (failure: string, patched = failure) => ({ unpatched: fails(failure), patched: fails(patched) })
  expect(await compare([1, 2], both('the incident'))).toMatchObject({ passed: false })
  expect(await compare([1, 2], { unpatched: result([1, 2]), patched: fails('new') })).toMatchObject({ passed: false })
  expect(await compare([1, 2], both('no such file'))).toEqual({
    passed: true,
    detail: '1 reply held: 1 of healthy traffic. Not compared: 1 message cannot be handled in the sandbox.',
  })
  expect((await compare([1, 2], both('the incident', 'no data'), fails('no data'))).passed).toBe(true)
})

test('an answer in a trial is the one that was recorded, also where V8 writes it in two ways', () => {
  const half = 0.5
  expect(answerAsRecorded({ value: serialize({ sum: half + half }) })).toEqual(
    answer(deserialize(serialize({ sum: 1 }))),
  )
})

test('a pattern that means a message that was answered well is refused, one of healthy times too', () => {
  const asked = (query: unknown, isAnswered: boolean): RecordedMessage => ({
    ...{ kind: 'ask', from: 'host', method: 'find', args: serialize([query]), at: 0 },
    ...(isAnswered && { reply: { value: serialize(1) } }),
  })
  const evidence = (phase: Evidence['phase'], healthy: unknown) =>
    ({
      ...{ phase, messages: [asked('a', true), asked(null, false)] },
      holdOut: { config: {}, messages: [asked(healthy, true)], replies: [] },
    }) as unknown as Evidence
  const refused = (is: 'null' | 'string' | 'number', from = evidence('message', 7)) =>
    healthyRefused({ parked: [], patterns: [{ method: 'find', where: [{ path: '0', is }] }] }, from)
  expect(refused('null')).toBeUndefined()
  expect(refused('string')).toBe(
    'The pattern is too wide: find where 0 is string also means a message that was answered well.',
  )
  expect(refused('number')).toContain('too wide')
  // In an idle kernel one of those that were answered has set it off.
  expect(refused('string', evidence('idle', 7))).toBeUndefined()
  expect(refused('number', evidence('idle', 7))).toContain('too wide')
  const exact = (query: unknown, phase: Evidence['phase']) =>
    healthyRefused(
      { parked: [{ method: 'find', argsSha256: sha256(serialize([query])) }], patterns: [] },
      evidence(phase, 7),
    )
  expect(exact(null, 'message')).toBeUndefined()
  expect(exact('a', 'message')).toBe('It would refuse a call of find() that was answered well in service.')
  expect(exact('a', 'idle')).toBeUndefined()
})

test('a message that was answered with an error, or was handled in healthy times without a reply, is not given up', () => {
  const sent = (query: unknown, reply?: RecordedMessage['reply']): RecordedMessage => ({
    ...{ kind: 'ask', from: 'host', method: 'find', args: serialize([query]), at: 0 },
    ...(reply && { reply }),
  })
  const evidence = {
    ...{ phase: 'message', messages: [sent('long', { error: { name: 'RangeError', message: 'x' } }), sent('poison')] },
    holdOut: { config: {}, messages: [sent('told')], replies: [] },
  } as unknown as Evidence
  const refused = (query: string) =>
    healthyRefused({ parked: [{ method: 'find', argsSha256: sha256(serialize([query])) }], patterns: [] }, evidence)
  expect(refused('poison')).toBeUndefined()
  expect(refused('long')).toContain('would refuse a call of find()')
  expect(refused('told')).toContain('would refuse a call of find()')
})
