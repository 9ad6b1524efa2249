/** Every way out that FACTS C lists, tried at each level of isolation that this machine gives. */
import { linkSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bubblewrapHere } from '../../src/repair/bubblewrap.ts'
import { SandboxPool } from '../../src/repair/sandbox-pool.ts'
import { permissionHere } from '../../src/repair/trial.ts'
import { Bench, isAlive, levels, message, processesNaming, waitUntil } from './bench.ts'

const bench = new Bench()
bench.write('outside/secret.txt', 'secret')
bench.write('outside/module.mjs', 'export default 1')
bench.write('outside/module.json', '{}')
bench.write('outside/addon.node', 'no addon')
const secret = bench.path('outside/secret.txt')
const fs = "import fs from 'node:fs'"
const os = "import os from 'node:os'"

type Attempt = [what: string, imports: string, attempt: string, needed: string]

/** Tried in start(); what it gets away with shows as a pass. `host` is the pid of this process. */
const refused: Attempt[] = [
  ['reads a file outside', fs, `fs.readFileSync('${secret}')`, 'read files'],
  ['reads through ..', fs, "fs.readFileSync('../../outside/secret.txt')", 'read files'],
  ['reads through /proc/self/root', fs, `fs.readFileSync('/proc/self/root${secret}')`, 'read files'],
  ['reads through /proc/self/cwd', fs, "fs.readFileSync('/proc/self/cwd/../outside/secret.txt')", 'read files'],
  ['reads by a path of bytes', fs, `fs.readFileSync(Buffer.from('${secret}'))`, 'read files'],
  ['reads by a URL', fs, `fs.readFileSync(new URL('file://${secret}'))`, 'read files'],
  ['reads asynchronously', "import fs from 'node:fs/promises'", `await fs.readFile('${secret}')`, 'read files'],
  ['reads as a blob', fs, `await fs.openAsBlob('${secret}')`, 'read files'],
  ['reads as a stream', fs, `for await (const _ of fs.createReadStream('${secret}')) break`, 'read files'],
  ['lists a folder outside', fs, `fs.readdirSync('${bench.path('outside')}')`, 'read files'],
  ['copies the outside in', fs, `fs.copyFileSync('${secret}', 'out/copy')`, 'read files'],
  ['imports a module outside', '', `await import('${bench.path('outside/module.mjs')}')`, 'read files'],
  [
    'requires JSON outside',
    "import { createRequire } from 'node:module'",
    `createRequire(import.meta.url)('${bench.path('outside/module.json')}')`,
    'read files',
  ],
  ['reads the environment of its parent', fs, "fs.readFileSync('/proc/' + process.ppid + '/environ')", 'read files'],
  ['reads the environment of its host', fs, "fs.readFileSync('/proc/' + ctx.config.host + '/environ')", 'read files'],
  ['lists processes', fs, "fs.readdirSync('/proc')", 'read files'],
  ['writes outside', fs, `fs.writeFileSync('${secret}', 'x')`, 'write files'],
  ['appends asynchronously', fs, `await fs.promises.appendFile('${secret}', 'x')`, 'write files'],
  ['changes rights outside', fs, `fs.chmodSync('${secret}', 0o777)`, 'write files'],
  ['makes a folder in /tmp', fs, "fs.mkdtempSync('/tmp/escape-')", 'write files'],
  ['writes beside its sources', fs, "fs.writeFileSync(new URL('./kernel.ts', import.meta.url), '')", 'write files'],
  ['writes a report', '', "process.report.writeReport('/tmp/escape.json')", '/tmp/escape.json'],
  [
    'writes a heap snapshot',
    "import v8 from 'node:v8'",
    "v8.writeHeapSnapshot('/tmp/escape.heapsnapshot')",
    'write files',
  ],
  ['links the outside in', fs, `fs.symlinkSync('${secret}', 'out/link')`, 'symlink'],
  ['links the outside in by its inode', fs, `fs.linkSync('${secret}', 'out/hard')`, ''],
  ['starts a process', "import cp from 'node:child_process'", "cp.execFileSync('/bin/true')", 'start a process'],
  ['forks', "import cp from 'node:child_process'", `cp.fork('${bench.path('outside/module.mjs')}')`, 'start a process'],
  ['starts a shell', "import cp from 'node:child_process'", "cp.spawn('/bin/sh', ['-c', 'true'])", 'start a process'],
  [
    'starts a thread',
    "import { Worker } from 'node:worker_threads'",
    "new Worker('', { eval: true, execArgv: [] })",
    'start a thread',
  ],
  [
    'starts a thread that asks for rights',
    "import { Worker } from 'node:worker_threads'",
    "new Worker('', { eval: true, execArgv: ['--no-permission', '--allow-fs-read=*'], env: { NODE_OPTIONS: '--no-permission' } })",
    'start a thread',
  ],
  ['opens SQLite', '', "await import('node:sqlite')", 'node:sqlite'],
  [
    'opens SQLite as a built-in',
    '',
    "if (process.getBuiltinModule('node:sqlite') === undefined) await import('node:sqlite')",
    'node:sqlite',
  ],
  ['loads an addon', '', `process.dlopen({ exports: {} }, '${bench.path('outside/addon.node')}')`, 'native addon'],
  ['opens the inspector', "import inspector from 'node:inspector'", 'inspector.open(0)', 'inspector'],
  [
    'connects to its own inspector',
    "import inspector from 'node:inspector'",
    'new inspector.Session().connect()',
    'inspector',
  ],
  ['runs WASI', "import { WASI } from 'node:wasi'", "new WASI({ version: 'preview1' })", 'WASI'],
  ['replaces its process', '', "process.execve?.('/bin/true', ['true'], {})", 'start a process'],
  ['reaches the bindings of Node', '', "(process as any).binding('spawn_sync')", 'process.binding'],
]

/** Where Node can deny the network, it does; bubblewrap leaves nothing to reach where it cannot. */
const network: [what: string, imports: string, attempt: string, isLocal: boolean][] = [
  [
    'listens',
    "import net from 'node:net'",
    "net.createServer().on('error', reject).listen(0, '127.0.0.1', resolve)",
    true,
  ],
  [
    'connects',
    "import net from 'node:net'",
    "net.connect(ctx.config.port, '127.0.0.1', resolve).on('error', reject)",
    false,
  ],
  [
    'connects to a Unix socket',
    "import net from 'node:net'",
    'net.connect(ctx.config.path, resolve).on("error", reject)',
    false,
  ],
  ['fetches', '', "fetch('http://127.0.0.1:' + ctx.config.port).then(resolve, reject)", false],
  [
    'opens a datagram socket',
    "import dgram from 'node:dgram'",
    "dgram.createSocket('udp4').on('error', reject).bind(0, '127.0.0.1', resolve)",
    true,
  ],
  [
    'looks up a name',
    "import dns from 'node:dns'",
    "dns.lookup('example.org', (e: any) => (e ? reject(e) : resolve(e)))",
    false,
  ],
]

describe.each(levels)('at level %s', (level, options) => {
  const pool = new SandboxPool(undefined, options)
  const inBubblewrap = level === 'bwrap+permission'
  afterAll(() => pool.close())

  function attempt(imports: string, line: string, config: Record<string, unknown> = {}) {
    const job = bench.job(bench.kernel(`${line}\n    return { api: {} }`, imports), {
      config: { host: process.pid, ...config },
    })
    return pool.run(job, new AbortController().signal)
  }

  test.each(refused)('a candidate that %s is refused', async (_, imports, line, needed) => {
    const result = await attempt(imports, line)
    expect(result).toMatchObject({ outcome: 'failed', refused: 'CAGE_UNSUITABLE', isolation: level })
    expect(result.needed).toContain(needed)
    expect(readFileSync(secret, 'utf8')).toBe('secret')
  })

  test.runIf(process.allowedNodeEnvironmentFlags.has('--allow-ffi'))('foreign functions are refused', async () => {
    const result = await attempt('', "const ffi = await import('node:ffi' as string); ffi.dlopen('libc.so.6', {})")
    expect(result.outcome).toBe('failed')
  })

  test('a link that stood there before is followed by the permission model, and leads nowhere in bubblewrap', async () => {
    const linked = (name: string, line: string) => {
      const entry = bench.write(`${name}-${inBubblewrap}/kernel.ts`, kernelWith(line))
      symlinkSync(secret, bench.path(`${name}-${inBubblewrap}/file`))
      symlinkSync(bench.path('outside'), bench.path(`${name}-${inBubblewrap}/folder`))
      return pool.run(bench.job(entry), new AbortController().signal)
    }
    for (const [name, file] of Object.entries({ linkfile: 'file', linkfolder: 'folder/secret.txt' })) {
      const result = await linked(name, `fs.readFileSync(new URL('./${file}', import.meta.url))`)
      if (inBubblewrap) expect(result).toMatchObject({ outcome: 'failed', refused: 'CAGE_UNSUITABLE' })
      else expect(result).toMatchObject({ outcome: 'passed' })
      if (inBubblewrap) expect(result.needed).toContain(secret)
    }
  })

  test('a link in the data folder does not let a write out in bubblewrap', async () => {
    const entry = bench.kernel("fs.writeFileSync('data/link', 'x')\n    return { api: {} }", fs)
    const job = bench.job(entry)
    mkdirSync(`${job.folder}/data`)
    bench.write('outside/target.txt', 'whole')
    symlinkSync(bench.path('outside/target.txt'), `${job.folder}/data/link`)
    const { outcome } = await pool.run(job, new AbortController().signal)
    expect(outcome).toBe(inBubblewrap ? 'failed' : 'passed')
    expect(readFileSync(bench.path('outside/target.txt'), 'utf8')).toBe(inBubblewrap ? 'whole' : 'x')
  })

  test('its host can be signalled and made slower from the permission model, in bubblewrap it has no number', async () => {
    const probe = await attempt('', 'process.kill(ctx.config.host, 0)')
    expect(probe.outcome).toBe(inBubblewrap ? 'failed' : 'passed')
    expect(probe.error?.code).toBe(inBubblewrap ? 'ESRCH' : undefined)
    const priority = getPriority(process.pid)
    // The same value, so that nothing changes where it is not refused.
    const slower = await attempt(os, `os.setPriority(ctx.config.host, ${priority})`)
    expect(slower.outcome).toBe(inBubblewrap ? 'failed' : 'passed')
    expect(getPriority(process.pid)).toBe(priority)
  })

  test('a candidate that kills its own group takes nobody with it', async () => {
    for (const target of ['0', '-process.pid', '-1']) {
      if (target === '-1' && !inBubblewrap) continue
      const result = await attempt(
        '',
        `process.kill(${target}, 'SIGKILL'); await new Promise((r) => setTimeout(r, 50))`,
      )
      // Killed with its shell, it may take a moment to be gone.
      await waitUntil(() => !isAlive(result.pid), 5000, `the end of ${result.pid}`)
    }
    expect((await attempt('', '')).outcome).toBe('passed')
  })

  test('what the machine is called and who else runs on it shows in the permission model only', async () => {
    const entry = bench.kernel('return { api: { name: () => os.hostname(), pid: () => process.pid } }', os)
    const messages = [message('name'), message('pid')]
    const one = await pool.run(bench.job(entry, { messages }), new AbortController().signal)
    const two = await pool.run(bench.job(entry, { messages }), new AbortController().signal)
    expect(one.answers?.[1]).toEqual(inBubblewrap ? two.answers?.[1] : expect.anything())
    if (!inBubblewrap) expect(one.answers?.[1]).not.toEqual(two.answers?.[1])
    expect(one.pid).not.toBe(two.pid)
  })

  test('the environment is empty, and the time zone and the name of the user are the host’s', async () => {
    process.env.LAZARET_TEST_SECRET = 'secret'
    const result = await attempt(
      os,
      'throw new Error(JSON.stringify([process.env, os.userInfo().username, new Date(0).getTimezoneOffset()]))',
    )
    delete process.env.LAZARET_TEST_SECRET
    const { userInfo } = await import('node:os')
    expect(result.error?.message).toBe(JSON.stringify([{}, userInfo().username, new Date(0).getTimezoneOffset()]))
  })

  describe('with servers to reach', () => {
    const answer = createServer((_request, response) => response.end('hello'))
    const local = createServer()
    const path = bench.path(`${inBubblewrap}.sock`)
    beforeAll(async () => {
      await new Promise<void>((resolve) => answer.listen(0, '127.0.0.1', resolve))
      await new Promise<void>((resolve) => local.listen(path, resolve))
    })
    afterAll(async () => {
      for (const server of [answer, local]) server.closeAllConnections()
      await Promise.all([answer, local].map((server) => new Promise((resolve) => server.close(resolve))))
    })

    test.each(network)('a candidate that %s is refused where Node can deny it', async (_, imports, line, isLocal) => {
      const { port } = answer.address() as AddressInfo
      const result = await attempt(imports, `await new Promise<any>((resolve, reject) => { ${line} })`, { port, path })
      if (permissionHere() === 'permission') {
        expect(result).toMatchObject({ outcome: 'failed', refused: 'CAGE_UNSUITABLE', needed: 'the network' })
      } else if (!line.includes('lookup')) expect(result.outcome).toBe(inBubblewrap && !isLocal ? 'failed' : 'passed')
    })
  })

  test('a candidate sees nothing of another trial, and a hard link does not leave its folder', async () => {
    const job = bench.job(bench.kernel('return { api: {} }'))
    mkdirSync(`${job.folder}/data`)
    bench.write('outside/shared.txt', 'shared')
    linkSync(bench.path('outside/shared.txt'), `${job.folder}/data/hard`)
    const result = await attempt(fs, `fs.readFileSync('${job.folder}/data/hard')`)
    expect(result).toMatchObject({ outcome: 'failed', refused: 'CAGE_UNSUITABLE' })
  })
})

const kernelWith = (line: string) =>
  `import { defineKernel } from 'lazaret/kernel'\n${fs}\nexport default defineKernel({ start() { ${line}; return { api: {} } } })\n`

test.skipIf(bubblewrapHere().path !== undefined)('bubblewrap is not tested here, and it is said why', () => {
  expect(bubblewrapHere()).toMatchObject({ why: expect.stringMatching(/\w/) })
})

afterAll(() => {
  expect(processesNaming(bench.root)).toEqual([])
  expect(readFileSync(fileURLToPath(bench.url('outside/secret.txt')), 'utf8')).toBe('secret')
  bench.remove()
})
