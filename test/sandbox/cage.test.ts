import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { cageNeed } from '../../sandbox/cage.ts'
import { packagesIn, readablePaths } from '../../sandbox/reach.ts'
import { SandboxPool } from '../../src/repair/sandbox-pool.ts'
import { isolationHere, permissionHere } from '../../src/repair/trial.ts'
import { Bench, message, processesNaming } from './bench.ts'

const bench = new Bench()
const pool = new SandboxPool()
const secret = bench.path('outside/secret.txt')
bench.write('outside/secret.txt', 'secret')
bench.write('outside/module.mjs', 'export default 1')
afterAll(async () => {
  await pool.close()
  expect(processesNaming(bench.root)).toEqual([])
  bench.remove()
})

const run = (entryUrl: string, more = {}) => pool.run(bench.job(entryUrl, more), new AbortController().signal)

/** The second text is tried in start(); what it gets away with shows as a pass. */
const escapes: [string, string, string, string][] = [
  ['reads a file outside', "import fs from 'node:fs'", `fs.readFileSync('${secret}')`, 'read files'],
  ['reads through ..', "import fs from 'node:fs'", "fs.readFileSync('../../outside/secret.txt')", 'read files'],
  [
    'reads through /proc/self/root',
    "import fs from 'node:fs'",
    `fs.readFileSync('/proc/self/root${secret}')`,
    'read files',
  ],
  ['reads asynchronously', "import fs from 'node:fs/promises'", `await fs.readFile('${secret}')`, 'read files'],
  ['imports a module outside', '', `await import('${bench.path('outside/module.mjs')}')`, 'read files'],
  [
    'reads the environment of its host',
    "import fs from 'node:fs'",
    "fs.readFileSync('/proc/' + process.ppid + '/environ')",
    'read files',
  ],
  ['writes outside', "import fs from 'node:fs'", `fs.writeFileSync('${secret}', 'x')`, 'write files'],
  [
    'writes beside its sources',
    "import fs from 'node:fs'",
    "fs.writeFileSync(new URL('./kernel.ts', import.meta.url), '')",
    'write files',
  ],
  ['links the outside in', "import fs from 'node:fs'", `fs.symlinkSync('${secret}', 'out/link')`, 'symlink'],
  [
    'starts a process',
    "import { execFileSync } from 'node:child_process'",
    "execFileSync('/bin/true')",
    'start a process',
  ],
  [
    'starts a thread',
    "import { Worker } from 'node:worker_threads'",
    "new Worker('', { eval: true, execArgv: [] })",
    'start a thread',
  ],
  ['opens SQLite', '', "await import('node:sqlite')", 'node:sqlite'],
  ['loads an addon', '', "process.dlopen({ exports: {} }, '/tmp/none.node')", 'native addon'],
  ['opens the inspector', "import inspector from 'node:inspector'", 'inspector.open(0)', 'inspector'],
  ['runs WASI', "import { WASI } from 'node:wasi'", "new WASI({ version: 'preview1' })", 'WASI'],
  ['replaces its process', '', "process.execve?.('/bin/true', ['true'], {})", 'start a process'],
  ['reaches the bindings of Node', '', "(process as any).binding('spawn_sync')", 'process.binding'],
]

test.each(escapes)('a candidate that %s is refused', async (_, imports, attempt, needed) => {
  const result = await run(bench.kernel(`${attempt}\n    return { api: {} }`, imports))
  expect(result).toMatchObject({ outcome: 'failed', refused: 'CAGE_UNSUITABLE' })
  expect(result.needed).toContain(needed)
  expect(readFileSync(secret, 'utf8')).toBe('secret')
})

const network: [string, string, string][] = [
  ['listens', "import net from 'node:net'", "net.createServer().on('error', reject).listen(0, '127.0.0.1', resolve)"],
  ['connects', "import net from 'node:net'", "net.connect(ctx.config.port, '127.0.0.1', resolve).on('error', reject)"],
  [
    'connects to a Unix socket',
    "import net from 'node:net'",
    'net.connect(ctx.config.path, resolve).on("error", reject)',
  ],
  ['fetches', '', "fetch('http://127.0.0.1:' + ctx.config.port).then(resolve, reject)"],
  [
    'sends a datagram',
    "import dgram from 'node:dgram'",
    "dgram.createSocket('udp4').on('error', reject).bind(0, '127.0.0.1', resolve)",
  ],
  [
    'looks up a name',
    "import dns from 'node:dns'",
    "dns.lookup('localhost', (e: any) => (e ? reject(e) : resolve(e)))",
  ],
]

test.each(network)(
  'a candidate that %s is refused where Node can deny it, else it is said',
  async (_, imports, line) => {
    const answer = createServer((_request, response) => response.end('hello'))
    const path = bench.path('s.sock')
    const local = createServer()
    await Promise.all([
      new Promise<void>((resolve) => answer.listen(0, '127.0.0.1', resolve)),
      new Promise<void>((resolve) => local.listen(path, resolve)),
    ])
    const { port } = answer.address() as AddressInfo
    const body = `await new Promise<any>((resolve, reject) => { ${line} })\n    return { api: {} }`
    const result = await run(bench.kernel(body, imports), { config: { port, path } })
    for (const server of [answer, local]) server.closeAllConnections()
    await Promise.all([answer, local].map((server) => new Promise((resolve) => server.close(resolve))))
    expect(result.isolation).toBe(isolationHere())
    if (permissionHere() === 'permission') {
      expect(result).toMatchObject({ outcome: 'failed', refused: 'CAGE_UNSUITABLE', needed: 'the network' })
    } else expect(result.outcome).toBe('passed')
  },
)

test('the environment is empty', async () => {
  process.env.LAZARET_TEST_SECRET = 'secret'
  const entry = bench.kernel(
    "if (JSON.stringify(process.env) !== '{}') throw new Error(JSON.stringify(process.env))\n    return { api: {} }",
  )
  const result = await run(entry)
  delete process.env.LAZARET_TEST_SECRET
  expect(result.error?.message).toBeUndefined()
})

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

test('an access denied deep in a chain of causes counts, another error does not', () => {
  const denied = { name: 'Error', message: 'Use --allow-net to manage permissions.', code: 'ERR_ACCESS_DENIED' }
  expect(cageNeed({ name: 'Error', message: 'x', cause: { name: 'Error', message: 'y', cause: denied } })).toBe(
    'the network',
  )
  expect(cageNeed({ name: 'Error', message: 'x', code: 'EACCES' })).toBeUndefined()
})
