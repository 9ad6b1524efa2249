/** The style is a test: floors, doors, dead files, lengths. Each failure names the file and what to do. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** A folder of src, and its floor: a file imports its own folder and lower floors only. */
const floors: Readonly<Record<string, number>> = {
  base: 0,
  chart: 1,
  ...{ journal: 2, actor: 2 },
  lifecycle: 3,
  ...{ escalation: 4, quarantine: 4, routing: 4, diagnostics: 4, snapshot: 4, repair: 4, playbook: 4 },
  supervisor: 5,
  ...{ control: 6, 'runtime-options.ts': 6 },
  ...{ dashboard: 7, telemetry: 7 },
  'runtime.ts': 8,
  'index.ts': 9,
  ...{ chaos: 9, testing: 9 },
  cli: 10,
}

/** One package, one door: the folders (of src, or top-level ones) that may import it. */
const doors: Readonly<Record<string, readonly string[]>> = {
  xstate: ['chart', 'lifecycle', 'supervisor'],
  elkjs: ['chart'],
  '@resvg/resvg-js': ['chart'],
  'prom-client': ['telemetry'],
  '@opentelemetry/api': ['actor', 'telemetry'],
  preact: ['dashboard'],
  '@preact/signals': ['dashboard'],
  uplot: ['dashboard'],
  pino: ['base'],
  yaml: ['base', 'playbook', 'chaos', 'cli'],
  systeminformation: ['diagnostics'],
  piscina: ['repair', 'sandbox'],
  comlink: ['actor'],
  diff: ['repair', 'chaos', 'dashboard'],
  commander: ['cli'],
  '@typescript/typescript6': ['repair'],
  ai: ['repair'],
  '@ai-sdk/openai-compatible': ['repair'],
  '@ai-sdk/anthropic': ['repair'],
  '@agentclientprotocol/sdk': ['repair'],
  'write-file-atomic': ['journal', 'snapshot', 'repair', 'playbook', 'cli'],
  zod: ['supervisor', 'snapshot', 'repair', 'playbook', 'cli'],
  '@modelcontextprotocol/server': ['cli'],
  croner: ['kernels'],
  minisearch: ['kernels'],
  cockatiel: ['escalation', 'kernels'],
  'csv-parse': ['kernels'],
  hono: ['dashboard', 'kernels'],
  '@hono/node-server': ['dashboard', 'kernels'],
  liquidjs: ['kernels'],
  'lru-cache': ['kernels'],
  'rate-limiter-flexible': ['kernels'],
  'node:sqlite': ['journal', 'cli', 'chaos'],
  'node:worker_threads': ['actor', 'chart', 'lifecycle', 'repair', 'sandbox', 'kernels'],
  'node:inspector': ['lifecycle'],
}

/** Longer than the tripwire, each for a reason that was looked at. Lines. */
const longFiles: Readonly<Record<string, { max: number; why: string }>> = {
  'src/actor/thread-main.ts': {
    max: 465,
    why: 'everything that runs inside a thread, in the order in which it happens',
  },
  'src/base/limits.ts': { max: 520, why: 'every bound with its unit and reason, in one place' },
  'src/lifecycle/machine.ts': { max: 310, why: 'the whole chart, to be read as one' },
  'src/actor/thread.ts': { max: 390, why: 'one thread from its start to its end' },
  'src/runtime.ts': { max: 500, why: 'the public handle, mostly docstrings' },
  'src/supervisor/supervisor.ts': { max: 375, why: 'the joints between the chart and the parts' },
  'src/supervisor/standing-in.ts': { max: 335, why: 'who stands in, from the first crash to the handing over' },
  'src/repair/patch.ts': { max: 320, why: 'a patch from its making to its refusal' },
}
const maxLines = 300
const maxFunctionLines = 60

interface Source {
  readonly path: string
  readonly text: string
  /** What it imports: absolute paths of own files, names of packages. */
  readonly files: readonly string[]
  readonly packages: readonly string[]
}

function sourcesOf(folder: string): Source[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  // Declarations alone are imported by nobody.
  return names.filter((name) => /(?<!\.d)\.tsx?$/.test(name)).map((name) => read(join(root, folder, name)))
}

function read(path: string): Source {
  const text = readFileSync(path, 'utf8')
  const specifiers = [
    ...text.matchAll(/^(?:import|export)[^'"`;]*?from '([^']+)'|\bimport\('([^']+)'\)|^import '([^']+)'/gms),
  ]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
    .filter((name) => name !== '')
  const files = specifiers.filter((name) => name.startsWith('.')).map((name) => resolve(dirname(path), name))
  const packages = specifiers.filter((name) => !name.startsWith('.')).map(packageName)
  return { path, text, files, packages }
}

function packageName(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier
  const [first = '', second = ''] = specifier.split('/')
  return first.startsWith('@') ? `${first}/${second}` : first
}

/** Built by page.vite.config.ts, for the browser. */
const pageFolder = join(root, 'src/dashboard/page/')

const shown = (path: string) => relative(root, path)
const source = sourcesOf('src')
const everything = [...source, ...sourcesOf('sandbox'), ...sourcesOf('kernels')]

/** Folder of src that a file lies in; for other top-level folders their own name. */
function placeOf(path: string): string {
  const [top = '', next = ''] = shown(path).split('/')
  return top === 'src' ? next : top
}

test('a file imports its own folder and lower floors only', () => {
  const wrong: string[] = []
  for (const { path, files } of source) {
    const place = placeOf(path)
    const floor = floors[place]
    expect(floor, `${shown(path)}: give the folder a floor`).toBeDefined()
    for (const file of files) {
      const target = placeOf(file)
      if (target === place) continue
      const below = floors[target]
      if (below === undefined || floor === undefined || below >= floor)
        wrong.push(`${shown(path)} imports ${shown(file)}`)
    }
  }
  expect(wrong).toEqual([])
})

test('a package is imported through its door only', () => {
  const wrong: string[] = []
  for (const { path, packages } of everything) {
    for (const name of packages) {
      const door = doors[name]
      if (door !== undefined && !door.includes(placeOf(path))) wrong.push(`${shown(path)} imports ${name}`)
    }
  }
  expect(wrong).toEqual([])
})

test('every package that is imported is declared, and every declared one is imported', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const declared = new Set(Object.keys(manifest.dependencies))
  const used = new Set(everything.flatMap(({ packages }) => packages))
  const own = [...used].filter((name) => !name.startsWith('node:') && name !== 'lazaret')
  // What only the page imports is bundled by the build, and no business of whoever installs the package.
  const bundled = new Set(
    everything.filter(({ path }) => path.startsWith(pageFolder)).flatMap(({ packages }) => packages),
  )
  const elsewhere = new Set(
    everything.filter(({ path }) => !path.startsWith(pageFolder)).flatMap(({ packages }) => packages),
  )
  const onlyBundled = own.filter((name) => bundled.has(name) && !elsewhere.has(name))
  expect(onlyBundled.filter((name) => manifest.devDependencies[name] === undefined)).toEqual([])
  // An optional peer is imported for its types, and looked for when it is needed.
  const optional = Object.keys(manifest.peerDependencies)
  expect(
    own.filter((name) => !declared.has(name) && !optional.includes(name) && !onlyBundled.includes(name)).sort(),
  ).toEqual([])
  expect(optional.filter((name) => manifest.peerDependenciesMeta[name]?.optional !== true)).toEqual([])
  expect([...declared].filter((name) => !used.has(name)).sort()).toEqual([])
})

test('the source names no kernel of the fleet', () => {
  const ids = readdirSync(join(root, 'kernels'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const wrong: string[] = []
  // The stress run is about this very fleet.
  for (const { path, text } of source.filter(({ path }) => placeOf(path) !== 'chaos')) {
    for (const { name } of ids) if (text.includes(`'${name}'`)) wrong.push(`${shown(path)} names ${name}`)
  }
  expect(wrong).toEqual([])
})

test('no file of the source is dead', () => {
  const entries = [
    'src/index.ts',
    'src/cli/main.ts',
    'src/actor/thread-main.ts',
    'src/actor/kernel.ts',
    'src/chaos/index.ts',
  ]
  const roots = [
    ...entries,
    'src/testing/index.ts',
    'sandbox/driver.ts',
    'sandbox/probe.ts',
    ...['src/dashboard/page/main.tsx', 'src/dashboard/page/static.tsx'],
  ]
  const known = new Map(everything.map((file) => [shown(file.path), file]))
  const reached = new Set<string>()
  const visit = (path: string) => {
    if (reached.has(path)) return
    reached.add(path)
    const file = known.get(path)
    for (const imported of file?.files ?? []) visit(shown(imported))
    // A file that is named by URL or loaded by its own extension.
    for (const match of file?.text.matchAll(/['"`](\.{1,2}\/[\w./-]+?)(?:\.ts)?['"`$]/g) ?? []) {
      visit(shown(resolve(dirname(join(root, path)), `${match[1]}.ts`)))
    }
  }
  for (const path of roots) visit(path)
  const dead = [...known.keys()].filter((path) => path.startsWith('src/') || path.startsWith('sandbox/'))
  expect(dead.filter((path) => !reached.has(path))).toEqual([])
})

test('files and functions stay short; longer ones are named with their reason', () => {
  const long: string[] = []
  for (const { path, text } of everything) {
    const name = shown(path)
    const lines = text.split('\n').length - 1
    if (lines > (longFiles[name]?.max ?? maxLines)) long.push(`${name}: ${lines} lines`)
    for (const [start, length] of functionLengths(text)) {
      // A kernel's start() holds its whole api.
      const max = name.startsWith('kernels/') ? 80 : maxFunctionLines
      if (length > max) long.push(`${name}:${start}: a function of ${length} lines`)
    }
  }
  expect(long).toEqual([])
})

/** By indentation, which the formatter keeps: from a line that opens a function or method to the brace that closes it. */
function functionLengths(text: string): [number, number][] {
  const lines = text.split('\n')
  const found: [number, number][] = []
  lines.forEach((line, index) => {
    const opens =
      /^( *)(?:export )?(?:(?:async )?function|(?:private |static |async |override |protected |get )*[#\w]+\()[^;]*\{$/
    const indent = opens.exec(line)?.[1]
    if (indent === undefined || /^\s*(?:if|for|while|switch|catch|return)\b/.test(line)) return
    const end = lines.findIndex((later, at) => at > index && later.startsWith(`${indent}}`))
    if (end !== -1) found.push([index + 1, end - index + 1])
  })
  return found
}

test('nothing pretends: no stub, no promise of later work, no silenced checker', () => {
  const wrong: string[] = []
  const forbidden = /\b(?:TODO|FIXME|XXX|not implemented|as any)\b|@ts-ignore|@ts-expect-error/i
  const swallowed = /catch\s*(?:\([^)]*\))?\s*\{\s*\}|\.catch\(\(\)\s*=>\s*(?:\{\s*\}|undefined|null)?\)/
  for (const { path, text } of everything) {
    text.split('\n').forEach((line, index, lines) => {
      const isExplained = /^\s*(?:\/\/|\*)/.test(lines[index - 1] ?? '')
      if (forbidden.test(line) || (swallowed.test(line) && !isExplained))
        wrong.push(`${shown(path)}:${index + 1}: ${line.trim()}`)
    })
  }
  expect(wrong).toEqual([])
})

test('each of the five steps has its test', () => {
  const names = readdirSync(join(root, 'test', 'five-steps')).filter((name) => name.endsWith('.test.ts'))
  const steps = ['1-escalate', '2-quarantine', '3-diagnose', '4-refresh', '5-learn']
  expect(names.sort()).toEqual(steps.map((step) => `${step}.test.ts`))
})
