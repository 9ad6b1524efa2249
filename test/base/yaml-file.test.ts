import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { LazaretError } from '../../src/base/errors.ts'
import { showValue } from '../../src/base/input-problem.ts'
import { limits } from '../../src/base/limits.ts'
import { readYamlFile, type YamlFileOptions } from '../../src/base/yaml-file.ts'

const dir = mkdtempSync(join(tmpdir(), 'lazaret-yaml-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function read(text: string | Uint8Array, options: Partial<YamlFileOptions> = {}) {
  const file = join(dir, 'a.yaml')
  writeFileSync(file, text)
  return readYamlFile(file, { code: 'PLAYBOOK_INVALID', ...options })
}

test('the value is plain data', () => {
  const { value } = read(
    'text: a\nnumber: 1.5\nhex: 0x10\nyes: yes\nno: false\nnull: ~\nempty:\nlist: [1, [2]]\n1: one',
  )
  expect(value).toEqual({
    ...{ text: 'a', number: 1.5, hex: 16, yes: 'yes', no: false },
    ...{ null: null, empty: null, list: [1, [2]], '1': 'one' },
  })
})

test('a path has the position of its key or item, and of what is above it where it does not exist', () => {
  const yaml = read('# first\nsteps:\n  - do: a\n    with: { x: 1 }\n  -\n    do: b\nlast:\n  3\n')
  expect(yaml.positionOf([])).toEqual({ line: 2, column: 1 })
  expect(yaml.positionOf(['steps'])).toEqual({ line: 2, column: 1 })
  expect(yaml.positionOf(['steps', 0])).toEqual({ line: 3, column: 5 })
  expect(yaml.positionOf(['steps', 0, 'with', 'x'])).toEqual({ line: 4, column: 13 })
  expect(yaml.positionOf(['steps', 1, 'do'])).toEqual({ line: 6, column: 5 })
  expect(yaml.positionOf(['steps', 1, 'nothing', 'deeper'])).toEqual({ line: 6, column: 5 })
  expect(yaml.positionOf(['steps', 7])).toEqual({ line: 2, column: 1 })
  expect(yaml.positionOf(['last'])).toEqual({ line: 7, column: 1 })
})

test('its error has the code that was asked for, the place, and the list of what else is wrong', () => {
  const yaml = read('a: 1\nb: 2\n')
  const problem = (key: string) => ({ path: [key], accepted: 'text', got: showValue(1), advice: 'Put it in quotes.' })
  const error = yaml.error(problem('b'), [problem('a')])
  expect(error).toBeInstanceOf(LazaretError)
  expect(error.code).toBe('PLAYBOOK_INVALID')
  expect(error.message).toBe(`${yaml.file}:2: b: must be text. Got: 1. Put it in quotes. (And 1 more problem.)`)
  expect(error.details).toEqual({
    ...{ file: yaml.file, line: 2, column: 1, key: 'b', accepted: 'text', got: '1', more: 1 },
    others: [`${yaml.file}:1: a: must be text. Got: 1. Put it in quotes.`],
  })
})

test('bytes: as many as allowed, and one more', () => {
  const text = (bytes: number) => `a: ${'x'.repeat(bytes - 3)}`
  expect(() => read(text(limits.yamlBytes))).not.toThrow()
  expect(() => read(text(limits.yamlBytes + 1))).toThrow(`Got: ${limits.yamlBytes + 1} bytes`)
  expect(() => read(text(20), { maxBytes: 20 })).not.toThrow()
  expect(() => read(text(21), { maxBytes: 20 })).toThrow('must be of 20 bytes or fewer')
})

test('keys: as many as allowed, and one more, counted through all levels', () => {
  const text = (keys: number) => `a: { ${Array.from({ length: keys - 1 }, (_, index) => `k${index}: 1`).join(', ')} }`
  expect(() => read(text(limits.yamlKeys))).not.toThrow()
  expect(() => read(text(limits.yamlKeys + 1))).toThrow(`more than ${limits.yamlKeys}`)
  expect(() => read(text(3), { maxKeys: 3 })).not.toThrow()
  expect(() => read(text(4), { maxKeys: 3 })).toThrow('more than 3')
})

test('depth: as deep as allowed, one level more, and deeper than the parser can go', () => {
  const text = (depth: number) => '['.repeat(depth - 1) + 1 + ']'.repeat(depth - 1)
  expect(() => read(text(limits.yamlDepth))).not.toThrow()
  for (const depth of [limits.yamlDepth + 1, 30_000]) expect(() => read(text(depth))).toThrow('levels deep')
})

test('a key that stands twice is found wherever it is, also under another spelling', () => {
  expect(() => read('a: { b: 1, "b": 2 }')).toThrow('a.b: must stand once')
  expect(() => read('a: 1\n? a\n: 2')).toThrow('a: must stand once')
  expect(() => read('a: { b: 1 }\nc: { b: 2 }')).not.toThrow()
})

test('__proto__ is refused as a key and changes no prototype; constructor is a key like any other', () => {
  expect(() => read('__proto__: { polluted: 1 }')).toThrow('__proto__')
  expect({}).not.toHaveProperty('polluted')
  expect(Object.keys(read('constructor: 1').value as object)).toEqual(['constructor'])
})

test('merge keys are no merge, whatever version the file claims', () => {
  expect(read('%YAML 1.1\n---\n<<: { a: 1 }').value).toEqual({ '<<': { a: 1 } })
})

test('a named pipe is refused at once, though nobody writes to it', () => {
  const pipe = join(dir, 'pipe.yaml')
  execFileSync('mkfifo', [pipe])
  expect(() => readYamlFile(pipe, { code: 'PLAYBOOK_INVALID' })).toThrow('neither a file nor a folder')
})
