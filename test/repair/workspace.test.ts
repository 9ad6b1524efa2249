import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { makeWorkspace } from '../../src/repair/workspace.ts'
import { Bench } from '../sandbox/bench.ts'
import { goodText, makePatient } from './patient.ts'

const bench = new Bench()
afterAll(() => bench.remove())
const error = { name: 'Error', message: 'x' }

function make(name: string, dataDirOfKernel: string) {
  const { evidence } = makePatient(bench, name, { error })
  writeFileSync(join(evidence.folder, 'kernel.log'), 'a line')
  writeFileSync(join(evidence.folder, 'replay.bin'), 'exact')
  return makeWorkspace({ root: bench.path('repair'), incident: name, attempt: 1, evidence, dataDirOfKernel })
}

test('it holds the sources as they ran, the evidence without exact messages, and a private copy of the data', async () => {
  bench.write('data/sub/a.txt', 'data')
  const workspace = await make('whole', bench.path('data'))
  expect(lstatSync(workspace.folder).mode & 0o777).toBe(0o700)
  expect(readFileSync(join(workspace.folder, 'source/kernel.ts'), 'utf8')).toBe(goodText)
  expect(existsSync(join(workspace.folder, 'evidence/kernel.log'))).toBe(true)
  expect(existsSync(join(workspace.folder, 'evidence/replay.bin'))).toBe(false)
  expect(workspace.dataLeftOut).toBeUndefined()
  const [one, two] = [await workspace.trial(), await workspace.trial()]
  writeFileSync(join(one, 'data/sub/a.txt'), 'changed by a trial')
  expect(readFileSync(join(two, 'data/sub/a.txt'), 'utf8')).toBe('data')
  expect(readFileSync(bench.path('data/sub/a.txt'), 'utf8')).toBe('data')
  expect(existsSync(join(one, 'out'))).toBe(true)
  await workspace.remove()
  expect(existsSync(workspace.folder)).toBe(false)
})

test('data with a link in it is left out as a whole, and said so', async () => {
  bench.write('linked/a.txt', 'data')
  symlinkSync('/etc/passwd', bench.path('linked/b'))
  const workspace = await make('linked', bench.path('linked'))
  expect(workspace.dataLeftOut).toContain('b in it is a symbolic link')
  expect(existsSync(join(await workspace.trial(), 'data/a.txt'))).toBe(false)
})

test('data at the limit is copied, one byte past it left out', async () => {
  mkdirSync(bench.path('large'))
  for (const [extra, leftOut] of [
    [0, undefined],
    [1, `it has more than ${limits.sandboxDataBytes} bytes`],
  ] as const) {
    const file = bench.path('large/data.bin')
    writeFileSync(file, '')
    truncateSync(file, limits.sandboxDataBytes + extra)
    expect((await make(`large${extra}`, bench.path('large'))).dataLeftOut).toBe(leftOut)
  }
})

test('a kernel without a data folder, and a workspace left behind by a killed process, are fine', async () => {
  bench.write('repair/left-1/source/old.ts', 'old')
  const workspace = await make('left', bench.path('nowhere'))
  expect(existsSync(join(workspace.folder, 'source/old.ts'))).toBe(false)
  expect(workspace.dataLeftOut).toBeUndefined()
})

test('empty folders are there too: a kernel that made one once does not make it again', async () => {
  mkdirSync(bench.path('hollow/cache/pages'), { recursive: true })
  const workspace = await make('hollow', bench.path('hollow'))
  expect(readdirSync(join(await workspace.trial(), 'data/cache'))).toEqual(['pages'])
})

test('data that cannot be read is left out, and ends no repair', async () => {
  bench.write('file/data', 'no folder')
  expect((await make('no-folder', bench.path('file/data'))).dataLeftOut).toMatch(/could not be copied \(ENOTDIR\)/)
})

test('files and folders at the limit are copied, one past it left out', async () => {
  mkdirSync(bench.path('crowd'))
  // The data folder itself counts.
  for (let n = 1; n < limits.sandboxDataFiles; n += 1) writeFileSync(bench.path(`crowd/${n}`), '')
  expect((await make('many', bench.path('crowd'))).dataLeftOut).toBeUndefined()
  writeFileSync(bench.path('crowd/more'), '')
  expect((await make('too-many', bench.path('crowd'))).dataLeftOut).toMatch(/more than \d+ files and folders/)
})
