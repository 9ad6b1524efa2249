import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makeFolder } from '../../src/base/folder.ts'

function place(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-folder-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

test('a folder is made with its parents and its rights; one that is there is left as it is', () => {
  const folder = join(place(), 'a', 'b', 'c')
  makeFolder(folder, 0o700)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  makeFolder(folder, 0o755)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
})

test('a file in the way, and a file system that makes no folders, are errors and no endless loop', () => {
  const folder = place()
  writeFileSync(join(folder, 'file'), '')
  expect(() => makeFolder(join(folder, 'file'))).toThrow(/EEXIST/)
  expect(() => makeFolder(join(folder, 'file', 'below'))).toThrow(/EEXIST|ENOTDIR/)
  if (process.platform === 'linux') expect(() => makeFolder('/proc/lazaret/below')).toThrow(/ENOENT|EPERM|EACCES/)
})
