/** What a return to golden would change, as it is shown to whoever approves it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { sha256 } from '../../src/base/hash.ts'
import type { Golden } from '../../src/base/remedy.ts'
import { Restores } from '../../src/dashboard/story-restores.ts'
import { encodeReplay } from '../../src/diagnostics/replay.ts'

const good = 'export const size = (text) => text.length\n'
const bad = 'export const size = (text) => text.lenght\n'

function scene() {
  const root = mkdtempSync(join(tmpdir(), 'lazaret-restores-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const [folder, dataDir] = [join(root, 'evidence'), join(root, 'data')]
  const snapshots = join(dataDir, 'snapshots', 'notes')
  for (const each of [folder, snapshots]) mkdirSync(each, { recursive: true })
  const entryUrl = pathToFileURL(join(root, 'notes', 'kernel.ts')).href
  const shared = pathToFileURL(join(root, 'shared.ts')).href
  const files = [
    { url: entryUrl, text: bad, sha256: sha256(bad) },
    { url: shared, text: bad, sha256: sha256(bad) },
  ]
  const config = { limit: 10, apiKey: 'hunter2hunter2' }
  const evidence = { kernel: 'notes', files, config, ran: { entryUrl }, messages: [], replies: [] }
  writeFileSync(join(folder, 'replay.bin'), encodeReplay(evidence as never, 5000))
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ apiKey: '[redacted]', limit: 10 }))
  const put = (name: string, golden: Partial<Golden>) => {
    const whole = { kernel: 'notes', at: 100, codeSha256: 'x', sources: {}, config: {}, ...golden }
    const text = JSON.stringify(whole)
    writeFileSync(join(snapshots, name), `{"sha256":"${sha256(text)}","golden":${text}}\n`)
  }
  put('golden.json', { sources: { [entryUrl]: good, [shared]: good }, config: { limit: 3, apiKey: 'other2other2' } })
  const restores = (nowMs = 1000) => new Restores({ kernel: 'notes', folder, dataDir, nowMs })
  return { put, restores, folder, dataDir, entryUrl }
}

const sidesOf = (found: ReturnType<Restores['of']>) =>
  found?.diffs.flatMap(({ rows }) =>
    rows.flatMap(({ kind, left, right }) => {
      const text = (side: typeof left) => side?.parts.map((part) => part.text).join('')
      return kind === 'same' || kind === 'gap' ? [] : [`${text(left)} => ${text(right)}`]
    }),
  )

test('of the code, the files of the kernel that differ are shown line by line, and no others', () => {
  const found = scene().restores().of({ do: 'restore_code' }, 200)
  expect(found?.diffs.map(({ file, added, removed }) => ({ file, added, removed }))).toEqual([
    { file: 'kernel.ts', added: 1, removed: 1 },
  ])
  expect(sidesOf(found)).toEqual([`${bad.trim()} => ${good.trim()}`])
})

test('of the configuration, the values that differ are shown, but for secrets', () => {
  const found = scene().restores().of({ do: 'restore_config' }, 200)
  expect(sidesOf(found)).toEqual(['  "limit": 10 =>   "limit": 3'])
  expect(JSON.stringify(found)).not.toMatch(/hunter2|other2/)
})

test('a golden snapshot of later says nothing of an earlier attempt; the one before it does', () => {
  const at = scene()
  at.put('golden.previous.json', { at: 100, config: { limit: 7, apiKey: 'x' } })
  at.put('golden.json', { at: 300, config: { limit: 8, apiKey: 'x' } })
  expect(sidesOf(at.restores().of({ do: 'restore_config' }, 200))?.at(-1)).toContain('"limit": 7')
  expect(at.restores().of({ do: 'restore_config' }, 50)).toMatchObject({
    diffs: [],
    remark: expect.stringContaining('not kept any more'),
  })
})

test('what cannot be shown is said in a sentence', () => {
  const at = scene()
  expect(at.restores(5000).of({ do: 'restore_code' }, 200)?.remark).toMatch(/expired/)
  rmSync(join(at.folder, 'replay.bin'))
  writeFileSync(join(at.folder, 'error.json'), '{}')
  expect(at.restores().of({ do: 'restore_code' }, 200)?.remark).toMatch(/cannot be read/)
  rmSync(join(at.folder, 'config.json'))
  expect(at.restores().of({ do: 'restore_config' }, 200)?.remark).toMatch(/config\.json is missing/)
  const outOfReach = new Restores({ kernel: 'notes', folder: at.folder, dataDir: undefined, nowMs: 0 })
  expect(outOfReach.of({ do: 'restore_code' }, 200)?.diffs).toEqual([])
})

test('no other step is asked about', () => {
  expect(scene().restores().of({ do: 'restore_state' }, 200)).toBeUndefined()
})
