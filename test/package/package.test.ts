/** The package as others get it: packed, installed into an empty folder, imported, run. */
import { type ExecFileException, execFile, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'

const root = fileURLToPath(new URL('../../', import.meta.url))
const bin = (name: string) => join(root, 'node_modules/.bin', name)
let folder: string
let installed: string
let packedFiles: string[]

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function execute(file: string, args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      file,
      args,
      { cwd, timeout: 50_000, maxBuffer: 16_777_216 },
      (error: ExecFileException | null, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr })
      },
    )
  })
}

async function succeed(file: string, args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await execute(file, args, cwd)
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`)
  return stdout
}

/** Whether both halves of the build are younger than all that they are made of. */
function isBuilt(): boolean {
  const changed = (path: string) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const built = Math.min(changed('dist/src/cli/main.js'), changed('dist/page-static/static.js'))
  const files = ['src', 'sandbox', 'kernels'].flatMap((name) =>
    readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }).map((path) => join(name, path)),
  )
  return [...files, 'package.json', 'tsconfig.build.json', 'page.vite.config.ts'].every((path) => changed(path) < built)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lazaret-package-'))
  const app = join(folder, 'app')
  await mkdir(app)
  // Where nothing has changed since it was built, as after `npm ci`, it is not built anew under the tests beside this one.
  const ready = isBuilt() ? ['--ignore-scripts'] : []
  const pack = ['pack', '--json', '--silent', ...ready, '--pack-destination', folder]
  const packed = JSON.parse(await succeed('npm', pack, root))
  const [{ filename, files }] = (Array.isArray(packed) ? packed : Object.values(packed)) as [
    { filename: string; files: { path: string }[] },
  ]
  packedFiles = files.map(({ path }) => path)
  await writeFile(join(app, 'package.json'), '{ "name": "app", "private": true, "type": "module" }')
  await succeed('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', join(folder, filename)], app)
  installed = join(app, 'node_modules/lazaret')
}, 120_000)

afterAll(() => rm(folder, { recursive: true, force: true }))

test('the package holds the compiled code, the page, the fleet and the papers, and nothing else', () => {
  const expected = [
    /^dist\/(src|sandbox|kernels)\/.+\.(js|d\.ts)$/,
    /^dist\/page\/(index\.html|LICENSES\.md|assets\/[\w-]+\.(js|css|svg))$/,
    /^dist\/page-static\/(static\.js|LICENSES\.md)$/,
    /^(dist\/kernels\/fleet\.yaml|src\/telemetry\/grafana\.json|playbooks\/README\.md)$/,
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  ]
  expect(packedFiles.filter((path) => !expected.some((kind) => kind.test(path)))).toEqual([])
  const code = ['dist/sandbox/driver.js', 'dist/src/cli/main.js', 'dist/page/index.html', 'dist/page-static/static.js']
  for (const path of [...code, 'dist/kernels/fleet.yaml', 'src/telemetry/grafana.json', 'LICENSE']) {
    expect(packedFiles).toContain(path)
  }
})

test('publint has nothing to say about it', async () => {
  const { messages, pkg } = await publint({ pkgDir: installed, pack: false, strict: true })
  expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
})

test('all its doors open, for JavaScript and for TypeScript', async () => {
  const app = join(folder, 'app')
  const names = `import { createRuntime } from 'lazaret'
import { defineCheck, defineKernel } from 'lazaret/kernel'
import * as chaos from 'lazaret/chaos'
import { createTestRuntime, eventually, ManualClock } from 'lazaret/testing'
`
  const values =
    '[createRuntime, defineCheck, defineKernel, createTestRuntime, eventually, ManualClock, ...Object.values(chaos)]'
  await writeFile(join(app, 'doors.js'), `${names}console.log(${values}.every(Boolean))`)
  expect(await succeed('node', ['doors.js'], app)).toBe('true\n')

  const typed = `${names}import type { KernelApi, Runtime } from 'lazaret'
const kernel = defineKernel({ start: () => ({ api: { add: (n: number) => n + 1 } }) })
type Counter = KernelApi<typeof kernel>
export const runtime: Runtime = createRuntime({ fleet: { kernels: [{ id: 'counter', entry: './counter.js', tier: 2 }] } })
export const sum: Promise<number> = runtime.ref<Counter>('counter').ask.add(2)
// @ts-expect-error: a text is no number
runtime.ref<Counter>('counter').tell.add('2')
export const used = ${values}
`
  await writeFile(join(app, 'typed.ts'), typed)
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--lib',
    'es2025,esnext.disposable',
  ]
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')]
  expect(await succeed(bin('tsc'), [...options, ...types, 'typed.ts'], app)).toBe('')
}, 30_000)

/** Each JavaScript block of the README that begins with the name of a file is that file. */
function filesOfReadme(): [string, string][] {
  const markdown = readFileSync(join(root, 'README.md'), 'utf8')
  const blocks = [...markdown.matchAll(/^```js\n(\/\/ ([\w-]+\.js)\b[\s\S]*?)^```$/gm)]
  return blocks.map(([, text = '', name = '']) => [name, text])
}

test('the embedding example of the README runs as written, ends by itself, and leaves no process or socket', async () => {
  const app = join(folder, 'app')
  const files = filesOfReadme()
  expect(files.map(([name]) => name)).toEqual(['counter.js', 'app.js'])
  for (const [name, text] of files) await writeFile(join(app, name), text)
  const { code, stdout, stderr } = await execute('node', ['app.js'], app)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^2$[\s\S]*^42$[\s\S]*^runtime\.stopped $/m)
  expect(readdirSync(join(app, '.lazaret'))).not.toContain('control.sock')
  expect(processesIn(folder)).toEqual([])
})

test('an embedded kernel that crashes is heard of, started anew, and asked again', async () => {
  const app = join(folder, 'app')
  const kernel = `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start: () => ({ api: { crash: () => thisIsNotDefined(), ping: () => 'pong' } }) })`
  const script = `import { createRuntime } from 'lazaret'
const fleet = { kernels: [{ id: 'fragile', entry: './fragile.js', restart: { backoffMs: 1 } }] }
const runtime = createRuntime({ fleet, dataDir: 'fragile-data' })
await runtime.start()
const fragile = runtime.ref('fragile')
await fragile.ask.crash().catch((error) => console.log(error.code, error.cause.message))
console.log(await fragile.ask.ping())
await runtime.stop()`
  await writeFile(join(app, 'fragile.js'), kernel)
  await writeFile(join(app, 'crash.js'), script)
  expect(await succeed('node', ['crash.js'], app)).toBe('KERNEL_DOWN thisIsNotDefined is not defined\npong\n')
  expect(processesIn(folder)).toEqual([])
})

test('the page is served, an incident is written as a file and a machine is drawn, with what is installed', async () => {
  const app = join(folder, 'app')
  const script = `import { createRuntime } from 'lazaret'
const fleet = { kernels: [{ id: 'fragile', entry: './fragile.js', restart: { max: 0 } }] }
const runtime = createRuntime({ fleet, dataDir: 'seen-data' })
await runtime.start()
await runtime.ref('fragile').ask.crash().catch(() => {})
const { url } = await runtime.serveDashboard()
const cookie = (await fetch(url, { redirect: 'manual' })).headers.getSetCookie()[0].split(';')[0]
const get = (path) => fetch(new URL(path, url), { headers: { cookie } })
const page = await (await get('/')).text()
const files = [...page.matchAll(/(?:src|href)="([^"]+\\.(?:js|css))"/g)].map(([, path]) => path)
const statuses = await Promise.all(files.map(async (path) => (await get(path)).status))
const chart = await (await get('/api/charts/lifecycle')).json()
console.log(JSON.stringify({ statuses, svg: chart.svg.slice(0, 4), incident: runtime.journal.incidents()[0].id }))
await runtime.stop()`
  await writeFile(join(app, 'seen.js'), script)
  const { stdout, stderr } = await execute('node', ['seen.js'], app)
  expect(stderr).not.toContain('Error [')
  const { incident, ...seen } = JSON.parse(stdout.split('\n').find((line) => line.startsWith('{"statuses"')) ?? '{}')
  expect(seen).toEqual({ statuses: [200, 200], svg: '<svg' })

  const lazaret = (...args: string[]) => succeed(join(installed, '../.bin/lazaret'), args, app)
  const html = await lazaret('incidents', incident, '--html', '-', '--data-dir', 'seen-data')
  expect(html).toContain('thisIsNotDefined is not defined')
  const machine = `import { createMachine } from 'xstate'
export const lamp = createMachine({ id: 'lamp', initial: 'off', states: { off: { on: { PRESS: 'on' } }, on: {} } })`
  await writeFile(join(app, 'lamp.ts'), machine)
  await lazaret('viz', 'lamp.ts', '--out', 'lamp.png')
  expect(readFileSync(join(app, 'lamp.png')).subarray(1, 4).toString()).toBe('PNG')
  expect(processesIn(folder)).toEqual([])
})

/** Those whose working directory is there; none where the system does not tell. */
function processesIn(path: string): string[] {
  if (!existsSync('/proc/self/cwd')) return []
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(path)
    } catch {
      // It has ended meanwhile, or is somebody else's: not one of ours either way.
      return false
    }
  })
}

test('the fleet that comes with it runs from where it is installed', async () => {
  const script = `import { createRuntime } from 'lazaret'
const runtime = createRuntime({ fleet: 'node_modules/lazaret/dist/kernels/fleet.yaml', dataDir: 'fleet-data' })
console.log((await runtime.start()).map(({ id, servedBy }) => id + ' ' + servedBy).join())
await runtime.stop()`
  await writeFile(join(folder, 'app/fleet.js'), script)
  const fleet = parse(readFileSync(join(root, 'kernels/fleet.yaml'), 'utf8')) as { kernels: { id: string }[] }
  const ids = fleet.kernels.map(({ id }) => id)
  expect(ids).toHaveLength(20)
  const expected = `${ids.map((id) => `${id} instance`).join()}\n`
  expect(await succeed('node', ['fleet.js'], join(folder, 'app'))).toBe(expected)
})

test('the command is there, and says its version', async () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  expect(await succeed(join(installed, '../.bin/lazaret'), ['--version'], folder)).toBe(`${version}\n`)
})

/** One that is on PATH beside the one that runs this. */
const oldNode = (process.env.PATH ?? '')
  .split(delimiter)
  .map((directory) => join(directory, 'node'))
  .find((file) => {
    const [major = 99, minor = 0] = versionOf(file)
    return major >= 18 && (major < 24 || (major === 24 && minor < 15))
  })

function versionOf(file: string): number[] {
  const { status, stdout } = spawnSync(file, ['--version'], { encoding: 'utf8', timeout: 10_000 })
  return status === 0 ? stdout.slice(1).split('.').map(Number) : []
}

test.skipIf(oldNode === undefined)('under an older Node.js the command says in one line what it needs', async () => {
  const { code, stdout, stderr } = await execute(
    oldNode ?? '',
    [join(installed, 'dist/src/cli/main.js'), 'status'],
    folder,
  )
  expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 })
  expect(stderr).toMatch(/^lazaret needs Node\.js 24\.15 or later, and this is \d+\.\d+\.\d+ /)
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } }
  expect(engines.node).toBe('>=24.15')
})
