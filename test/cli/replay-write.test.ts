/** What a recorded failure is written down as, and when it is not. The whole command is in replay.test.ts. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deserialize, serialize } from 'node:v8'
import { expect, test } from 'vitest'
import type { Evidence } from '../../src/base/remedy.ts'
import { testFile } from '../../src/cli/replay-test-file.ts'
import { testPathFor, type Written, writeTest } from '../../src/cli/replay-write.ts'
import { Reproduction } from '../../src/repair/reproduce.ts'
import { makeWorkspace } from '../../src/repair/workspace.ts'
import { fallIll } from '../repair/broken.ts'
import { benchWithPool, message } from '../sandbox/bench.ts'

const { bench, pool } = benchWithPool()
const kernel = `import { defineKernel } from 'lazaret/kernel'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
export default defineKernel({ start: (ctx) => ({ api: {
  read() { if (existsSync(join(ctx.dataDir, 'odd.txt'))) return undefined.odd },
  fail: () => undefined.fail,
} }) })
`
const ran = { crashOn: 'defects', heapMb: 128, startMs: 5000 } as const

/** Writes the failure of these messages. @param data files in the kernel's own folder. */
async function writeOf(name: string, recorded: Partial<Evidence>, data: readonly string[] = []): Promise<Written> {
  const { evidence: bare, entryUrl } = await fallIll(bench, pool, name, {
    ...{ files: { 'kernel.js': kernel }, messages: [message('fail')] },
  })
  const dataDirOfKernel = bench.path(`${name}-data`)
  mkdirSync(dataDirOfKernel)
  for (const file of data) writeFileSync(join(dataDirOfKernel, file), 'x')
  let evidence: Evidence = { ...bare, ...recorded, ran: { ...ran, entryUrl } }
  const folder = bench.path(`${name}-session`)
  mkdirSync(folder)
  const workspace = await makeWorkspace({ root: folder, incident: name, attempt: 1, evidence, dataDirOfKernel })
  const { signal } = new AbortController()
  const common = { workspace, run: pool.run, signal, progress: () => {} }
  const first = await (await Reproduction.of({ evidence, ...common })).asThen()
  evidence = { ...evidence, ...(first.error && { error: first.error }) }
  const reproduction = await Reproduction.of({ evidence, ...common })
  expect(reproduction.isTheFailure(await reproduction.asThen())).toBe(true)
  return writeTest({
    session: { evidence, pool, signal, dataDirOfKernel, folder, progress: () => {} },
    ...{ reproduction, messages: evidence.messages, file: bench.path(`${name}.test.js`), exact: false },
  })
}

test('a failure that needs files of the data folder is not written, one that only happens beside some is', async () => {
  const needs = writeOf('needs', { messages: [message('read')] }, ['odd.txt'])
  await expect(needs).rejects.toMatchObject({ code: 'OPTION_INVALID', message: expect.stringContaining('needs-data') })
  expect(existsSync(bench.path('needs.test.js'))).toBe(false)
  expect(await writeOf('beside', {}, ['odd.txt'])).toMatchObject({ struck: 0, failsNow: true })
  expect(readFileSync(bench.path('beside.test.js'), 'utf8')).toContain("messages: [{ method: 'fail' }]")
})

test('more recorded values than anybody reads are not written, and their sizes are named', async () => {
  const large = writeOf('large', { messages: [message('fail', 'x'.repeat(300_000))] })
  await expect(large).rejects.toThrow(/messages 30\d{4}, replies 0\), and at most 262144 are written/)
})

test('by default the file lies in test/ beside the kernel, in the language of the kernel', () => {
  const of = (entryUrl: string) => ({ kernel: 'k', incident: 'inc_1', ran: { ...ran, entryUrl } }) as Evidence
  expect(testPathFor(of('file:///app/k/kernel.ts'), true)).toBe('/app/k/test/k_inc_1.test.ts')
  expect(testPathFor(of('file:///app/k/kernel.mjs'), true)).toBe('/app/k/test/k_inc_1.test.js')
  expect(testPathFor(of('file:///app/k/kernel.ts'), '/tmp/own.test.ts')).toBe('/tmp/own.test.ts')
})

const evidence = {
  kernel: 'k',
  incident: 'inc_1',
  phase: 'idle',
  error: { name: 'Error', message: "a */ 'b'\npassword=hunter2hunter2" },
} as const

test('values that are no plain data are written as their bytes, and the file says so', () => {
  const cycle: unknown[] = [1]
  cycle.push(cycle)
  const text = testFile({
    ...{ evidence, ran: { ...ran, crashOn: 'all', entryUrl: 'file:///k.ts' }, entry: './k.ts', config: {} },
    ...{ state: new Uint8Array([7]), writtenAt: '2026-11-25T00:00:00Z' },
    messages: [{ method: 'a', args: [cycle, 'plain'] }],
    replies: [
      { to: 'b', method: 'c', args: [], error: { name: 'Error', message: 'no', code: 'E_NO', stack: 'Error: no' } },
    ],
  })
  expect(text).toContain("import { deserialize } from 'node:v8'\n")
  expect(text).toContain('// No plain data, so its bytes (v8.serialize).\n    state: deserialize(Buffer.from(')
  expect(text).toMatch(
    /args: \[\s*deserialize\(Buffer\.from\('[\w+/=]+', 'base64'\)\) \/\* no plain data, so its bytes \*\/,\s*'plain',?\s*\]/,
  )
  expect(text).toContain("error: { name: 'Error', message: 'no', code: 'E_NO' }")
  expect(text).toContain("crashOn: 'all'")
  expect(text).toContain('settleMs: 2000')
  const bytes = /state: deserialize\(Buffer\.from\('([\w+/=]+)'/.exec(text)?.[1] ?? ''
  expect(deserialize(Buffer.from(bytes, 'base64'))).toEqual(deserialize(serialize(new Uint8Array([7]))))
})

test('the words of the error end neither the comment nor the title, and hold no secret', () => {
  const text = testFile({
    ...{ evidence, ran: { ...ran, entryUrl: 'file:///k.ts' }, entry: './k.ts', config: {}, state: undefined },
    ...{ messages: [], replies: [], writtenAt: '2026-11-25T00:00:00Z' },
  })
  expect(text.match(/\*\//g)).toHaveLength(1)
  expect(text).not.toContain('hunter2')
  expect(text).toContain("test('k starts (was Error: a * / \\'b\\'")
})
