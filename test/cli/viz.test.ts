/** `lazaret viz`: what is pure by itself, the rest in a process, since the file that is drawn may do as it likes there. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createActor, createMachine } from 'xstate'
import { chartOf } from '../../src/chart/from-machine.ts'
import { importFailure, loadMachine, machineIn } from '../../src/cli/viz-load.ts'
import { drawn, mustBeWritable, planOf, type VizFormat, writeOut } from '../../src/cli/viz-output.ts'
import { cli, folderWith } from './cli.ts'

const one = createMachine({ id: 'one' })
const two = createMachine({ id: 'two' })
const xstate = fileURLToPath(import.meta.resolve('xstate'))
const light = `import { createMachine } from ${JSON.stringify(xstate)}
export const light = createMachine({ id: 'light', initial: 'red', states: { red: { after: { 10: 'green' } }, green: {} } })`

const refusal = (code: string, message: string, hint?: string) =>
  expect.objectContaining({
    code,
    message: expect.stringContaining(message),
    ...(hint !== undefined && { hint: expect.stringContaining(hint) }),
  })

test('the machine is the default export, the only one, or the one that is named', () => {
  expect(machineIn({ default: one, other: two }, undefined, 'f.ts')).toEqual({ name: 'default', machine: one })
  expect(machineIn({ help: () => 1, only: one }, undefined, 'f.ts')).toEqual({ name: 'only', machine: one })
  // One machine under two names is one machine.
  expect(machineIn({ a: one, b: one }, undefined, 'f.ts').machine).toBe(one)
  expect(machineIn({ default: one, other: two }, 'other', 'f.ts')).toEqual({ name: 'other', machine: two })
})

test('several machines, or none, are refused with what there is', () => {
  expect(() => machineIn({ one, two, x: 1 }, undefined, 'f.ts')).toThrowError(
    refusal('OPTION_INVALID', 'several machines: one, two', 'lazaret viz f.ts --export one'),
  )
  expect(() => machineIn({ make: () => one, text: 'x', actor: createActor(one) }, undefined, 'f.ts')).toThrowError(
    refusal('MACHINE_INVALID', 'It exports: make (a function), text (x), actor (an actor; its machine is wanted)'),
  )
  expect(() => machineIn({}, undefined, 'f.ts')).toThrowError(refusal('MACHINE_INVALID', 'nothing at all'))
  expect(() => machineIn({ one, x: 1 }, 'x', 'f.ts')).toThrowError(refusal('OPTION_INVALID', 'Got: 1', 'exports: one'))
  expect(() => machineIn({ one }, 'toString', 'f.ts')).toThrowError(
    refusal('OPTION_INVALID', 'exports no toString', 'exports: one'),
  )
})

test('the format is the one that is named, that of the file, or SVG', () => {
  const formatOf = (options: Parameters<typeof planOf>[0]) => planOf(options).format
  expect(formatOf({})).toBe('svg')
  expect(formatOf({ out: 'a.PNG' })).toBe('png')
  expect(formatOf({ out: 'a.htm' })).toBe('html')
  expect(formatOf({ out: 'a.mmd' })).toBe('mermaid')
  expect(formatOf({ out: 'a.gv' })).toBe('dot')
  expect(formatOf({ out: 'a.txt', format: 'dot' })).toBe('dot')
  expect(() => planOf({ out: 'a.txt' })).toThrowError(
    refusal('OPTION_INVALID', 'a.txt', 'svg, png, html, mermaid, dot'),
  )
  expect(() => planOf({ format: 'pdf' })).toThrowError(refusal('OPTION_INVALID', 'Got: pdf'))
  expect(() => planOf({ theme: 'pink' })).toThrowError(refusal('OPTION_INVALID', 'auto, light, dark. Got: pink'))
  expect(() => planOf({ theme: 'dark', format: 'dot' })).toThrowError(refusal('OPTION_INVALID', 'no meaning for dot'))
})

test('a failing import is told in its own words, with a way on', () => {
  const coded = (code: string, message: string) => Object.assign(new Error(message), { code })
  expect(importFailure(new TypeError('x is not a function\nmore'), '/f.ts')).toEqual(
    refusal('MACHINE_INVALID', '/f.ts could not be imported. TypeError: x is not a function', 'Its own code failed'),
  )
  expect(importFailure('just text', '/f.ts').message).toContain('It threw: just text')
  expect(importFailure(coded('ERR_MODULE_NOT_FOUND', "Cannot find package 'y'"), '/f.ts')).toEqual(
    refusal('MACHINE_INVALID', "imports what is not there. Cannot find package 'y'", 'its extension'),
  )
})

test('what is no readable file is refused before it is imported', async () => {
  const folder = await folderWith({ 'view.tsx': 'export {}' })
  const wrong = (name: string, text: string) =>
    expect(loadMachine(join(folder, name), undefined)).rejects.toEqual(refusal('OPTION_INVALID', text))
  await wrong('missing.ts', 'there is no file')
  await wrong('view.tsx', 'only files of JavaScript and TypeScript')
  await wrong('.', 'only files of JavaScript and TypeScript')
})

test('a picture replaces what was there as a whole, and is never put in the place of a folder', async () => {
  const folder = await folderWith({ 'a.svg': 'old' })
  mkdirSync(join(folder, 'b.svg'))
  expect(() => mustBeWritable(join(folder, 'b.svg'))).toThrowError(refusal('OPTION_INVALID', 'is a folder'))
  expect(() => mustBeWritable(join(folder, 'no', 'c.svg'))).toThrowError(
    refusal('OPTION_INVALID', 'folder is not there'),
  )
  expect(() => mustBeWritable('/dev/null')).toThrowError(refusal('OPTION_INVALID', 'no ordinary file'))
  mustBeWritable(join(folder, 'a.svg'))
  await writeOut(join(folder, 'a.svg'), 'new')
  expect(readFileSync(join(folder, 'a.svg'), 'utf8')).toBe('new')
  await expect(writeOut(join(folder, 'b.svg'), 'new')).rejects.toEqual(
    refusal('OPTION_INVALID', 'could not be written'),
  )
  expect(readdirSync(folder).toSorted()).toEqual(['a.svg', 'b.svg'])
})

test.each([
  ['svg', /^<svg [\s\S]*prefers-color-scheme: dark[\s\S]*<\/svg>\n$/],
  ['html', /^<!doctype html>/],
  ['mermaid', /^---\n[\s\S]*stateDiagram-v2/],
  ['dot', /^digraph "one" \{/],
] as [VizFormat, RegExp][])('a machine as %s', async (format, expected) => {
  const layout = async () => {
    const { layoutChart } = await import('../../src/chart/layout.ts')
    return await layoutChart(chartOf(one))
  }
  expect((await drawn(chartOf(one), layout, { format, theme: 'auto', out: undefined })).content).toMatch(expected)
})

test('a file that prints and keeps a timer running: the picture alone is on stdout, and the command ends', async () => {
  const folder = await folderWith({ 'light.ts': `${light}\nconsole.log('hello')\nsetInterval((): void => {}, 1000)` })
  const { code, stdout, stderr } = await cli(folder, 'viz', 'light.ts')
  expect([code, stderr]).toEqual([0, 'hello\n'])
  expect(stdout).toMatch(/^<svg /)
  expect(stdout).toContain('data-node="light.red"')
})

test('--out writes the file and says which; --json tells chart and layout', async () => {
  const folder = await folderWith({ 'light.mjs': light })
  const { code, stdout } = await cli(folder, 'viz', 'light.mjs', '--out', 'light.html', '--json')
  expect(code).toBe(0)
  const said = JSON.parse(stdout)
  expect(said).toMatchObject({ file: 'light.mjs', export: 'light', format: 'html', chart: { id: 'light' } })
  expect(said.layout.nodes['light.red'].width).toBeGreaterThan(10)
  expect(readFileSync(said.out, 'utf8')).toContain('<title>light</title>')
})

test('a file with an enum, and one that throws, are refused in words of their own', async () => {
  const folder = await folderWith({
    'enum.ts': `enum Colour { red }\n${light}`,
    'throws.js': 'throw new Error("no database")',
  })
  const [withEnum, throwing] = await Promise.all([cli(folder, 'viz', 'enum.ts'), cli(folder, 'viz', 'throws.js')])
  expect(withEnum.code).toBe(2)
  expect(withEnum.stderr).toContain('enums, namespaces, parameter properties')
  expect(throwing.code).toBe(2)
  expect(throwing.stderr).toContain('throws.js could not be imported. Error: no database')
})

test('a file that ends the process is no success', async () => {
  const folder = await folderWith({})
  writeFileSync(join(folder, 'ends.js'), 'process.exit(0)')
  const { code, stdout, stderr } = await cli(folder, 'viz', 'ends.js')
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('ends.js ended the process before anything was drawn')
})

test('a file that spins for ever while it is imported is told of, and ends with the process', async () => {
  const watch = fileURLToPath(new URL('../../src/cli/viz-watch.ts', import.meta.url))
  const script = `const { watchImport } = await import(${JSON.stringify(watch)})
await (await watchImport('was ended', 60_000))()
await watchImport('spins.js does not end', 50)
for (;;) {}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    ...{ stdio: ['ignore', 'ignore', 'pipe'], timeout: 30_000 },
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const [, signal] = await once(child, 'close')
  expect([signal, stderr]).toEqual(['SIGKILL', 'spins.js does not end'])
})
