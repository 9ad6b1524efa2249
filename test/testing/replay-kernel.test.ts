import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { replayKernel } from 'lazaret/testing'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { processesNaming } from '../sandbox/bench.ts'

const foldersBefore = await replayFolders()
afterAll(async () => {
  expect(await replayFolders()).toEqual(foldersBefore)
  expect(processesNaming('replay-process')).toEqual([])
})

async function replayFolders(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => name.startsWith('lazaret-replay-'))
}

/** A kernel whose start() has this body, in TypeScript. */
async function kernel(body: string): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), 'lazaret-kernel-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'kernel.ts')
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  await writeFile(
    path,
    `import { defineKernel } from 'lazaret/kernel'\nexport default defineKernel({ async start(ctx: any) { ${body} } })\n`,
  )
  return pathToFileURL(path)
}

const notes = `
  const notes: Map<string, unknown> = ctx.restored ?? new Map()
  return { api: {
    put(id: string, text: unknown) { notes.set(id, text); return notes.size },
    find(query: string) { return [...notes.values()].filter((text: any) => text.includes(query)) },
    refuse() { throw new RangeError('out of range') },
    config: () => ctx.config,
    weather: (where: string) => ctx.ref('sky').ask.now(where),
  } }`

test('the answers come in their order, with values as they were', async () => {
  const answers = await replayKernel({
    entry: await kernel(notes),
    ...{ config: { depth: 1n }, state: new Map([['a', 'alpha']]) },
    messages: [{ method: 'put', args: ['b', 'beta'] }, { method: 'find', args: ['a'] }, { method: 'config' }],
  })
  expect(answers).toEqual([
    { status: 'fulfilled', value: 2 },
    { status: 'fulfilled', value: ['alpha', 'beta'] },
    { status: 'fulfilled', value: { depth: 1n } },
  ])
})

test('a path does for a URL, and without messages the kernel only starts', async () => {
  expect(await replayKernel({ entry: (await kernel(notes)).pathname })).toEqual([])
})

test('an ordinary error is an answer; a defect is thrown as it was, with its stack in the file of the kernel', async () => {
  const entry = await kernel(notes)
  const messages = [{ method: 'refuse' }, { method: 'unknown' }]
  const [refused, unknown] = await replayKernel({ entry, messages })
  expect(refused).toMatchObject({ status: 'rejected', reason: expect.any(RangeError) })
  expect(unknown).toMatchObject({ status: 'rejected', reason: { code: 'UNKNOWN_METHOD' } })
  await expect(replayKernel({ entry, messages, crashOn: 'all' })).rejects.toThrow(RangeError)

  const crash = replayKernel({ entry, state: new Map([['a', 5]]), messages: [{ method: 'find', args: ['x'] }] })
  const error = await crash.catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(TypeError)
  expect(String(Reflect.get(Object(error), 'stack'))).toContain(`${entry.pathname}:`)
})

test('what other kernels answer is what was recorded, and what was not is not there', async () => {
  const entry = await kernel(notes)
  const ask = (where: string) => ({ method: 'weather', args: [where] })
  const [north, again, south, storm] = await replayKernel({
    entry,
    messages: [ask('north'), ask('north'), ask('south'), ask('storm')],
    replies: [
      { to: 'sky', method: 'now', args: ['north'], value: 'clear' },
      { to: 'sky', method: 'now', args: ['north'], value: 'cloudy' },
      { to: 'sky', method: 'now', args: ['storm'], error: { name: 'Error', message: 'no sky', code: 'E_SKY' } },
      { to: 'sky', method: 'now', args: ['west'], value: 'rain' },
    ],
  })
  expect([north, again, south].map((answer) => Reflect.get(Object(answer), 'value'))).toEqual([
    'clear',
    'cloudy',
    'rain',
  ])
  expect(storm).toMatchObject({ status: 'rejected', reason: { message: 'no sky', code: 'E_SKY' } })
  const [nobody] = await replayKernel({ entry, messages: [ask('north')] })
  expect(nobody).toMatchObject({ status: 'rejected', reason: { code: 'KERNEL_UNAVAILABLE' } })
})

test('a kernel that does not even load, and one that throws late, fail with that error', async () => {
  const entry = await kernel('return { api: {')
  await expect(replayKernel({ entry })).rejects.toMatchObject({ code: 'ERR_INVALID_TYPESCRIPT_SYNTAX' })
  const late = await kernel('setTimeout(() => { throw new URIError("late") }, 1); return { api: {} }')
  await expect(replayKernel({ entry: late })).rejects.toThrow(URIError)
})

test('a kernel that spins, waits for ever, exits or eats all memory fails its test, and nothing of it is left', async () => {
  const [spins, waits, exits, eats] = await Promise.all([
    kernel('return { api: { spin() { for (;;); } } }'),
    kernel('await new Promise(() => {})'),
    kernel('process.exit(3)'),
    kernel('const all = []; for (;;) all.push(new Array(1e5).fill(all.length))'),
  ])
  const spin = { entry: spins, messages: [{ method: 'spin' }], messageMs: 300 }
  await expect(replayKernel(spin)).rejects.toMatchObject({
    ...{ code: 'KERNEL_HUNG', message: 'It was still busy with message 0, spin(), after 300 ms.' },
  })
  await expect(replayKernel({ entry: waits, startMs: 500 })).rejects.toMatchObject({ code: 'KERNEL_HUNG' })
  await expect(replayKernel({ entry: exits })).rejects.toMatchObject({
    ...{ code: 'KERNEL_EXITED', message: 'It ended its process (exit code 3).' },
  })
  await expect(replayKernel({ entry: eats, heapMb: 32 })).rejects.toMatchObject({ code: 'KERNEL_OUT_OF_MEMORY' })
})

test('options that cannot be used are named', async () => {
  await expect(replayKernel({ entry: '' })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  await expect(replayKernel({ entry: new URL('https://example.org/kernel.ts') })).rejects.toThrow(/Got: https:/)
  const unclonable = { entry: '/x.ts', messages: [{ method: 'a', args: [() => {}] }] }
  await expect(replayKernel(unclonable)).rejects.toThrow(/^messages\[0\]\.args cannot be copied/)
})
