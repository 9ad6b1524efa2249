import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { sha256 } from '../../src/base/hash.ts'
import { newId } from '../../src/base/ids.ts'
import { gitPatch, type Hotfix, HotfixStore, overlayFor } from '../../src/repair/hotfix.ts'

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lazaret-hotfix-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const url = 'file:///app/kernels/memory/kernel.ts'
function makeHotfix(): Hotfix {
  return {
    id: newId('fix'),
    kernel: 'memory',
    incident: newId('inc'),
    overlay: { [url]: { preimageSha256: sha256('before\n'), text: 'after ünïcode\r\n' } },
    config: { depth: 3 },
    configPreimageSha256: sha256('{}'),
    steps: [
      { do: 'restore_state' },
      { do: 'restore_config' },
      { do: 'apply_patch', file: 'kernel.ts', preimageSha256: sha256('before\n'), patch: '@@' },
      { do: 'park_message', method: 'recall', argsSha256: sha256('x') },
    ],
  }
}

test('a hotfix comes back as it was written, and is gone once removed', async () => {
  const root = join(await makeFolder(), 'hotfixes')
  const store = new HotfixStore(root)
  const hotfix = makeHotfix()
  const path = await store.write(hotfix)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await new HotfixStore(root).read(path)).toEqual({ hotfix })
  await store.remove(path)
  await store.remove(path)
  expect(await store.read(path)).toEqual({ reason: 'there is no such file' })
  expect(await readdir(root)).toEqual([])
})

test('one without source or configuration comes back without them', async () => {
  const store = new HotfixStore(await makeFolder())
  const { config: _config, configPreimageSha256: _hash, ...rest } = makeHotfix()
  const hotfix: Hotfix = { ...rest, overlay: {}, steps: [{ do: 'restore_state' }] }
  expect(await store.read(await store.write(hotfix))).toEqual({ hotfix })
})

test('a hotfix damaged at any place is absent and says why, never half there', async () => {
  const store = new HotfixStore(await makeFolder())
  const hotfix = makeHotfix()
  const path = await store.write(hotfix)
  const whole = await readFile(path)
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: whole.length - 1 }), bytes, fc.boolean(), async (at, noise, cut) => {
      const damaged = Buffer.from(whole)
      damaged.set(noise.subarray(0, whole.length - at), at)
      await writeFile(path, cut ? whole.subarray(0, at) : damaged)
      const isWhole = !cut && damaged.equals(whole)
      expect(await store.read(path)).toEqual(isWhole ? { hotfix } : { reason: expect.stringMatching(/^it /) })
    }),
    { numRuns: 150 },
  )
})

test('a write that was cut off leaves the hotfix before it whole', async () => {
  const store = new HotfixStore(await makeFolder())
  const hotfix = makeHotfix()
  const path = await store.write(hotfix)
  await writeFile(`${path}.1234567`, '{"sha256"')
  expect(await store.read(path)).toEqual({ hotfix })
})

test('a whole file of the wrong shape is absent too', async () => {
  const store = new HotfixStore(await makeFolder())
  const path = await store.write(makeHotfix())
  const body = JSON.stringify({ ...makeHotfix(), overlay: { 'http://x': { preimageSha256: 'no', text: 1 } } })
  await writeFile(path, `{"sha256":"${sha256(body)}","hotfix":${body}}\n`)
  expect(await store.read(path)).toEqual({ reason: expect.stringMatching(/^its shape is wrong: overlay/) })
})

test('ids and paths that the store did not give out reach no file', async () => {
  const root = await makeFolder()
  const store = new HotfixStore(join(root, 'hotfixes'))
  await writeFile(join(root, 'mine.json'), '{}')
  for (const id of ['../x', 'fix_', '']) {
    await expect(store.write({ ...makeHotfix(), id })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  }
  await expect(store.remove(join(root, 'mine.json'))).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  expect(await store.read(join(root, 'mine.json'))).toEqual({ reason: expect.stringContaining('is not in') })
})

test('entries whose file has changed or gone are dropped, the others stay', () => {
  const [same, changed, gone] = ['file:///a.ts', 'file:///b.ts', 'file:///c.ts']
  const entry = { preimageSha256: sha256('before'), text: 'after' }
  const hotfix = { ...makeHotfix(), overlay: { [same]: entry, [changed]: entry, [gone]: entry } }
  const onDisk: Record<string, string> = { [same]: sha256('before'), [changed]: sha256('edited by a person') }
  expect(overlayFor(hotfix, (file) => onDisk[file])).toEqual({
    overlay: { [same]: entry },
    dropped: [
      { url: changed, reason: 'the file has changed' },
      { url: gone, reason: 'the file is gone' },
    ],
  })
})

test('git applies the diff of a hotfix to the files it was made for', async () => {
  const base = await makeFolder()
  const files = {
    'kernels/memory/kernel.ts': ['one\ntwo\nthree\n', 'one\nTWO\nthree'],
    'kernels/a b/kernél.ts': ['x', 'y\n'],
    'kernels/memory/lib/windows.ts': ['a\r\nb\r\n', 'a\r\nc\r\n'],
  }
  const overlay: Record<string, Hotfix['overlay'][string]> = {}
  const sources: Record<string, string> = {}
  for (const [name, [before = '', after = '']] of Object.entries(files)) {
    await mkdir(dirname(join(base, name)), { recursive: true })
    await writeFile(join(base, name), before)
    const fileUrl = pathToFileURL(join(base, name)).href
    overlay[fileUrl] = { preimageSha256: sha256(before), text: after }
    sources[fileUrl] = before
  }
  const diff = gitPatch({ ...makeHotfix(), overlay }, sources, base)
  execFileSync('git', ['apply', '-'], { cwd: base, input: diff })
  for (const [name, [, after]] of Object.entries(files)) expect(await readFile(join(base, name), 'utf8')).toBe(after)
})

test('a diff of a file that is missing, has changed or is elsewhere is refused', () => {
  const hotfix = makeHotfix()
  const refused = (sources: Record<string, string>, base: string) =>
    expect(() => gitPatch(hotfix, sources, base)).toThrow(expect.objectContaining({ code: 'PATCH_REFUSED' }))
  refused({}, '/app')
  refused({ [url]: 'edited\n' }, '/app')
  refused({ [url]: 'before\n' }, '/elsewhere')
  expect(gitPatch(hotfix, { [url]: 'before\n' }, '/app')).toContain('--- a/kernels/memory/kernel.ts')
})
