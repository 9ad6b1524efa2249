/** What the language service proposes for kernels that are really broken. */
import { expect, test, vi } from 'vitest'
import type { Remedy } from '../../src/base/remedy.ts'
import type { AgentInput } from '../../src/repair/agents/agent.ts'
import { languageService } from '../../src/repair/agents/language-service.ts'
import { benchWithPool, message } from '../sandbox/bench.ts'
import { isWhole } from '../support/whole.ts'
import { type Broken, fallIll, proposed, textsAfter } from './broken.ts'

/** What it finds is the subject; its process has a test of its own. */
vi.mock(import('../../src/repair/language-service/child.ts'), async (original) =>
  (await import('../support/language-service.ts')).inThisProcess(original),
)

const { bench, pool } = benchWithPool()

const define = "import { defineKernel } from 'lazaret/kernel'\n"
const kernel = (api: string, before = '', start = '') =>
  `${define}${before}export default defineKernel({\n  start(ctx) {\n${start}    return {\n      api: {\n${api}\n      },\n    }\n  },\n})\n`
const memoryTs = `export class Memory {
  readonly #notes = new Map<string, string>()
  put(id: string, text: string): number {
    this.#notes.set(id, text)
    return this.#notes.size
  }
  has(id: string): boolean {
    return this.#notes.has(id)
  }
}
`
const memoryJs = memoryTs
  .replace('readonly #', '#')
  .replace('<string, string>', '')
  .replaceAll(/: (?:string|number|boolean)/g, '')
const double = 'export const double = (by) => 2 * by\n'
const doubleTs = 'export const double = (by: number): number => 2 * by\n'
const double2 = '        twice: (by: number) => double(by),'

interface Case extends Broken {
  readonly name: string
  /** Stands in the first candidate. */
  readonly first: string | readonly string[]
}

const memoryUse = (call: string) =>
  kernel(
    `        put: (id: string) => ${call},`,
    "import { Memory } from './memory.ts'\n",
    '    const memory = new Memory()\n',
  )
const put = [message('put', 'a', 'alpha')]

const mended: readonly Case[] = [
  {
    name: 'missing import of a sibling, ts',
    files: { 'kernel.ts': kernel(double2), 'double.ts': doubleTs },
    ...{ unloaded: ['double.ts'], messages: [message('twice', 2)], first: "import { double } from './double.ts'" },
  },
  {
    name: 'missing import of a sibling, js',
    files: { 'kernel.js': kernel(double2.replace(': number', '')), 'double.js': double },
    ...{ unloaded: ['double.js'], messages: [message('twice', 2)], first: "import { double } from './double.js'" },
  },
  {
    name: 'missing import of a built-in module',
    files: { 'kernel.ts': kernel('        name: (path: string) => basename(path),') },
    ...{ messages: [message('name', '/a/b')], first: "import { basename } from 'node:path'" },
  },
  {
    name: 'misspelt property, ts',
    files: { 'kernel.ts': memoryUse("memory.puts(id, 'x')"), 'memory.ts': memoryTs },
    ...{ messages: put, first: "memory.put(id, 'x')" },
  },
  {
    name: 'misspelt property, js',
    files: {
      'kernel.js': memoryUse("memory.puts(id, 'x')").replace(': string', '').replace('.ts', '.js'),
      'memory.js': memoryJs,
    },
    ...{ messages: put, first: "memory.put(id, 'x')" },
  },
  {
    name: 'misspelt property of a value without a type',
    files: { 'kernel.ts': kernel('        find: (notes: any) => notes.filtre((note: any) => note !== 1).length,') },
    ...{ messages: [message('find', [1, 2])], first: 'notes.filter(' },
  },
  {
    name: 'misspelt identifier',
    files: { 'kernel.ts': kernel('        add: (by: number) => (totl += by),', '', '    let total = 0\n') },
    ...{ messages: [message('add', 1)], first: '(total += by)' },
  },
  {
    name: 'misspelt identifier in a file that is not checked',
    files: {
      'kernel.ts': `// @ts-nocheck\n${kernel('        add: (by) => (totl += by),', '', '    let total = 0\n')}`,
    },
    ...{ messages: [message('add', 1)], first: '(total += by)' },
  },
  {
    name: 'misspelt name in an import',
    files: {
      'kernel.ts': kernel(double2.replace('double', 'dubble'), "import { dubble } from './double.ts'\n"),
      'double.ts': doubleTs,
    },
    first: ["import { double } from './double.ts'", 'twice: (by: number) => double(by)'],
  },
  {
    name: 'misspelt name in an import, js',
    files: {
      'kernel.js': kernel(double2.replace(': number', ''), "import { duoble } from './double.js'\n"),
      'double.js': double,
    },
    first: "import { double } from './double.js'",
  },
  {
    name: 'a type that is imported as a value',
    files: {
      'kernel.ts': kernel('        put: (note: Note) => note.id,', "import { Note } from './note.ts'\n"),
      'note.ts': 'export interface Note {\n  id: string\n}\n',
    },
    first: /import (?:type \{ Note \}|\{ type Note \})/.source,
  },
  {
    name: 'missing await',
    files: {
      'kernel.ts': kernel(
        '        async upper(id: string) {\n          const text = read(id)\n          return text.toUpperCase()\n        },',
        'const read = async (id: string): Promise<string> => id\n',
      ),
    },
    ...{ messages: [message('upper', 'a')], first: 'await read(id)' },
  },
  {
    name: 'missing await in a function that is not async, js',
    files: {
      'kernel.js': kernel(
        '        upper(id) {\n          return read(id).toUpperCase()\n        },',
        'const read = async () => "text"\n',
      ),
    },
    ...{ messages: [message('upper', 'a')], first: ['async upper(id)', '(await read(id)).toUpperCase()'] },
  },
  {
    name: 'wrong path: spelling',
    files: { 'kernel.ts': kernel(double2, "import { double } from './duoble.ts'\n"), 'double.ts': doubleTs },
    ...{ unloaded: ['double.ts'], first: "from './double.ts'" },
  },
  {
    name: 'wrong path: extension',
    files: { 'kernel.ts': kernel(double2, "import { double } from './double.js'\n"), 'double.ts': doubleTs },
    ...{ unloaded: ['double.ts'], first: "from './double.ts'" },
  },
  {
    name: 'wrong path: no extension, js',
    files: {
      'kernel.js': kernel(double2.replace(': number', ''), "import { double } from './double'\n"),
      'double.js': double,
    },
    ...{ unloaded: ['double.js'], first: "from './double.js'" },
  },
  {
    name: 'wrong path: directory',
    files: { 'kernel.ts': kernel(double2, "import { double } from './lib/double.ts'\n"), 'util/double.ts': doubleTs },
    ...{ unloaded: ['util/double.ts'], first: "from './util/double.ts'" },
  },
  {
    name: 'wrong path: a directory itself',
    files: { 'kernel.ts': kernel(double2, "import { double } from './util'\n"), 'util/index.ts': doubleTs },
    ...{ unloaded: ['util/index.ts'], first: "from './util/index.ts'" },
  },
  {
    name: 'wrong name of a built-in module',
    files: {
      'kernel.ts': kernel('        name: (path: string) => basename(path),', "import { basename } from 'node:paht'\n"),
    },
    first: "from 'node:path'",
  },
  {
    name: 'wrong paths: two of them, of which Node reports one',
    files: {
      'kernel.ts': kernel(
        '        sum: (by: number) => double(by) + triple(by),',
        "import { double } from './double'\nimport { triple } from './triple'\n",
      ),
      ...{ 'double.ts': doubleTs, 'triple.ts': doubleTs.replace('double', 'triple') },
    },
    ...{ unloaded: ['double.ts', 'triple.ts'], first: ["from './double.ts'", "from './triple.ts'"] },
  },
  {
    name: 'an import of JSON that does not say so',
    files: {
      'kernel.ts': kernel('        rates: () => rates.length,', "import rates from './rates.json'\n"),
      'rates.json': '[1]',
    },
    ...{ unloaded: ['rates.json'], first: "import rates from './rates.json' with { type: 'json' }" },
  },
  {
    name: 'a constant that is assigned to',
    files: { 'kernel.ts': kernel('        add: (by: number) => (total += by),', '', '    const total = 0\n') },
    ...{ messages: [message('add', 1)], first: 'let total = 0' },
  },
  {
    name: 'a constant that is assigned to, js',
    files: { 'kernel.js': kernel('        add: (by) => (total += by),', '', '    const total = 0\n') },
    ...{ messages: [message('add', 1)], first: 'let total = 0' },
  },
  {
    name: 'a value that is not returned',
    files: {
      'kernel.ts': kernel(
        '        first: (names: string[]) => upper(names).join(),',
        'function upper(names: string[]): string[] {\n  const own = [...names]\n  own.map((name) => name.toUpperCase())\n}\n',
      ),
    },
    ...{ messages: [message('first', ['a'])], first: '  return own.map(' },
  },
]

const tried = mended.filter((_, n) => isWhole || n % 2 === 0)

test.each(tried)('$name', async ({ name, first, ...broken }) => {
  const { input } = await fallIll(bench, pool, name.replaceAll(/\W+/g, '-'), broken)
  const remedies = await proposed(languageService, input)
  const [best] = remedies
  if (best === undefined) throw new Error('nothing was proposed')
  expect(best).toMatchObject({ agent: 'language-service', healedBy: 'code' })
  const texts = Object.values(textsAfter(best, input)).join('\n')
  for (const part of typeof first === 'string' ? [first] : first)
    expect(`${best.why}\n${texts}`).toSatisfy(
      (text: string) => text.includes(part) || new RegExp(part).test(text),
      part,
    )
  expect(remedies.length).toBeLessThanOrEqual(12)
})

const everyText = (remedies: readonly Remedy[], input: AgentInput) =>
  remedies.map((remedy) => Object.values(textsAfter(remedy, input)).join('\n'))

test('two misspellings, one behind the other: the second is seen when the first is gone', async () => {
  const { input } = await fallIll(bench, pool, 'two', {
    files: {
      'kernel.ts': kernel(
        "        put: (id: string) => new Memry().puts(id, 'x'),",
        "import { Memry } from './memory.ts'\n",
      ),
      'memory.ts': memoryTs,
    },
  })
  const texts = everyText(await proposed(languageService, input), input)
  expect(texts.some((text) => text.includes("new Memory().put(id, 'x')"))).toBe(true)
})

test('two misspellings beside one another: the one that crashed alone, then both', async () => {
  const { input } = await fallIll(bench, pool, 'beside', {
    files: {
      'kernel.ts': kernel(
        "        put: (id: string) => memory.puts(id, 'x'),\n        has: (id: string) => memory.hass(id),",
        "import { Memory } from './memory.ts'\n",
        '    const memory = new Memory()\n',
      ),
      'memory.ts': memoryTs,
    },
    messages: put,
  })
  const texts = everyText(await proposed(languageService, input), input)
  expect(texts[0]).toContain('memory.put(id')
  expect(texts[0]).toContain('memory.hass(id)')
  expect(texts.some((text) => text.includes('memory.put(id') && text.includes('memory.has(id)'))).toBe(true)
})

test('a kernel that was never free of type errors is mended all the same, and they are left as they are', async () => {
  const dirty = '        dirty: (by: number) => { const text: string = by; return text },\n'
  const { input } = await fallIll(bench, pool, 'dirty', {
    files: { 'kernel.ts': kernel(`${dirty}        add: (by: number) => (totl += by),`, '', '    let total = 0\n') },
    messages: [message('add', 1)],
  })
  const [text] = everyText(await proposed(languageService, input), input)
  expect(text).toContain('(total += by)')
  expect(text).toContain(dirty)
})

test("the user's own tsconfig counts for types, and Node for how files are found", async () => {
  const { input } = await fallIll(bench, pool, 'configured', {
    files: {
      'kernel.ts': kernel(double2, "import { double } from './double'\n"),
      'double.ts': doubleTs,
      'tsconfig.json':
        '{ "compilerOptions": { "module": "esnext", "moduleResolution": "bundler", "noUnusedLocals": true } }',
    },
    unloaded: ['double.ts', 'tsconfig.json'],
  })
  const [text] = everyText(await proposed(languageService, input), input)
  expect(text).toContain("from './double.ts'")
})

/** What TypeScript offers, or a person in a hurry would do: none of it mends anything. */
const refused: readonly (Broken & { readonly name: string })[] = [
  {
    name: 'a method that nobody wrote',
    files: { 'kernel.ts': memoryUse('memory.summarise(id)'), 'memory.ts': memoryTs },
    messages: put,
  },
  {
    name: 'a function that nobody wrote',
    files: { 'kernel.ts': kernel('        go: () => launchTheRocket(1),') },
    messages: [message('go')],
  },
  {
    name: 'too many arguments',
    files: {
      'kernel.ts': kernel(
        "        put: (id: string) => one(id, 'x'),",
        "const one = (id: string) => { if (id) throw new TypeError('one argument is taken'); return id }\n",
      ),
    },
    messages: put,
  },
  {
    name: 'a value of the wrong type',
    files: { 'kernel.ts': kernel('        up: (by: number) => { const text: string = by; return text.trim() },') },
    messages: [message('up', 1)],
  },
  {
    name: 'a property that an object lacks',
    files: {
      'kernel.ts': kernel(
        '        wait: () => { const o: Options = {}; return o.delayMs.toFixed() },',
        'interface Options { delayMs: number }\n',
      ),
    },
    messages: [message('wait')],
  },
  {
    // The code is right: the message has no items. A name of the house is near, and means something else.
    name: 'a message that lacks a member',
    files: {
      'kernel.ts': kernel(
        '        total: (order: any) => order.items.length,\n        item: (order: any, n: number) => order.items[n],',
      ),
    },
    messages: [message('total', { item: [0] })],
  },
  {
    name: 'a call whose likeness only looks',
    files: {
      'kernel.ts': kernel('        remember: (id: string) => { seen.att(id); return 1 },', 'const seen: any = []\n'),
    },
    messages: [message('remember', 'a')],
  },
  {
    // The last expression is of another kind: what was to be returned is not there at all.
    name: 'a value that nobody computed',
    files: {
      'kernel.ts': kernel(
        '        first: (names: string[]) => upper(names).join(),',
        'function upper(names: string[]): string[] {\n  names.indexOf("a")\n}\n',
      ),
    },
    messages: [message('first', ['a'])],
  },
  {
    name: 'a package that nobody installed',
    files: { 'kernel.ts': `import x from 'a-package-that-nobody-installed'\n${kernel('        x: () => x,')}` },
  },
]

test.each(refused)('nothing is proposed for $name', async ({ name, ...broken }) => {
  const { input } = await fallIll(bench, pool, `no-${name.replaceAll(' ', '-')}`, broken)
  await expect(proposed(languageService, input)).rejects.toThrow(/TypeScript 6.* and no correction .* was found\.$/)
})
