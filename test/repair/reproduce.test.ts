import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { deserialize, serialize } from 'node:v8'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/base/hash.ts'
import { limits } from '../../src/base/limits.ts'
import type { Evidence, RecordedMessage, RecordedReply } from '../../src/base/remedy.ts'
import { Reproduction } from '../../src/repair/reproduce.ts'
import type { IsolatedResult, RunTrial } from '../../src/repair/trial.ts'
import { makeWorkspace } from '../../src/repair/workspace.ts'
import { benchWithPool, message } from '../sandbox/bench.ts'
import { type Broken, fallIll } from './broken.ts'

const { bench, pool } = benchWithPool()
const ran = { crashOn: 'defects', heapMb: 128, startMs: 5000 } as const

interface Changes {
  readonly evidence?: Partial<Evidence>
  readonly run?: RunTrial
  readonly signal?: AbortSignal
}

async function reproduce(evidence: Evidence, { run = pool.run, signal }: Changes = {}): Promise<Reproduction> {
  const root = bench.path('reproduce')
  const { incident } = evidence
  const workspace = await makeWorkspace({ root, incident, attempt: 1, evidence, dataDirOfKernel: `${root}-none` })
  return Reproduction.of({
    ...{ evidence, workspace, run, progress: () => {} },
    signal: signal ?? new AbortController().signal,
  })
}

/** A kernel that has failed in the sandbox, as evidence of its failure. */
async function failed(name: string, broken: Broken, changes: Partial<Evidence> = {}): Promise<Evidence> {
  const { evidence, entryUrl } = await fallIll(bench, pool, name, broken)
  return { ...evidence, ran: { ...ran, entryUrl }, ...changes }
}

const methods = (messages: readonly RecordedMessage[]) =>
  messages.map(({ method, args }) => `${method} ${(deserialize(args) as unknown[]).join(' ')}`.trim())

const counter = `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start(ctx) {
  const seen = new Set(ctx.restored ?? [])
  return { api: {
    see: (what) => { seen.add(what) },
    late: () => { setTimeout(() => { throw new TypeError('late') }, 5) },
    other: () => undefined.other,
    use() { if (seen.has('a') && seen.has('b')) return undefined.both },
  } }
} })
`
const see = (what: string) => message('see', what)

test('of many messages those that are needed together are left, in their order', async () => {
  const others = Array.from({ length: 5 }, (_, index) => see(`x${index}`))
  const messages = [...others, see('b'), ...others, see('a'), ...others, message('use')]
  const reproduction = await reproduce(await failed('many', { files: { 'kernel.js': counter }, messages }))
  const result = await reproduction.asThen()
  expect(reproduction.isTheFailure(result)).toBe(true)
  expect(result.at).toBe(messages.length - 1)
  const { messages: shortest, isMinimal } = await reproduction.shortest()
  expect(methods(shortest)).toEqual(['see b', 'see a', 'use'])
  expect(isMinimal).toBe(true)
  expect(reproduction.runs).toBeLessThanOrEqual(limits.replayRuns)
  expect(reproduction.runsOtherCode).toBe(false)
})

test('a failure in start() needs no message, and one that comes late keeps the message that has set it up', async () => {
  const start = counter.replace('const seen', 'undefined.start\n  const seen')
  const early = await reproduce(await failed('early', { files: { 'kernel.js': start }, messages: [see('a')] }))
  await early.asThen()
  expect(await early.shortest()).toEqual({ messages: [], isMinimal: true })

  const messages = [see('a'), message('late'), see('b')]
  const late = await reproduce(await failed('late', { files: { 'kernel.js': counter }, messages }))
  expect(late.isTheFailure(await late.asThen())).toBe(true)
  expect(methods((await late.shortest()).messages)).toEqual(['late'])
})

test('another failure of the same kind, at another place, is not this one', async () => {
  const files = { 'kernel.js': counter }
  const evidence = await failed('place', { files, messages: [see('a'), see('b'), message('use')] })
  const elsewhere = await failed('elsewhere', { files, messages: [message('other')] })
  const stack = elsewhere.error.stack?.replaceAll('/elsewhere/', '/place/') ?? ''
  const { error } = elsewhere
  const confused = await reproduce({ ...evidence, error: { ...error, stack } })
  expect(confused.isTheFailure(await confused.asThen())).toBe(false)
  const reproduction = await reproduce({ ...evidence, messages: [...evidence.messages, message('other')] })
  await reproduction.asThen()
  // `other` alone fails with a TypeError as well.
  expect(methods((await reproduction.shortest()).messages)).toEqual(['see a', 'see b', 'use'])
})

test('what does not fail in the sandbox, or fails otherwise, is not reproduced', async () => {
  const evidence = await failed('else', { files: { 'kernel.js': counter }, messages: [message('other')] })
  const calm = await reproduce({ ...evidence, messages: [see('a')] })
  expect(calm.isTheFailure(await calm.asThen())).toBe(false)
  const otherwise = await reproduce({ ...evidence, error: { name: 'RangeError', message: 'x' } })
  expect(otherwise.isTheFailure(await otherwise.asThen())).toBe(false)
})

test('a kernel that died of a syntax error does so again, from the text that it had', async () => {
  const evidence = await failed('syntax', { files: { 'kernel.js': `${counter})` } })
  bench.write('syntax/kernel.js', counter)
  const reproduction = await reproduce(evidence)
  expect(reproduction.changed).toEqual([evidence.ran?.entryUrl])
  expect(reproduction.isTheFailure(await reproduction.asThen())).toBe(true)
  expect(await reproduction.asNow()).toMatchObject({ outcome: 'passed' })
})

test('a hotfix that ran is run, and not the file on disk that it stood for', async () => {
  const evidence = await failed('hotfix', { files: { 'kernel.js': counter }, messages: [message('other')] })
  const onDisk = counter.replace('undefined.other', '1')
  bench.write('hotfix/kernel.js', onDisk)
  const files = evidence.files.map((file) => ({ ...file, sha256: sha256(onDisk) }))
  const reproduction = await reproduce({ ...evidence, files })
  // The file has not been touched since.
  expect(reproduction.changed).toEqual([])
  expect(reproduction.runsOtherCode).toBe(true)
  expect(reproduction.isTheFailure(await reproduction.asThen())).toBe(true)
  expect(await reproduction.asNow()).toMatchObject({ outcome: 'passed' })
})

const asking = `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start: (ctx) => ({ api: {
  async go(what) { const answer = await ctx.ref('shop').ask.price(what); if (answer > 3) return undefined.price },
  async other() { await ctx.ref('shop').ask.open().catch(() => {}) },
  width: () => { if (ctx.restored !== undefined) return ctx.restored.size.width },
  fail: () => undefined.fail,
} }) })
`

/** Fails only with these replies and this state, so the error is taken from a run that has them. */
async function failedWith(name: string, recorded: Pick<Evidence, 'messages' | 'replies' | 'state'>): Promise<Evidence> {
  const evidence = await failed(name, { files: { 'kernel.js': asking }, messages: [message('fail')] }, recorded)
  const { error } = await (await reproduce(evidence)).asThen()
  return { ...evidence, error: error ?? { name: 'none', message: 'it does not fail' } }
}

test('of the recorded replies and the state only what the failure needs is left', async () => {
  const reply = (method: string, args: unknown[], value: unknown): RecordedReply => ({
    ...{ to: 'shop', method, args: serialize(args), value: serialize(value) },
  })
  const replies = [
    reply('open', [], true),
    reply('price', ['a'], 1),
    reply('price', ['b'], 4),
    reply('open', [], false),
  ]
  const state = serialize({ colour: 'red' })
  const sequence = [message('other'), message('go', 'a'), message('go', 'b')]
  const asked = await reproduce(await failedWith('replies', { messages: sequence, replies, state }))
  await asked.asThen()
  const { messages: shortest } = await asked.shortest()
  expect(methods(shortest)).toEqual(['go b'])
  expect(await asked.essentials(shortest)).toEqual({ replies: [replies[2]] })

  const messages = [message('width')]
  const restored = await reproduce(await failedWith('restored', { messages, replies, state }))
  await restored.asThen()
  expect(await restored.essentials(messages)).toEqual({ replies: [], state })
})

test('evidence of an earlier version and files that are gone are named', async () => {
  const evidence = await failed('gone', { files: { 'kernel.js': counter }, messages: [message('other')] })
  const { ran: _, ...earlier } = evidence
  await expect(reproduce(earlier)).rejects.toMatchObject({ code: 'EVIDENCE_CORRUPT' })
  const path = fileURLToPath(evidence.ran?.entryUrl ?? '')
  rmSync(path)
  await expect(reproduce(evidence)).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining(path) })
})

/** A sandbox that is played: it fails where all of these messages are there. */
function played(needed: readonly RecordedMessage[], evidence: Evidence, onRun: () => void = () => {}): RunTrial {
  return async ({ messages }, signal) => {
    onRun()
    signal.throwIfAborted()
    const fails = needed.every((one) => messages.includes(one))
    const common = { phase: 'message', log: [], durationMs: 1, isolation: 'weak', pid: 1 } as const
    const result: IsolatedResult = {
      ...common,
      outcome: fails ? 'failed' : 'passed',
      ...(fails && { error: evidence.error }),
    }
    return result
  }
}

test('a search that would take too many runs ends with what it has, and says so', async () => {
  const evidence = await failed('bound', { files: { 'kernel.js': counter }, messages: [message('other')] })
  const messages = Array.from({ length: 256 }, (_, index) => see(`x${index}`))
  const needed = messages.filter((_, index) => index % 9 === 4)
  const reproduction = await reproduce({ ...evidence, messages }, { run: played(needed, evidence) })
  await reproduction.asThen()
  const runsBefore = reproduction.runs
  const { messages: shortest, isMinimal } = await reproduction.shortest()
  expect(isMinimal).toBe(false)
  expect(shortest).toEqual(expect.arrayContaining(needed))
  // The runs that are under way when the bound is reached are still counted.
  expect(reproduction.runs - runsBefore).toBeLessThanOrEqual(limits.replayRuns + limits.sandboxParallel - 1)
})

test('the signal ends the search', async () => {
  const evidence = await failed('abort', { files: { 'kernel.js': counter }, messages: [message('other')] })
  const messages = Array.from({ length: 64 }, (_, index) => see(`x${index}`))
  const controller = new AbortController()
  let runs = 0
  const onRun = () => {
    runs += 1
    if (runs === 5) controller.abort(new Error('enough'))
  }
  const run = played(messages.slice(3, 9), evidence, onRun)
  const reproduction = await reproduce({ ...evidence, messages }, { run, signal: controller.signal })
  await reproduction.asThen()
  await expect(reproduction.shortest()).rejects.toThrow('enough')
  expect(runs).toBeLessThanOrEqual(6)
})
