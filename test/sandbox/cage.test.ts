import { mkdirSync, symlinkSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { cageNeed } from '../../sandbox/cage.ts'
import { hiddenFile } from '../../sandbox/hidden.ts'
import { packagesIn, readablePaths } from '../../sandbox/reach.ts'
import { bindReadOnly, withoutNested } from '../../src/repair/bubblewrap.ts'
import { SandboxPool } from '../../src/repair/sandbox-pool.ts'
import { Bench, message, processesNaming } from './bench.ts'

const bench = new Bench()
const pool = new SandboxPool()
const secret = bench.path('outside/secret.txt')
bench.write('outside/secret.txt', 'secret')
afterAll(async () => {
  await pool.close()
  expect(processesNaming(bench.root)).toEqual([])
  bench.remove()
})

const run = (entryUrl: string, more = {}) => pool.run(bench.job(entryUrl, more), new AbortController().signal)

test('an ordinary error that the cage caused is not mistaken for an answer', async () => {
  const entry = bench.kernel(`return { api: { look: () => fs.readFileSync('${secret}') } }`, "import fs from 'node:fs'")
  const result = await run(entry, { messages: [message('look')] })
  expect(result).toMatchObject({ outcome: 'passed', refused: 'CAGE_UNSUITABLE' })
})

test('its own data and out folders can be written, its own folder read', async () => {
  bench.write('own/words.txt', 'hello')
  const entry = bench.write(
    'own/kernel.ts',
    `import { defineKernel } from 'lazaret/kernel'
    import fs from 'node:fs'
    export default defineKernel({ start(ctx: any) {
      fs.writeFileSync(ctx.dataDir + '/a', fs.readFileSync(new URL('./words.txt', import.meta.url)))
      fs.writeFileSync('out/b', '1')
      return { api: {} } } })`,
  )
  expect(await run(entry)).toMatchObject({ outcome: 'passed' })
})

test('a dependency is found as outside, through links and with its own dependencies', async () => {
  // pnpm's layout: links into a store, where the packages lie beside each other.
  const store = 'app/node_modules/.store'
  bench.write(
    `${store}/one@1/node_modules/one/package.json`,
    '{"name":"one","type":"module","exports":"./i.js","dependencies":{"two":"*"}}',
  )
  bench.write(`${store}/one@1/node_modules/one/i.js`, 'import two from "two"; export default two')
  bench.write(`${store}/two@1/node_modules/two/package.json`, '{"name":"two","main":"./i.js"}')
  bench.write(`${store}/two@1/node_modules/two/i.js`, 'module.exports = require("./sub.js")')
  bench.write(`${store}/two@1/node_modules/two/sub.js`, 'module.exports = "two"')
  symlinkSync('../../two@1/node_modules/two', bench.path(`${store}/one@1/node_modules/two`))
  symlinkSync('.store/one@1/node_modules/one', bench.path('app/node_modules/one'))
  mkdirSync(bench.path('app/kernels'), { recursive: true })
  const kernel = (name: string) => `import { defineKernel } from 'lazaret/kernel'
    import value from '${name}'
    export default defineKernel({ start() { throw new Error(typeof value === 'function' ? 'a class' : value) } })`
  const linked = bench.write('app/kernels/deep/kernel.ts', kernel('one'))
  expect((await run(linked)).error?.message).toBe('two')
  symlinkSync(new URL('../../node_modules/croner', import.meta.url).pathname, bench.path('app/node_modules/croner'))
  const real = bench.write('app/kernels/cron/kernel.ts', kernel('croner'))
  expect((await run(real)).error).toMatchObject({ name: 'SyntaxError' })
  const named = bench.write(
    'app/kernels/cron2/kernel.ts',
    kernel('croner').replace('import value', 'import { Cron as value }'),
  )
  expect((await run(named)).error?.message).toBe('a class')
})

test('packages are found in source texts, built-ins, paths and URLs are not', () => {
  const text = `import a from 'alpha'; import '@scope/beta/deep.js'; export * from "gamma"
    const d = await import('delta/x'); const e = require('epsilon')
    import './own.ts'; import '../up.ts'; import 'node:fs'; import fs from 'fs'; import '#inner'; import 'data:text/x'; import '..'`
  expect([...packagesIn(text)]).toEqual(['alpha', '@scope/beta', 'gamma', 'delta', 'epsilon'])
})

test('files of the graph are found by their relative imports, those of the check too, and their packages', () => {
  bench.write('reach/node_modules/tester/package.json', '{}')
  bench.write('reach/shared/has.ts', "import './words.json'\nexport const has = 1")
  bench.write('reach/shared/words.json', '{}')
  bench.write('reach/shared/testing.ts', "export { q } from 'tester'")
  bench.write('reach/secret.ts', '')
  const entryUrl = bench.write('reach/k/kernel.ts', "const late = () => import('../shared/has.ts')")
  const checkUrl = bench.write('reach/k/check.ts', "import '../shared/testing.ts'\nimport '../nowhere.ts'\nimport '..'")
  const overlay = { [entryUrl]: { preimageSha256: '0'.repeat(64), text: "import '../secret.ts'" } }
  const paths = readablePaths(bench.job(entryUrl, { mode: 'check', checkUrl, overlay }))
  for (const name of ['shared/has.ts', 'shared/words.json', 'shared/testing.ts', 'node_modules/tester', 'k']) {
    expect(paths).toContain(bench.path(`reach/${name}`))
  }
  // A candidate's own text opens nothing.
  expect(paths).not.toContain(bench.path('reach/secret.ts'))
})

test('a package that is imported by the map of package.json is found, under each condition', () => {
  const imports = { '#a': 'mapped-a', '#b': { node: ['mapped-b/deep.js'], default: './own.js' }, '#c': '../up.js' }
  bench.write('map/package.json', JSON.stringify({ type: 'module', imports }))
  for (const name of ['mapped-a', 'mapped-b']) bench.write(`node_modules/${name}/package.json`, '{}')
  const entryUrl = bench.write('map/kernel.ts', "import a from '#a'")
  const paths = readablePaths(bench.job(entryUrl))
  for (const name of ['mapped-a', 'mapped-b']) expect(paths).toContain(bench.path(`node_modules/${name}`))
  const without = readablePaths(bench.job(bench.write('map/other/kernel.ts', '')))
  expect(without).not.toContain(bench.path('node_modules/mapped-a'))
})

test('an access denied deep in a chain of causes counts, another error does not', () => {
  const denied = { name: 'Error', message: 'Use --allow-net to manage permissions.', code: 'ERR_ACCESS_DENIED' }
  expect(cageNeed({ name: 'Error', message: 'x', cause: { name: 'Error', message: 'y', cause: denied } })).toBe(
    'the network',
  )
  expect(cageNeed({ name: 'Error', message: 'x', code: 'EACCES' })).toBeUndefined()
})

test('another machine out of reach is a need in bubblewrap only, a refused connection never', () => {
  const failed = (code: string) => ({ name: 'Error', message: 'connect', code })
  for (const code of ['ENETUNREACH', 'EAI_AGAIN']) {
    expect(cageNeed(failed(code), { inBubblewrap: true })).toBe('the network')
    expect(cageNeed(failed(code))).toBeUndefined()
  }
  expect(cageNeed(failed('ECONNREFUSED'), { inBubblewrap: true })).toBeUndefined()
})

test('what was not found is hidden where it lies outside and is not shown, and else not there', () => {
  bench.write('hidden/node_modules/far/package.json', '{}')
  const file = bench.path('hidden/words.txt')
  bench.write('hidden/words.txt', '')
  bench.write('hidden/k/kernel.ts', '')
  symlinkSync(file, bench.path('hidden/k/link'))
  const from = bench.path('hidden/k/kernel.ts')
  const shown = [bench.path('hidden/k')]
  const hidden = (code: string, message: string) => hiddenFile({ code, message }, bench.path('hidden/k'), shown)
  expect(hidden('ENOENT', `ENOENT: no such file or directory, open '${file}'`)).toBe(file)
  expect(hidden('ENOENT', "ENOENT: no such file or directory, open '../words.txt'")).toBe(file)
  expect(hidden('ENOENT', "ENOENT: no such file or directory, open 'link'")).toBe(file)
  expect(hidden('ERR_MODULE_NOT_FOUND', `Cannot find module '${file}' imported from ${from}`)).toBe(file)
  expect(hidden('MODULE_NOT_FOUND', `Cannot find module '../words.txt'\nRequire stack:\n- ${from}`)).toBe(file)
  const far = bench.path('hidden/node_modules/far')
  expect(hidden('ERR_MODULE_NOT_FOUND', `Cannot find package 'far' imported from ${from}`)).toBe(far)
  // A folder that is shown now was not there when it was looked for; nothing outside is called that.
  expect(hidden('ENOENT', "ENOENT: no such file or directory, open 'kernel.ts'")).toBeUndefined()
  expect(hidden('ENOENT', "ENOENT: no such file or directory, open '/nowhere/at/all'")).toBeUndefined()
  expect(hidden('ENOENT', 'nothing is named')).toBeUndefined()
  expect(hidden('ERR_MODULE_NOT_FOUND', `Cannot find package 'nowhere' imported from ${from}`)).toBeUndefined()
})

test('only the outermost of nested paths are bound, and links that no folder shows are made again', () => {
  expect(withoutNested(['/a/b', '/a', '/a-b', '/a/c/d', '/a-b/c'])).toEqual(['/a', '/a-b'])
  bench.write('bound/store/one/index.js', '')
  mkdirSync(bench.path('bound/packages'))
  symlinkSync('../store/one', bench.path('bound/packages/one'))
  const store = bench.path('bound/store/one')
  const link = bench.path('bound/packages/one')
  expect(bindReadOnly([link, bench.path('bound/none')])).toEqual([
    '--ro-bind-try',
    store,
    store,
    '--symlink',
    '../store/one',
    link,
  ])
  const all = bench.path('bound')
  expect(bindReadOnly([link, all])).toEqual(['--ro-bind-try', all, all])
})
