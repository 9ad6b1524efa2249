import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FileMarks } from '../../src/diagnostics/file-marks.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lazaret-marks-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function counted() {
  let reads = 0
  return { read: async () => ++reads, reads: () => reads }
}

test('a file that has not changed is not read again, and one that has is', async () => {
  const path = join(folder, 'a')
  writeFileSync(path, 'one')
  const marks = new FileMarks()
  const { read, reads } = counted()
  for (let turn = 0; turn < 3; turn++) await marks.look(path, read)
  expect(reads()).toBe(1)
  // Same size, and the time that a person can set is set back: the change shows all the same.
  writeFileSync(path, 'two')
  utimesSync(path, 1, 1)
  await marks.look(path, read)
  expect(reads()).toBe(2)
})

test('in a thorough round each file is read once, whatever its times say', async () => {
  const path = join(folder, 'a')
  writeFileSync(path, 'one')
  const marks = new FileMarks()
  const { read, reads } = counted()
  await marks.look(path, read)
  marks.begin(true)
  await marks.look(path, read)
  await marks.look(path, read)
  expect(reads()).toBe(2)
  marks.begin(false)
  await marks.look(path, read)
  expect(reads()).toBe(2)
})

test('files that nobody looks at any more are forgotten', async () => {
  const marks = new FileMarks()
  writeFileSync(join(folder, 'kept'), '')
  for (let n = 0; n < 5; n++) {
    writeFileSync(join(folder, `${n}`), '')
    marks.begin(false)
    await marks.look(join(folder, `${n}`), async () => n)
    await marks.look(join(folder, 'kept'), async () => n)
    marks.end()
  }
  expect(marks.size).toBe(3)
})

test('a failure to read is not remembered, and a missing file is the system error', async () => {
  const marks = new FileMarks()
  const path = join(folder, 'a')
  await expect(marks.look(path, async () => 1)).rejects.toMatchObject({ code: 'ENOENT' })
  writeFileSync(path, '')
  await expect(marks.look(path, () => Promise.reject(new Error('short')))).rejects.toThrow('short')
  expect(await marks.look(path, async () => 2)).toBe(2)
})
