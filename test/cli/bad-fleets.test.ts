import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cli, cliMany, folderWith, kernels } from './cli.ts'

const one = (...more: string[]) =>
  ['kernels:', '  - id: a', '    entry: ./notes.js', ...more.map((line) => `    ${line}`)].join('\n')
const bomb = [
  'a: &a [x, x]',
  ...[...'bcdefgh'].map((id, i) => `${id}: &${id} [*${'abcdefg'[i]}, *${'abcdefg'[i]}]`),
].join('\n')
const keys = (count: number) => Array.from({ length: count }, (_, i) => `k${i}: 1`).join('\n')

/** Name, file, line, key, one of the accepted values, what was got. */
const cases: [string, string, number, string, string, string][] = [
  ['an unknown key', one('teir: 1'), 4, 'kernels[0].teir', 'tier', '"teir"'],
  ['a duplicate id', `${one()}\n  - { id: a, entry: ./notes.js }`, 4, 'kernels[1].id', 'no other kernel', '"a"'],
  [
    'a cycle',
    `${one('dependsOn: [b]')}\n  - { id: b, entry: ./notes.js, dependsOn: [a] }`,
    4,
    'dependsOn',
    'nowhere back',
    'a cycle',
  ],
  ['a missing entry', 'kernels:\n  - id: a\n    entry: ./nots.js', 3, 'kernels[0].entry', 'exists', '"./nots.js"'],
  [
    'an id that leaves its folder',
    'kernels:\n  - { id: ../x, entry: ./notes.js }',
    2,
    'kernels[0].id',
    'lower-case',
    '"../x"',
  ],
  [
    'the id constructor',
    'kernels:\n  - { id: constructor, entry: ./notes.js }',
    2,
    'kernels[0].id',
    'reserved',
    '"constructor"',
  ],
  ['tier 9', one('tier: 9'), 4, 'kernels[0].tier', '1 to 5', '9'],
  ['heapMb 2', one('limits: { heapMb: 2 }'), 4, 'kernels[0].limits.heapMb', '16', '2'],
  ['invalid YAML', 'kernels:\n  - id: a\n   entry: x', 3, 'the file', 'valid YAML', 'entry: x'],
  ['an alias bomb', `${bomb}\n`, 2, 'b[0]', 'not an alias', '"*a"'],
  ['20,000 keys', keys(20_000), 1, 'the file', 'bytes', ''],
  ['too many keys in a small file', keys(5001), 5001, 'the file', 'keys or fewer', 'more than 5000'],
  ['an empty file', '', 1, 'the file', 'something in it', 'an empty file'],
]

test('a bad fleet is refused in one paragraph with exit code 2, and nothing is started or made', async () => {
  const folder = await folderWith(kernels)
  for (const [index, [, text]] of cases.entries()) writeFileSync(join(folder, `fleet-${index}.yaml`), text)
  const before = readdirSync(folder)
  const results = await cliMany(
    folder,
    cases.map((_, index) => ['run', `fleet-${index}.yaml`]),
  )
  expect(await cli(folder, 'run', 'fleet-0.yaml'), 'as a process of its own').toEqual(results[0])
  for (const [index, [name, , line, key, accepted, got]] of cases.entries()) {
    const { code, stdout, stderr } = results[index] ?? { code: null, stdout: '', stderr: '' }
    expect
      .soft({ name, code, stdout, paragraphs: stderr.trim().split('\n').length })
      .toEqual({ name, code: 2, stdout: '', paragraphs: 1 })
    const place = name === '20,000 keys' ? `fleet-${index}.yaml` : `fleet-${index}.yaml:${line}: `
    for (const part of [place, key, accepted, 'Got: ', got]) expect.soft(stderr, name).toContain(part)
  }
  expect(readdirSync(folder)).toEqual(before)
})

test('with --json a bad fleet is an object with file, line, key, accepted and got', async () => {
  const folder = await folderWith({ ...kernels, 'fleet.yaml': one('tier: 9') })
  const { code, stderr } = await cli(folder, 'run', 'fleet.yaml', '--json')
  expect(code).toBe(2)
  expect(JSON.parse(stderr)).toMatchObject({
    error: {
      code: 'FLEET_INVALID',
      details: { file: join(folder, 'fleet.yaml'), line: 4, key: 'kernels[0].tier', got: '9' },
    },
  })
})

test('a fleet that does not exist is refused in the same way', async () => {
  const folder = await folderWith({})
  const { code, stderr } = await cli(folder, 'run')
  expect(code).toBe(2)
  expect(stderr).toContain('kernels/fleet.yaml')
  expect(readdirSync(folder)).toEqual([])
})
