/** The guard with a sandbox: what it takes for poison, what pattern it finds, and what it leaves to others. */
import { serialize } from 'node:v8'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/base/hash.ts'
import { describePattern } from '../../src/base/message-pattern.ts'
import type { Evidence, RecordedMessage, Remedy } from '../../src/base/remedy.ts'
import type { AgentInput } from '../../src/repair/agents/agent.ts'
import { guard } from '../../src/repair/agents/guard.ts'
import { benchWithPool, kernelText, message } from '../sandbox/bench.ts'
import { fallIll, proposed } from './broken.ts'
import { loadCases, recordedCall } from './bugs/cases.ts'

const { bench, pool } = benchWithPool()

/** @param api what is between the braces of the kernel's api. */
const files = (api: string, before = '') => ({
  'kernel.ts': kernelText(`let seen = ctx.restored ?? 0; ${before}\nreturn { api: { ${api} } }`),
})
const answered = (method: string, ...args: unknown[]): RecordedMessage => ({
  ...message(method, ...args),
  reply: { value: serialize(1) },
})
const steps = (remedies: readonly Remedy[]) =>
  remedies.flatMap((remedy) =>
    remedy.steps.map((step) => (step.do === 'park_pattern' ? describePattern(step) : step.do)),
  )

async function guarded(
  name: string,
  api: string,
  messages: readonly RecordedMessage[],
  more: { readonly input?: Partial<AgentInput>; readonly evidence?: Partial<Evidence>; readonly before?: string } = {},
) {
  const { input } = await fallIll(bench, pool, name, { files: files(api, more.before), messages })
  let runs = 0
  const tryMessages: AgentInput['tryMessages'] = (...args) => {
    runs += 1
    return input.tryMessages(...args)
  }
  const evidence = { ...input.evidence, ...more.evidence }
  const remedies = await proposed(guard, { ...input, tryMessages, ...more.input, evidence })
  return { steps: steps(remedies), remedies, runs: () => runs }
}

const find = 'find(q: any) { return q.query.length + q.limit }'

test('a null among many arguments is found, whatever stands beside it, and the exact message comes after the pattern', async () => {
  const healthy = answered('find', { query: 'a', limit: 3, mode: 'x', page: { from: 0, to: 10 } })
  const poison = message('find', { query: null, limit: 9, mode: 'y', page: { from: 5, to: 20 } })
  const found = await guarded('null', find, [healthy, poison])
  // The healthy message is no suspect.
  expect(found.steps).toEqual(['find where 0.query is null', 'park_message'])
  expect(found.remedies[0]?.why).toContain('find where 0.query is null')
  // One to see the suspect alone; the rest narrows five leaves down to one.
  expect(found.runs()).toBeLessThanOrEqual(12)
})

test('a key that every healthy message has and this one has not is found', async () => {
  const found = await guarded('missing', find, [
    answered('find', { query: 'a', limit: 3 }),
    message('find', { limit: 9 }),
  ])
  expect(found.steps[0]).toBe('find where 0.query is undefined')
})

test('where the value is at fault and not its kind, the pattern names the value', async () => {
  const api = "find(q: any) { if (q.query === 'bad') throw new TypeError('no'); return 1 }"
  const found = await guarded('value', api, [
    answered('find', { query: 'a', limit: 3 }),
    message('find', { query: 'bad', limit: 9 }),
  ])
  expect(found.steps[0]).toBe('find where 0.query equals "bad"')
  const kind = await guarded('kind', 'find(q: any) { return q.trim().length }', [
    answered('find', 'a'),
    message('find', 7),
  ])
  expect(kind.steps[0]).toBe('find where 0 is number')
  const one = await guarded('one', "find(q: any, n: any) { if (q === 7) throw new TypeError('no'); return 1 }", [
    ...[answered('find', 'a', 1), message('find', 7, 2)],
  ])
  expect(one.steps[0]).toBe('find where 0 equals 7')
})

test('two places that crash it only together are both in the pattern', async () => {
  const api = "find(q: any) { if (q.a === 1 && q.c === 3) throw new TypeError('no'); return 1 }"
  const found = await guarded('both', api, [
    answered('find', { a: 0, b: 0, c: 0, d: 0 }),
    message('find', { a: 1, b: 2, c: 3, d: 4 }),
  ])
  expect(found.steps[0]).toBe('find where 0.a equals 1 and 0.c equals 3')
})

test('a method of which nothing was answered well is broken: left to an agent that writes code, parked where none comes', async () => {
  const api = "find(q: any) { throw new TypeError('no') }, size() { return 1 }"
  const messages = [answered('size'), message('find', 'a'), message('find', 'b')]
  expect((await guarded('broken', api, messages)).steps).toEqual(['park_message', 'park_message'])
  const next = await guarded('broken2', api, messages, { input: { isCodeWrittenNext: true } })
  expect(next.steps).toEqual([])
})

test('healthy traffic tells a poison message from a broken method: this code handles it, or does not', async () => {
  const holdOut = { config: {}, messages: [answered('find', { query: 'a', limit: 3 })], replies: [] }
  const more = { input: { isCodeWrittenNext: true }, evidence: { holdOut } }
  const poison = [message('find', { query: null, limit: 3 })]
  expect((await guarded('traffic', find, poison, more)).steps).toEqual(['find where 0.query is null', 'park_message'])
  const broken = 'find(q: any) { return q.inner.query.length }'
  expect((await guarded('traffic2', broken, poison, more)).steps).toEqual([])
})

test('a message that crashes only the state it met is no poison', async () => {
  const api = "put(n: any) { seen = n; return 1 }, find(q: any) { if (seen === 9) throw new TypeError('no'); return 1 }"
  const messages = [answered('find', 'a'), answered('put', 9), message('find', 'b')]
  const next = { input: { isCodeWrittenNext: true } }
  expect((await guarded('state', api, messages, next)).steps).toEqual([])
})

test('a message that was answered with an error is no poison, whatever it leaves behind', async () => {
  const api =
    "take(n: any) { if (seen === 1) throw new TypeError('none left'); if (n > 9) { seen = 1; throw new RangeError('no') } return 1 }"
  const rejected: RecordedMessage = { ...message('take', 12), reply: { error: { name: 'RangeError', message: 'no' } } }
  const found = await guarded('error', api, [rejected, message('take', 1)])
  // The last one, which does not crash a healthy kernel; it is the other one that must not be given up.
  expect(found.remedies.flatMap(({ steps: all }) => all)).toMatchObject([
    { do: 'park_message', argsSha256: sha256(message('take', 1).args) },
  ])
})

test('a message that crashes the kernel later, in a timer, has a pattern too', async () => {
  const api = 'put(id: any, text: any) { if (text === null) setTimeout(() => text.length, 10); return 1 }'
  const late = answered('put', 'b', null)
  const found = await guarded('late', api, [answered('put', 'a', 'x'), late], { evidence: { phase: 'idle' } })
  expect(found.steps[0]).toBe('put where 1 is null')
})

test('before the first message nothing is suspected', async () => {
  const before = "if (ctx.restored === undefined) throw new TypeError('no')"
  expect((await guarded('start', find, [message('find', 'a')], { before })).steps).toEqual([])
})

test.each([
  ['input-webhook-without-sender', 'receive where 0.sender is null'],
  ['input-event-named-constructor', 'track where 0 equals "constructor"'],
  ['async-foreach', 'ingest where 1.1.value is undefined'],
])('of the corpus, %s: %s', async (name, pattern) => {
  const bug = loadCases().find((one) => one.name === name)
  if (bug === undefined) throw new Error(`the corpus has no ${name}`)
  const reply = { value: serialize(1) }
  const messages = bug.failing.map((call, n) => ({
    ...recordedCall(call),
    ...(n < bug.failing.length - 1 && { reply }),
  }))
  const { input } = await fallIll(bench, pool, name, { files: bug.broken, messages })
  const [first, second] = await proposed(guard, input)
  expect(steps([first, second].filter((remedy) => remedy !== undefined))).toEqual([pattern, 'park_message'])
})
