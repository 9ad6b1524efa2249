import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { type ErrorRecord, toRecord } from '../../src/base/error-record.ts'
import { type Failure, fingerprint, normaliseMessage, parseFrames } from '../../src/escalation/fingerprint.ts'

const folders: string[] = []

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

interface Loaded {
  /** What running it throws. */
  readonly error: ErrorRecord
  readonly kernelFolderUrl: string
}

/** Runs real modules from a new folder and records what `run` throws, with V8's own stack. */
async function fail(files: Record<string, string>, argument?: unknown): Promise<Loaded> {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-fingerprint-'))
  folders.push(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const kernelFolderUrl = pathToFileURL(folder).href
  const { run } = await import(/* @vite-ignore */ `${kernelFolderUrl}/kernel.mjs`)
  try {
    await run(argument)
  } catch (thrown) {
    return { error: toRecord(thrown), kernelFolderUrl }
  }
  throw new Error('run() threw nothing')
}

const mark = ({ error, kernelFolderUrl }: Loaded, change: Partial<Failure> = {}) =>
  fingerprint({ kernel: 'notes', phase: 'message', error, kernelFolderUrl, ...change })

const simple = (fn = 'add', message = "'no note ' + id", before = '') => ({
  'kernel.mjs': `${before}
export function run(id) { return ${fn}(id) }
function ${fn}(id) { throw new Error(${message}) }`,
})

test('it is 16 hex digits, the same at every run, in every folder and with unrelated lines changed', async () => {
  const first = await fail(simple(), 1)
  const moved = await fail(simple('add', "'no note ' + id", '// a comment\n\nconst unrelated = 1\n'), 22)
  expect(mark(first)).toMatch(/^[0-9a-f]{16}$/)
  expect(mark(moved)).toBe(mark(first))
})

test('another message, function, file, phase, kernel, name or code is another failure', async () => {
  const first = await fail(simple(), 1)
  const elsewhere = await fail(
    {
      'kernel.mjs': "import { add } from './helper.mjs'\nexport function run(id) { return add(id) }",
      'helper.mjs': "export function add(id) { throw new Error('no note ' + id) }",
    },
    1,
  )
  const marks = [
    mark(first),
    mark(elsewhere),
    mark(await fail(simple('remove'), 1)),
    mark(await fail(simple('add', "'no such note'"), 1)),
    mark(first, { phase: 'start' }),
    mark(first, { kernel: 'log' }),
    mark({ ...first, error: { ...first.error, name: 'TypeError' } }),
    mark({ ...first, error: { ...first.error, code: 'E_NOTE' } }),
    mark({ ...first, error: { ...first.error, cause: { name: 'Error', message: '' } } }),
  ]
  expect(new Set(marks).size).toBe(marks.length)
})

test('frames of Node, of dependencies and of the caller do not count', async () => {
  const parse = { 'kernel.mjs': 'export const run = (text) => decode(text)\nconst decode = (text) => JSON.parse(text)' }
  const direct = await fail(parse, '{')
  const frames = parseFrames(direct.error, direct.kernelFolderUrl).filter((frame) => frame.own)
  expect(frames).toEqual([
    { fn: 'decode', file: 'kernel.mjs', own: true },
    { fn: 'run', file: 'kernel.mjs', own: true },
  ])
  const other = (async () => fail(parse, '{'))()
  expect(mark(await other)).toBe(mark(direct))
})

test('an async stack counts the functions that awaited', async () => {
  const loaded = await fail({
    'kernel.mjs': `export async function run() { await outer() }
async function outer() { await inner() }
async function inner() { await null; throw new Error('late') }`,
  })
  const names = parseFrames(loaded.error, loaded.kernelFolderUrl).map((frame) => frame.fn)
  expect(names.slice(0, 3)).toEqual(['inner', 'outer', 'run'])
})

test('a recursion of any depth is one failure, and so is a stack overflow wherever it strikes', async () => {
  const recursion = {
    'kernel.mjs': `export function run(depth) { return down(depth) }
function down(depth) { if (depth === 0) throw new Error('at the bottom'); return down(depth - 1) }`,
  }
  expect(mark(await fail(recursion, 3))).toBe(mark(await fail(recursion, 5)))
  const overflow = (filler: string) => ({
    'kernel.mjs': `export function run() { return ping() }
function ping() { ${filler}; return pong() + 1 }
function pong() { return ping() + 1 }`,
  })
  const marks = []
  for (const filler of ['', 'const a = 1', 'const a = [1, 2, 3]; a.pop()', 'let b = 2; b += 1'])
    marks.push(mark(await fail(overflow(filler))))
  expect(new Set(marks).size).toBe(1)
})

test('a message that looks like a stack does not pass for frames', async () => {
  const evil = await fail(simple('add', "'x\\n    at fake (file:///tmp/fake.ts:1:1)\\n' + id"), 'y')
  expect(parseFrames(evil.error, evil.kernelFolderUrl).some((frame) => frame.fn === 'fake')).toBe(false)
})

test('a thrown value that is no error, and an error without a stack, have fingerprints too', () => {
  const of = (thrown: unknown) => fingerprint({ kernel: 'notes', phase: 'idle', error: toRecord(thrown) })
  expect(of(undefined)).toBe(of(undefined))
  expect(of(undefined)).not.toBe(of('text'))
})

test('a hang is told by its method and by the way into the loop, not by where it was stopped', () => {
  const hung = (stack: string, method: string) =>
    fingerprint({
      ...{ kernel: 'notes', phase: 'message', method, kernelFolderUrl: 'file:///app/notes' },
      error: { name: 'LazaretError', code: 'KERNEL_HUNG', message: `no sign of life for ${stack.length} ms`, stack },
    })
  const inHelper = '    at helper (file:///app/notes/kernel.ts:9:1)\n    at recall (file:///app/notes/kernel.ts:3:1)'
  const inLoop = '    at recall (file:///app/notes/kernel.ts:4:7)'
  expect(hung(inHelper, 'recall')).toBe(hung(inLoop, 'recall'))
  expect(hung(inLoop, 'recall')).not.toBe(hung(inLoop, 'remember'))
})

test('the method counts for exits and not where the error has a stack of its own', async () => {
  const exit = (method: string) =>
    fingerprint({ kernel: 'n', phase: 'message', method, error: { name: 'E', code: 'KERNEL_EXITED', message: '' } })
  expect(exit('a')).not.toBe(exit('b'))
  const loaded = await fail(simple(), 1)
  expect(mark(loaded, { method: 'a' })).toBe(mark(loaded, { method: 'b' }))
})

test.each([
  ['no note 17', 'no note 4'],
  ['took 1.5 ms', 'took 12 ms'],
  ['at 2026-01-01T10:00:00.000Z', 'at 2025-12-31 23:59:59Z'],
  ["open '/home/ann/app/x.json'", "open '/srv/x.json'"],
  ['open C:\\Users\\ann\\x.json', 'open D:\\data\\y.json'],
  ['at 0xdeadbeef', 'at 0x12'],
  ['id 01995f2c-7d1e-7000-8000-0123456789ab', 'id 11995f2c-7d1e-7000-8000-0123456789ff'],
  ['key a94a8fe5ccb19ba61c4c', 'key 12345678'],
  ['get http://a.example/x?y=1 failed', 'get https://b.example failed'],
  [`bad "${'x'.repeat(50)}"`, `bad "${'y'.repeat(60)}"`],
  ['got -1', 'got 3e21'],
])('%j and %j are one message', (one, other) => {
  expect(normaliseMessage(one)).toBe(normaliseMessage(other))
})

test.each([
  ["Cannot read properties of undefined (reading 'x')", "Cannot read properties of undefined (reading 'y')"],
  ['a is not defined', 'b is not defined'],
  ['open /a/b failed: busy', 'open /a/b failed: gone'],
])('%j and %j are two messages', (one, other) => {
  expect(normaliseMessage(one)).not.toBe(normaliseMessage(other))
})
