/** Diffs as people and tools write them, and the steps that they become. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/base/hash.ts'
import { limits } from '../../src/base/limits.ts'
import { applyPatchText, makePatch } from '../../src/repair/patch.ts'
import { stepsOfDiff } from '../../src/repair/submission.ts'

const kernelFolderUrl = 'file:///srv/shop/kernels/notes/'
const one = 'const a = 1\nconst b = 2\n'
const two = 'export const c = 3\n'
const of = { kernelFolderUrl, sources: { [`${kernelFolderUrl}kernel.ts`]: one, [`${kernelFolderUrl}lib/two.ts`]: two } }
const kernelPatch = makePatch('kernel.ts', one, one.replace('2', '4'))
const libPatch = makePatch('lib/two.ts', two, two.replace('3', '5'))
const files = (diff: string) => stepsOfDiff(diff, of).map(({ file }) => file)
const thrown = (diff: string): unknown => {
  try {
    return stepsOfDiff(diff, of)
  } catch (error) {
    return error
  }
}

test('a section becomes a step each, as if it had been made for that file', () => {
  expect(stepsOfDiff(kernelPatch + libPatch, of)).toEqual([
    { do: 'apply_patch', file: 'kernel.ts', preimageSha256: sha256(one), patch: kernelPatch },
    { do: 'apply_patch', file: 'lib/two.ts', preimageSha256: sha256(two), patch: libPatch },
  ])
})

test('names may be those of git, of diff -u, and of a folder above the kernel', () => {
  const named = (name: string) => kernelPatch.replaceAll('kernel.ts', name)
  expect(files(`diff --git a/kernel.ts b/kernel.ts\nindex 1234567..89abcde 100644\n${kernelPatch}`)).toEqual([
    'kernel.ts',
  ])
  expect(files(kernelPatch.replaceAll(/^(---|\+\+\+) [ab]\//gm, '$1 '))).toEqual(['kernel.ts'])
  expect(files(kernelPatch.replace('--- a/kernel.ts', '--- kernel.ts\t2026-01-01 00:00:00').replace('b/', ''))).toEqual(
    ['kernel.ts'],
  )
  expect(files(named('kernels/notes/kernel.ts'))).toEqual(['kernel.ts'])
  expect(files(named('notes/lib/two.ts'))).toEqual(['lib/two.ts'])
  expect(files(named('shop/kernels/notes/lib/two.ts'))).toEqual(['lib/two.ts'])
})

test('a file that is not the kernel keeps its name, so that the proof refuses it under it', () => {
  const named = (name: string) => kernelPatch.replaceAll('kernel.ts', name)
  for (const name of ['kernels/other/kernel.ts', 'fleet.yaml', '../other/kernel.ts', 'check.ts']) {
    expect(files(named(name))).toEqual([name])
  }
})

test('a file that is made, removed or renamed is no step of a remedy', () => {
  const made = `diff --git a/new.ts b/new.ts\nnew file mode 100644\n--- /dev/null\n+++ b/new.ts\n@@ -0,0 +1 @@\n+const x = 1\n`
  const removed = `diff --git a/kernel.ts b/kernel.ts\ndeleted file mode 100644\n--- a/kernel.ts\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-const a = 1\n-const b = 2\n`
  const renamed = `diff --git a/kernel.ts b/core.ts\nsimilarity index 100%\nrename from kernel.ts\nrename to core.ts\n`
  const made2 = '--- /dev/null\n+++ b/new.ts\n@@ -0,0 +1 @@\n+const x = 1\n'
  const binary =
    'diff --git a/kernel.ts b/kernel.ts\nindex 1234567..89abcde 100644\nBinary files a/kernel.ts and b/kernel.ts differ\n'
  const runs = `diff --git a/kernel.ts b/kernel.ts\nold mode 100644\nnew mode 100755\n`
  for (const diff of [made, removed, renamed, made2, binary, runs]) {
    expect(thrown(diff), diff).toMatchObject({ code: 'PATCH_REFUSED' })
    expect(thrown(kernelPatch + diff), diff).toMatchObject({ code: 'PATCH_REFUSED' })
  }
})

test('what is no diff is refused as a wrong input', () => {
  for (const diff of [
    '',
    'hello',
    '--- a/kernel.ts\n+++ b/kernel.ts\n',
    '@@ -1 +1 @@\n-a\n',
    kernelPatch.slice(0, -30),
  ]) {
    expect(thrown(diff), diff).toMatchObject({ code: expect.stringMatching(/OPTION_INVALID|PATCH_REFUSED/) })
  }
})

test('a diff of the greatest size is read, and one byte more is not', () => {
  const filler = '#'.repeat(limits.patchBytes - Buffer.byteLength(kernelPatch) - 1)
  expect(files(`${filler}\n${kernelPatch}`)).toEqual(['kernel.ts'])
  expect(thrown(`#${filler}\n${kernelPatch}`)).toMatchObject({ code: 'OPTION_INVALID' })
})

test('a patch in a mail, as git format-patch writes it, is read without the mail around it', () => {
  const head =
    'From 1234567 Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\nSubject: [PATCH] x\n\n---\n kernel.ts | 2 +-\n\n'
  const mail = `${head}diff --git a/kernel.ts b/kernel.ts\nindex 1234567..89abcde 100644\n${kernelPatch}-- \n2.43.0\n\n`
  expect(stepsOfDiff(mail, of)).toMatchObject([{ file: 'kernel.ts', patch: kernelPatch }])
})

test('whatever lines a change has, its diff leads to the same text', () => {
  const odd = [
    '--- a/x',
    '+++ b/x',
    '@@ -1 +1 @@',
    'diff --git a/x b/x',
    '-- ',
    '',
    'Index: x',
    '\\ No newline',
    'a',
    'b',
  ]
  const text = fc.array(fc.constantFrom(...odd), { maxLength: 12 }).map((lines) => lines.join('\n'))
  fc.assert(
    fc.property(text, text, text, text, (before, after, otherBefore, otherAfter) => {
      fc.pre(before !== after && otherBefore !== otherAfter)
      const diff = makePatch('kernel.ts', before, after) + makePatch('lib/two.ts', otherBefore, otherAfter)
      const [first, second, ...none] = stepsOfDiff(diff, of)
      expect(none).toEqual([])
      expect(applyPatchText(before, first?.patch ?? '', sha256(before))).toBe(after)
      expect(applyPatchText(otherBefore, second?.patch ?? '', sha256(otherBefore))).toBe(otherAfter)
    }),
  )
})
