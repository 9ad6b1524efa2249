import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ErrorRecord } from '../../src/base/error-record.ts'
import { limits } from '../../src/base/limits.ts'
import { sourceFrames } from '../../src/diagnostics/source-frames.ts'

const url = 'file:///app/kernel.ts'
const text = Array.from({ length: 30 }, (_, n) => `line ${n + 1}`).join('\n')
const files = [{ url, sha256: '', text }]

const failed = (stack: string, change: Partial<ErrorRecord> = {}): ErrorRecord => ({
  ...{ name: 'TypeError', message: 'boom', stack: `TypeError: boom\n${stack}` },
  ...change,
})

test('a frame of a file of the kernel is shown with six lines before it and after it', () => {
  const [frame, ...others] = sourceFrames(failed(`    at Object.find (${url}:10:7)\n    at node:internal/x:1:1`), files)
  expect(others).toEqual([])
  expect(frame).toMatchObject({ of: 0, fn: 'find', file: url, line: 10, column: 7, first: 4 })
  expect(frame?.lines).toHaveLength(2 * limits.sourceLinesAround + 1)
  expect(frame?.lines[6]).toBe('line 10')
})

test('at the edges of a file there are fewer lines', () => {
  const frames = sourceFrames(failed(`    at a (${url}:1:1)\n    at async b (${url}:30:1)`), files)
  expect(frames.map(({ fn, first, lines }) => [fn, first, lines.length])).toEqual([
    ['a', 1, 7],
    ['b', 24, 7],
  ])
})

test('frames elsewhere, in the message and past the limit are left out; causes come after', () => {
  const message = `boom\n    at no (${url}:2:2)`
  const own = `    at yes (${url}:3:3)`
  const error: ErrorRecord = {
    ...{ name: 'Error', message, stack: `Error: ${message}\n    at lib (file:///app/node_modules/l/i.js:1:1)\n${own}` },
    cause: failed(Array.from({ length: limits.sourceFrames }, (_, n) => `    at f${n} (${url}:${n + 1}:1)`).join('\n')),
  }
  const frames = sourceFrames(error, files)
  expect(frames).toHaveLength(limits.sourceFrames)
  expect(frames.slice(0, 2).map(({ of, fn, line }) => [of, fn, line])).toEqual([
    [0, 'yes', 3],
    [1, 'f0', 1],
  ])
})

test('a file that does not compile is shown at the line that the compiler names', () => {
  const stack = `${url}:12\nconst = 1\n      ^\n\nSyntaxError: Unexpected token '='\n    at compile (node:internal:1:1)`
  const [frame] = sourceFrames({ name: 'SyntaxError', message: "Unexpected token '='", stack }, files)
  expect(frame).toMatchObject({ file: url, line: 12 })
})

test('an error without a stack has no frames', () => {
  expect(sourceFrames({ name: 'NonError', message: 'no', nonError: true }, files)).toEqual([])
})

test('a line of a bundle is cut around the column; secrets are struck out before that, marks escaped', () => {
  const line = `${'a'.repeat(5000)}; password="hunter2"; \u202e boom() ;${'b'.repeat(5000)}`
  const column = line.indexOf('boom') + 1
  const [frame] = sourceFrames(failed(`    at x (${url}:1:${column})`), [{ url, sha256: '', text: line }])
  expect(frame?.lines[0]?.length).toBeLessThan(limits.sourceLineChars + 10)
  expect(frame?.lines[0]).toContain('\\u202e boom()')
  expect(JSON.stringify(frame)).not.toContain('hunter2')
  expect(frame?.cut).toBeGreaterThan(4900)
})

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lazaret-frames-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const map = { version: 3, sources: ['kernel.ts'], names: [], mappings: 'AAAA;AAEA' }
const written = 'interface A {}\n\nthrow new Error("boom") // as written'
const inFolder = (name: string) => pathToFileURL(join(folder, name)).href
const compiled = (named: string) => [
  { url: inFolder('kernel.js'), sha256: '', text: `"use strict";\nthrow 1\n//# sourceMappingURL=${named}\n` },
]
const ranAt = () => failed(`    at run (${inFolder('kernel.js')}:2:1)`)

test('a file with a source map is shown as it was written: the map inline, or beside it', () => {
  const inline = `data:application/json;base64,${Buffer.from(JSON.stringify({ ...map, sourcesContent: [written] })).toString('base64')}`
  writeFileSync(join(folder, 'kernel.js.map'), JSON.stringify(map))
  writeFileSync(join(folder, 'kernel.ts'), written)
  for (const named of [inline, 'kernel.js.map']) {
    const [frame] = sourceFrames(ranAt(), compiled(named))
    expect(frame).toMatchObject({ file: inFolder('kernel.ts'), line: 3, column: 1, ranAt: { line: 2, column: 1 } })
    expect(frame?.lines[2]).toContain('as written')
  }
})

test.each([
  ['a map that is not there', 'kernel.js.map', () => undefined],
  ['a map that is no JSON', 'kernel.js.map', (at: string) => writeFileSync(join(at, 'kernel.js.map'), '{')],
  [
    'a source that is not there',
    'kernel.js.map',
    (at: string) => writeFileSync(join(at, 'kernel.js.map'), JSON.stringify(map)),
  ],
  [
    'a map that leads elsewhere',
    'kernel.js.map',
    (at: string) => symlinkSync('/etc/hostname', join(at, 'kernel.js.map')),
  ],
  ['a map on the network', 'https://example.org/kernel.js.map', () => undefined],
  [
    'a source that is no source file',
    'kernel.js.map',
    (at: string) => writeFileSync(join(at, 'kernel.js.map'), JSON.stringify({ ...map, sources: ['/etc/hostname'] })),
  ],
])('with %s the frame is shown as it was run', (_what, named, prepare) => {
  prepare(folder)
  const [frame] = sourceFrames(ranAt(), compiled(named))
  expect(frame).toMatchObject({ file: inFolder('kernel.js'), line: 2, first: 1 })
  expect(frame?.ranAt).toBeUndefined()
  expect(frame?.lines[1]).toBe('throw 1')
})
