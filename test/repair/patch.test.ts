import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/base/hash.ts'
import { limits } from '../../src/base/limits.ts'
import { applyPatchText, checkPatch, makePatch, type PatchStep } from '../../src/repair/patch.ts'

const before = `import { defineKernel } from 'lazaret/kernel'

const notes = new Map()

function recall(query) {
  return [...notes].filter(([, text]) => text.includes(query))
}

export default defineKernel({ start: () => ({ api: { recall } }) })
`
const after = before.replace('text.includes(query)', "text?.includes(query ?? '')")
const patch = makePatch('kernel.ts', before, after)

test('a patch turns the text it was made from into the other one', () => {
  expect(patch.split('\n').slice(0, 3)).toEqual(['--- a/kernel.ts', '+++ b/kernel.ts', '@@ -3,7 +3,7 @@'])
  expect(applyPatchText(before, patch)).toBe(after)
  expect(makePatch('kernel.ts', before, before)).toBe('')
})

test('it still applies where unrelated lines above it have changed, come or gone', () => {
  const moved = [
    ['new Map()', 'new Map([])'],
    ["'lazaret/kernel'\n", "'lazaret/kernel'\n// one\n// two\n// three\n"],
    ["import { defineKernel } from 'lazaret/kernel'\n\n", ''],
  ] as const
  for (const [from, to] of moved) {
    expect(applyPatchText(before.replace(from, to), patch)).toBe(after.replace(from, to))
  }
})

test('it does not apply where it is in already, or where its own lines have changed', () => {
  expect(applyPatchText(after, patch)).toBeUndefined()
  expect(applyPatchText(`// moved\n${after}`, patch)).toBeUndefined()
  expect(applyPatchText(after.replace('new Map()', 'new Map([])'), patch)).toBeUndefined()
  expect(applyPatchText(before.replace('text.includes(query)', 'false'), patch)).toBeUndefined()
  expect(applyPatchText('', patch)).toBeUndefined()
})

test('two changed context lines are borne, three are not', () => {
  const change = (text: string, count: number) =>
    ['new Map()', 'function recall(query) {', '}\n\nexport'].slice(0, count).reduce((all, line) => {
      return all.replace(line, line.includes('export') ? '};\n\nexport' : `${line} // edited`)
    }, text)
  const far = makePatch('kernel.ts', before, before.replace('text.includes(query)', 'true'))
  expect(applyPatchText(change(before, 1), far)).toContain('true')
  expect(applyPatchText(change(before, 3), far)).toBeUndefined()
})

test('what is no patch does not apply', () => {
  for (const text of ['', 'garbage', '@@ -1 +1 @@\n', '@@ -1,9 +1,9 @@\n-a\n+b\n', `${patch}${patch}`]) {
    expect(applyPatchText(before, text)).toBeUndefined()
  }
})

test('a line that stands many times is changed where the patch was made, when the text is that very one', () => {
  const twice = 'a\na\na\na\nb\n'
  const once = 'a\na\na\nb\n'
  const remove = makePatch('f.ts', twice, once)
  expect(applyPatchText(twice, remove, sha256(twice))).toBe(once)
})

const someLines = fc.array(fc.constantFrom('a', 'b', '}', '', 'a\r', '-- x', '++ y', '@@ z', '\\ w', ' v'), {
  maxLength: 24,
})
const someText = fc.tuple(someLines, fc.boolean()).map(([lines, ends]) => lines.join('\n') + (ends ? '\n' : ''))

test('every pair of texts makes a patch that applies to the first, by its hash, and not to the second', () => {
  fc.assert(
    fc.property(someText, someText, (one, other) => {
      fc.pre(one !== other)
      const made = makePatch('f.ts', one, other)
      expect(applyPatchText(one, made, sha256(one))).toBe(other)
      expect(applyPatchText(other, made, sha256(one))).toBeUndefined()
    }),
    { numRuns: 2000 },
  )
})

test('texts that differ in more lines than are compared one by one make a patch all the same', () => {
  const many = (mark: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${mark}${index}\n`).join('')
  for (const [head, tail] of [
    ['', ''],
    ['same\n', 'end\n'],
    [many('head', 9), many('tail', 9)],
  ] as const) {
    const one = head + many('a', limits.diffLines) + tail
    const other = head + many('b', limits.diffLines + 1) + tail
    expect(applyPatchText(one, makePatch('f.ts', one, other))).toBe(other)
    expect(applyPatchText('', makePatch('f.ts', '', other), sha256(''))).toBe(other)
    expect(applyPatchText(one, makePatch('f.ts', one, ''), sha256(one))).toBe('')
  }
})

const folder = '/app/kernels/memory'
const step = (file: string, text = makePatch(file, 'a\n', 'b\n')): PatchStep => {
  return { do: 'apply_patch', file, preimageSha256: sha256('a\n'), patch: text }
}

test.each(['kernel.ts', 'lib/deep/index.js', 'a.mts', 'b.cjs', 'words.json', 'checks.ts', 'lib/a b.ts', 'kernél.ts'])(
  'a patch of %s is accepted',
  (file) => {
    checkPatch(step(file), folder)
  },
)

test.each([
  ['../other/kernel.ts'],
  ['lib/../../x.ts'],
  ['/app/kernels/memory/kernel.ts'],
  ['/etc/passwd'],
  ['C:\\x.ts'],
  ['lib\\x.ts'],
  ['./kernel.ts'],
  ['lib//x.ts'],
  [''],
  ['kernel.ts\0'],
  ['kernel.ts\n'],
  ['node_modules/left-pad/index.js'],
  ['lib/Node_Modules/x.js'],
  ['.git/hooks/pre-commit.js'],
  ['.GIT/config.js'],
  ['.github/workflows/ci.js'],
  ['.npmrc'],
  ['lib/.npmrc'],
  ['package.json'],
  ['lib/Package.json'],
  ['package-lock.json'],
  ['npm-shrinkwrap.json'],
  ['yarn.lock'],
  ['pnpm-lock.yaml'],
  ['tsconfig.json'],
  ['check.ts'],
  ['check.js'],
  ['CHECK.TS'],
  ['lib/check.mjs'],
  ['fleet.yaml'],
  ['kernel.test.ts'],
  ['kernel.spec.js'],
  ['test/kernel.ts'],
  ['__tests__/a.ts'],
  ['run.sh'],
  ['addon.node'],
  ['Makefile'],
])('a patch of %j is refused', (file) => {
  expect(() => checkPatch(step(file), folder)).toThrow(
    expect.objectContaining({ code: 'PATCH_REFUSED', details: expect.objectContaining({ file }) }),
  )
})

const hunk = '@@ -1 +1 @@\n-a\n+b\n'
const header = '--- a/kernel.ts\n+++ b/kernel.ts\n'
test.each([
  ['of nothing', ''],
  ['without a hunk', header],
  ['without a header', hunk],
  ['that changes nothing', `${header}@@ -1 +1 @@\n a\n`],
  ['of another file', `--- a/other.ts\n+++ b/other.ts\n${hunk}`],
  ['from one file to another', `--- a/kernel.ts\n+++ b/other.ts\n${hunk}`],
  ['that leaves the folder in its header', `--- a/../kernel.ts\n+++ b/../kernel.ts\n${hunk}`],
  ['that creates', `--- /dev/null\n+++ b/kernel.ts\n@@ -0,0 +1 @@\n+b\n`],
  ['that creates, as git says it', `diff --git a/kernel.ts b/kernel.ts\nnew file mode 100644\n${header}${hunk}`],
  ['that deletes', `--- a/kernel.ts\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n`],
  ['that deletes, as git says it', `diff --git a/kernel.ts b/kernel.ts\ndeleted file mode 100644\n${header}${hunk}`],
  ['that renames', `diff --git a/kernel.ts b/kernel.ts\nrename from kernel.ts\nrename to x.ts\n${header}${hunk}`],
  ['that copies', `diff --git a/kernel.ts b/kernel.ts\ncopy from kernel.ts\ncopy to x.ts\n${header}${hunk}`],
  ['that changes the mode', `diff --git a/kernel.ts b/kernel.ts\nold mode 100644\nnew mode 100755\n${header}${hunk}`],
  ['of a symbolic link', `diff --git a/kernel.ts b/kernel.ts\nindex 1234567..89abcde 120000\n${header}${hunk}`],
  ['of a submodule', `diff --git a/kernel.ts b/kernel.ts\nindex 1234567..89abcde 160000\n${header}${hunk}`],
  ['of an executable', `diff --git a/kernel.ts b/kernel.ts\nindex 1234567..89abcde 100755\n${header}${hunk}`],
  ['of two files', `${header}${hunk}--- a/other.ts\n+++ b/other.ts\n${hunk}`],
  ['of two files, as git says it', `${header}${hunk}diff --git a/o.ts b/o.ts\n--- a/o.ts\n+++ b/o.ts\n${hunk}`],
  ['of the same file twice', `${header}${hunk}${header}${hunk}`],
  ['with more after it', `${header}${hunk}rename to x.ts\n`],
  ['with binary data after it', `${header}${hunk}GIT binary patch\nliteral 0\n`],
  ['with text before it', `Here is the patch:\n${header}${hunk}`],
  ['whose hunk is cut short', `${header}@@ -1,3 +1,3 @@\n-a\n+b\n`],
  ['whose hunk is longer than it says', `${header}${hunk}-c\n`],
])('a patch %s is refused', (_, text) => {
  expect(() => checkPatch(step('kernel.ts', text), folder)).toThrow(
    expect.objectContaining({ code: 'PATCH_REFUSED', hint: expect.stringMatching(/^Accepted: /) }),
  )
})

test('a patch as git writes it is accepted', () => {
  checkPatch(
    step('kernel.ts', `diff --git a/kernel.ts b/kernel.ts\nindex 1234567..89abcde 100644\n${header}${hunk}`),
    folder,
  )
})

test('lines that look like headers are accepted inside a hunk', () => {
  checkPatch(step('kernel.ts', makePatch('kernel.ts', '-- a/x\n++ b/x\n', '-- a/y\n++ b/y\nrename to z\n')), folder)
})

test('a patch of the largest size is accepted and one byte more is refused', () => {
  const sized = (bytes: number) => {
    const empty = makePatch('kernel.ts', 'a\n', '\n')
    return step('kernel.ts', makePatch('kernel.ts', 'a\n', `${'x'.repeat(bytes - empty.length)}\n`))
  }
  expect(Buffer.byteLength(sized(limits.patchBytes).patch)).toBe(limits.patchBytes)
  checkPatch(sized(limits.patchBytes), folder)
  expect(() => checkPatch(sized(limits.patchBytes + 1), folder)).toThrow(`has ${limits.patchBytes + 1} bytes`)
})
