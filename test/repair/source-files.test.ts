/** Texts into files: whole, under their names and modes, all or none, and what a killed process began is told apart. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { sha256 } from '../../src/base/hash.ts'
import { newId } from '../../src/base/ids.ts'
import type { Hotfix } from '../../src/repair/hotfix.ts'
import { IntentStore, planChanges, stateOf, writeChanges } from '../../src/repair/source-files.ts'

function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-source-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

const urlOf = (folder: string, name: string) => pathToFileURL(join(folder, name)).href

function hotfixOf(folder: string, texts: Readonly<Record<string, readonly [string, string]>>): Hotfix {
  const entries = Object.entries(texts).map(([name, [before, text]]) => [
    urlOf(folder, name),
    { preimageSha256: sha256(before), text },
  ])
  return { id: newId('fix'), kernel: 'k', incident: 'inc', steps: [], overlay: Object.fromEntries(entries) }
}

test('lines that a repair adds to a file whose lines all end with CRLF end with CRLF; mixed ones are left alone', () => {
  const folder = folderWith({ 'a.ts': 'a\r\nb\r\n', 'b.ts': 'a\r\nb\n' })
  const { changes } = planChanges(
    hotfixOf(folder, { 'a.ts': ['a\r\nb\r\n', 'a\nnew\nb\r\n'], 'b.ts': ['a\r\nb\n', 'a\r\nnew\nb\n'] }),
  )
  expect(changes.map(({ after }) => after)).toEqual(['a\r\nnew\r\nb\r\n', 'a\r\nnew\nb\n'])
})

test('where the second file cannot be written the first is put back as it was', () => {
  const folder = folderWith({ 'a.ts': 'a', 'b.ts': 'b' })
  const { changes: files } = planChanges(hotfixOf(folder, { 'a.ts': ['a', 'A'], 'b.ts': ['b', 'B'] }))
  chmodSync(join(folder, 'b.ts'), 0o444)
  const { written, left } = writeChanges({ hotfix: 'fix_x', files })
  expect(written).toEqual([])
  expect(left).toEqual([
    { file: join(folder, 'b.ts'), why: 'it is read-only' },
    { file: join(folder, 'a.ts'), why: 'put back as it was' },
  ])
  expect(readFileSync(join(folder, 'a.ts'), 'utf8')).toBe('a')
  expect(readdirSync(folder).sort()).toEqual(['a.ts', 'b.ts'])
})

test('what was written already counts, what was left of the killed process goes, and the mode stays', () => {
  const folder = folderWith({ 'a.ts': 'A', 'b.ts': 'b', '.b.ts.fix_x.tmp': 'hal' })
  chmodSync(join(folder, 'b.ts'), 0o640)
  const files = ['a', 'b'].map((name) => ({
    url: urlOf(folder, `${name}.ts`),
    before: name,
    after: name.toUpperCase(),
  }))
  expect(files.map(stateOf)).toEqual(['after', 'before'])
  expect(writeChanges({ hotfix: 'fix_x', files })).toEqual({
    written: [join(folder, 'a.ts'), join(folder, 'b.ts')],
    left: [],
  })
  expect(files.map(stateOf)).toEqual(['after', 'after'])
  expect(statSync(join(folder, 'b.ts')).mode & 0o777).toBe(0o640)
  expect(readdirSync(folder).sort()).toEqual(['a.ts', 'b.ts'])
})

test('bytes that are no UTF-8 are not rewritten as others', () => {
  const bytes = Uint8Array.of(0x61, 0xff, 0x62)
  const folder = folderWith({ 'a.ts': bytes })
  const { changes, left } = planChanges(hotfixOf(folder, { 'a.ts': [Buffer.from(bytes).toString('utf8'), 'x'] }))
  expect([changes, left]).toEqual([[], [{ file: join(folder, 'a.ts'), why: 'it is not UTF-8' }]])
})

test('an intent comes back as it was written; one that is damaged at any byte is absent', async () => {
  const folder = folderWith({})
  const intents = new IntentStore(folder)
  const intent = { hotfix: newId('fix'), files: [{ url: 'file:///a.ts', before: 'a', after: 'b' }] }
  await intents.write(intent)
  expect(await intents.read(intent.hotfix)).toEqual(intent)
  const path = join(folder, readdirSync(folder)[0] ?? '')
  const whole = readFileSync(path)
  for (let at = 0; at < whole.length; at += 1) {
    const damaged = Buffer.from(whole)
    damaged.set([(whole[at] ?? 0) ^ 1], at)
    writeFileSync(path, damaged)
    expect(await intents.read(intent.hotfix)).toBeUndefined()
    writeFileSync(path, whole.subarray(0, at))
    expect(await intents.read(intent.hotfix)).toBeUndefined()
  }
  await intents.remove(intent.hotfix)
  expect(await intents.read(intent.hotfix)).toBeUndefined()
  expect(readdirSync(folder)).toEqual([])
})
