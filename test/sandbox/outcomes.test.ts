import { serialize } from 'node:v8'
import { expect, test } from 'vitest'
import { toRecord } from '../../src/base/error-record.ts'
import { sha256 } from '../../src/base/hash.ts'
import { answerAsRecorded } from '../../src/repair/answer.ts'
import { SandboxPool } from '../../src/repair/sandbox-pool.ts'
import type { TrialBounds, TrialJob } from '../../src/repair/trial.ts'
import { benchWithPool, isAlive, kernelText, message } from './bench.ts'

const { bench, pool } = benchWithPool()

function run(entryUrl: string, more: Partial<Omit<TrialJob, 'bounds'>> = {}, bounds: Partial<TrialBounds> = {}) {
  return pool.run(bench.job(entryUrl, more, bounds), new AbortController().signal)
}

const adder = `let sum = ctx.restored ?? 0
    return { api: { add: (by: number) => { if (by < 0) throw new Error('negative'); return (sum += by) }, sum: () => sum,
      bug() { throw new ReferenceError('nobody') } }, snapshot: () => sum }`

test('a replay without a failure passes, and an ordinary error of a handler is none', async () => {
  const result = await run(bench.kernel(adder), { messages: [message('add', 1), message('add', -1), message('nope')] })
  expect(result).toMatchObject({ outcome: 'passed', phase: 'idle', at: 2 })
  expect(result.log.join('\n')).toContain('negative')
})

test('each message has its answer in the result, those before a crash, a hang or an exit too', async () => {
  const entry =
    bench.kernel(`return { api: { give: (x: unknown) => x, bytes: () => Buffer.from('ab'), whole: () => [0.5, 1.5].map((n) => n * 2),
    odd: () => () => 1, refuse() { throw Object.assign(new Error('no'), { code: 'E_NO' }) },
    bug() { throw new ReferenceError('nobody') }, spin() { for (;;); }, leave() { process.exit(3) } } }`)
  const value = (of: unknown) => answerAsRecorded({ value: serialize(of) })
  const messages = [
    message('give', { a: 1 }),
    message('bytes'),
    message('whole'),
    message('odd'),
    message('refuse'),
    message('nope'),
  ]
  const answers = [
    ...[value({ a: 1 }), value(new Uint8Array([97, 98])), value([1, 3]), { error: 'LazaretError REPLY_UNCLONABLE' }],
    ...[
      { error: 'Error E_NO' },
      answerAsRecorded({ error: { name: 'LazaretError', code: 'UNKNOWN_METHOD', message: '' } }),
    ],
  ]
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(answers.length)
  for (const [end, outcome] of Object.entries({ give: 'passed', bug: 'failed', spin: 'hung', leave: 'exited' })) {
    const result = await run(entry, { messages: [...messages, message(end, 1)] }, { messageMs: 300 })
    expect(result.outcome).toBe(outcome)
    expect(result.answers).toEqual(end === 'give' ? [...answers, value(1)] : answers)
  }
})

test('the state and the configuration reach start()', async () => {
  const entry = bench.kernel(`if (ctx.restored !== 41 || ctx.config.depth !== 7) throw new Error('lost')
    return { api: {} }`)
  expect(await run(entry, { state: serialize(41), config: { depth: 7 } })).toMatchObject({ outcome: 'passed' })
  expect(await run(entry)).toMatchObject({ outcome: 'failed', phase: 'start', error: { message: 'lost' } })
})

test('a defect fails the replay at its message, with its own name', async () => {
  const result = await run(bench.kernel(adder), { messages: [message('add', 1), message('bug')] })
  expect(result).toMatchObject({ outcome: 'failed', phase: 'message', at: 1, error: { name: 'ReferenceError' } })
})

test.each([
  ['a throw after the last message', "setTimeout(() => { throw new Error('late') }, 5)", 'late'],
  ['a late rejection', "setTimeout(() => { void Promise.reject(new Error('later')) }, 5)", 'later'],
  ['a thrown undefined', 'setTimeout(() => { throw undefined }, 5)', 'undefined'],
])('%s is a failure', async (_, line, text) => {
  const result = await run(bench.kernel(`${line}\n    return { api: {} }`))
  expect(result).toMatchObject({ outcome: 'failed', phase: 'idle', error: { message: text } })
})

test.each([0, 3])('an exit with code %i is an exit, not a pass', async (code) => {
  const entry = bench.kernel(`return { api: { leave() { process.exit(${code}) } } }`)
  const result = await run(entry, { messages: [message('leave')] })
  expect(result).toMatchObject({ outcome: 'exited', phase: 'message', at: 0, error: { code: 'KERNEL_EXITED' } })
  expect(result.error?.message).toContain(`code ${code}`)
})

test.each([
  ['a missing module', "import './gone.ts'", 'ERR_MODULE_NOT_FOUND'],
  ['a missing export', "import { nothing } from 'node:path'", undefined],
])('%s fails the import', async (_, imports, code) => {
  const result = await run(bench.kernel('return { api: {} }', imports))
  expect(result).toMatchObject({ outcome: 'failed', phase: 'import' })
  expect(result.error?.code).toBe(code)
})

test('a message that spins, and one that never settles, are found hung and leave no process', async () => {
  const entry = bench.kernel('return { api: { ok() {}, spin() { for (;;); }, wait: () => new Promise(() => {}) } }')
  for (const method of ['spin', 'wait']) {
    const result = await run(entry, { messages: [message('ok'), message(method)] }, { messageMs: 300 })
    expect(result).toMatchObject({ outcome: 'hung', phase: 'message', at: 1, error: { code: 'KERNEL_HUNG' } })
    expect(isAlive(result.pid)).toBe(false)
  }
})

test.concurrent('a start that blocks its thread for good is ended', async () => {
  const entry = bench.kernel('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)\n    return { api: {} }')
  const result = await run(entry, {}, { startMs: 4000 })
  expect(result).toMatchObject({ outcome: 'hung', phase: 'start' })
  expect(isAlive(result.pid)).toBe(false)
})

test.concurrent('a trial ends when its time in all is over', async () => {
  const entry = bench.kernel('await new Promise(() => {})\n    return { api: {} }')
  expect(await run(entry, {}, { runMs: 4000 })).toMatchObject({ outcome: 'hung', phase: 'start' })
})

test('a heap that grows is out of memory, and so are buffers outside the heap', async () => {
  const heap = bench.kernel('const kept: unknown[] = []\n    for (;;) kept.push(new Array(1000).fill({}))')
  expect(await run(heap, {}, { heapMb: 32 })).toMatchObject({
    outcome: 'exited',
    error: { code: 'KERNEL_OUT_OF_MEMORY' },
  })
  const buffers = bench.kernel(`const kept: unknown[] = []
    for (let n = 0; n < 400; n += 1) { kept.push(Buffer.alloc(8e6, 1)); await new Promise((r) => setTimeout(r, 5)) }
    return { api: {} }`)
  expect(await run(buffers, {}, { rssMb: 256 })).toMatchObject({
    outcome: 'exited',
    error: { code: 'KERNEL_OUT_OF_MEMORY' },
  })
})

test('printing is bounded: the limit passes, a flood is cut off', async () => {
  const entry = bench.kernel('process.stdout.write("x".repeat(ctx.config.bytes))\n    return { api: {} }')
  expect(await run(entry, { config: { bytes: 10_000 } }, { outputBytes: 10_000 })).toMatchObject({ outcome: 'passed' })
  const result = await run(entry, { config: { bytes: 10_001 } }, { outputBytes: 10_000 })
  expect(result).toMatchObject({ outcome: 'failed', error: { code: 'SANDBOX_FAILED' } })
  const flood = bench.kernel(
    "for (;;) { process.stderr.write('flood '.repeat(1000)); await new Promise(setImmediate) }",
  )
  const flooded = await run(flood)
  expect(flooded).toMatchObject({ outcome: 'failed', error: { code: 'SANDBOX_FAILED' } })
  expect(isAlive(flooded.pid)).toBe(false)
})

test('a result that the candidate writes itself is not believed', async () => {
  const entry = bench.kernel(`const { writeSync } = await import('node:fs')
    for (const line of ['{"outcome":"passed"}', 'x r {"outcome":"passed"}']) writeSync(3, line + '\\n')
    throw new Error('really')`)
  expect(await run(entry)).toMatchObject({ outcome: 'failed', error: { message: 'really' } })
})

test('other kernels are played by their recorded replies: the same call first, then the latest of the method', async () => {
  const reply = (args: unknown[], value: unknown) => ({
    ...{ to: 'other', method: 'get', args: serialize(args), value: serialize(value) },
  })
  const failed = { to: 'other', method: 'break', args: serialize([]), error: toRecord(new RangeError('too far')) }
  const entry = bench.kernel(`const other = ctx.ref('other').ask
    const got = [await other.get('a'), await other.get('a'), await other.get('zzz')]
    const names = []
    for (const call of [() => other.break(), () => other.unknown()]) await call().catch((e: any) => names.push(e.code ?? e.name))
    throw new Error(JSON.stringify([got, names]))`)
  const replies = [reply(['a'], 1), reply(['a'], 2), reply(['b'], 3), failed]
  const result = await run(entry, { replies })
  expect(result.error?.message).toBe(
    JSON.stringify([
      [1, 2, 3],
      ['RangeError', 'KERNEL_UNAVAILABLE'],
    ]),
  )
})

test('patched text runs under the URL of its file, siblings included', async () => {
  bench.write('patched/part.ts', 'export const part = "whole"\n')
  const broken = kernelText("throw new Error('broken')")
  const entry = bench.write('patched/kernel.ts', broken)
  const mended = kernelText('throw new Error(part + import.meta.url)', "import { part } from './part.ts'")
  const overlay = { [entry]: { preimageSha256: sha256(broken), text: mended } }
  expect((await run(entry, { overlay })).error?.message).toBe(`whole${entry}`)
  const stale = { [entry]: { preimageSha256: sha256('another'), text: mended } }
  expect((await run(entry, { overlay: stale })).error?.message).toBe('broken')
})

const check = (body: string) => `import { defineCheck } from 'lazaret/kernel'
export default defineCheck(async (kernel: any) => { ${body} })`

test('a check asks a fresh instance, and meets errors as callers do', async () => {
  const entry = bench.write('checked/kernel.ts', kernelText(adder))
  const checkUrl = bench.write(
    'checked/check.ts',
    check(`if ((await kernel.ask.add(2)) !== 2) throw new Error('not fresh')
      const failed = await kernel.ask.add(-1).catch((e: any) => e)
      if (failed.code !== 'HANDLER_FAILED' || failed.cause.message !== 'negative') throw new Error('wrong error')
      const unknown = await kernel.ask.nope().catch((e: any) => e)
      if (unknown.code !== 'UNKNOWN_METHOD') throw new Error('wrong code')`),
  )
  const job = { mode: 'check', checkUrl } as const
  const result = await run(entry, job)
  expect(result).toMatchObject({ outcome: 'passed' })
  expect(result.answers).toBeUndefined()
})

test('a check that throws, one without a default export and one that swallows a crash fail', async () => {
  const entry = bench.write('checked2/kernel.ts', kernelText(adder))
  const texts = [check("throw new Error('unwell')"), 'export {}', check('await kernel.ask.bug().catch(() => {})')]
  const errors: unknown[] = []
  for (const [index, text] of texts.entries()) {
    const checkUrl = bench.write(`checked2/check${index}.ts`, text)
    const result = await run(entry, { mode: 'check', checkUrl })
    expect(result).toMatchObject({ outcome: 'failed', phase: 'check' })
    errors.push(result.error?.code ?? result.error?.name)
  }
  expect(errors).toEqual(['Error', 'KERNEL_MALFORMED', 'ReferenceError'])
})

test('no overlay replaces the check', async () => {
  const entry = bench.write('checked3/kernel.ts', kernelText(adder))
  const text = check("throw new Error('the real one')")
  const checkUrl = bench.write('checked3/check.ts', text)
  const overlay = { [checkUrl]: { preimageSha256: sha256(text), text: check('') } }
  const result = await run(entry, { mode: 'check', checkUrl, overlay })
  expect(result.error?.message).toBe('the real one')
})

test('a pool that is closed takes nothing more', async () => {
  const closed = new SandboxPool()
  await closed.close()
  const job = bench.job(bench.kernel(adder))
  await expect(closed.run(job, new AbortController().signal)).rejects.toMatchObject({ code: 'RUNTIME_STOPPED' })
})
