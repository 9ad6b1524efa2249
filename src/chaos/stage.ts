/**
 * The place where the stress run plays: a folder of its own with a copy of the fleet that comes with the package, each
 * kernel (and each fallback) behind a wrapper that writes down every start and every message, so that what happened is
 * counted outside the runtime. The user's files are not touched.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Document, parseDocument } from 'yaml'
import { LazaretError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Edit } from './edit.ts'

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const manifestFile = findPackageJSON(import.meta.url) ?? ''
const packageFolder = dirname(manifestFile)
const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as { dependencies: Record<string, string> }
const fleetFolder = fileURLToPath(new URL('../../kernels/', import.meta.url))

/**
 * Times short enough to see a whole life in seconds. Milliseconds; what is not here is as in any fleet. The backoff is
 * longer than the default of 200, as of a fleet whose restarts wait for what they need: 1.5, 3 and 6 s until the budget is
 * spent. It is what the first healing of a failure costs besides the repair, and what its playbook saves.
 */
export const stressTimes = {
  stableMs: 1500,
  ...{ backoffMs: 1500, backoffMaxMs: 10_000, heartbeatMs: 1000, snapshotMs: 500, startMs: 10_000, integrityMs: 1000 },
} as const
/** What differs for one kernel on this stage: a section of its fleet entry, merged key by key. */
export interface Setting {
  readonly kernel: string
  readonly set: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

export interface Script {
  /** Defects that are in the code from the first boot on. */
  readonly plants: readonly Edit[]
  readonly settings: readonly Setting[]
}

export interface Stage {
  readonly folder: string
  readonly fleetFile: string
  /** Ids in the order of the fleet. */
  readonly kernels: readonly string[]
  /** The kernel's own source file, behind its wrapper, or another file of its folder. */
  source(kernel: string, file?: string): string
  /** Path of a ledger, by its name: a kernel's id, or `<id>.fallback`. */
  ledger(name: string): string
  /** Names of the ledgers in which a message to a kernel may stand: its own, its fallback's, its reroute's. */
  ledgersOf(kernel: string): readonly string[]
}

interface Listed {
  readonly id: string
  readonly dependsOn?: readonly string[]
  readonly degraded?: Readonly<Record<string, unknown>>
}

/** Builds the stage. @param folder must not exist. */
export function setStage(folder: string, script: Script): Stage {
  const copy = join(folder, 'kernels')
  mkdirSync(join(folder, 'ledger'), { recursive: true })
  cpSync(fleetFolder, copy, { recursive: true, filter: (path) => !path.endsWith('.d.ts') })
  linkPackages(folder)
  const fleetFile = join(copy, 'fleet.yaml')
  const document = parseDocument(readFileSync(fleetFile, 'utf8'))
  const { kernels: listed } = document.toJS() as { kernels: readonly Listed[] }
  const ids = listed.map(({ id }) => id)
  for (const [index, each] of listed.entries()) shorten(document, index, each)
  for (const { kernel, set } of script.settings) setKeys(document, ids.indexOf(kernel), set)
  writeFileSync(fleetFile, document.toString())
  const stage = stageIn(folder, copy, fleetFile, listed)
  for (const id of ids) wrapKernel(stage, copy, id)
  for (const plant of script.plants) editSource(stage, plant)
  return stage
}

/** The copies import what this package depends on; elsewhere than below it that is not found, so each is linked. */
function linkPackages(folder: string): void {
  const above = (from: string): string[] => (dirname(from) === from ? [from] : [from, ...above(dirname(from))])
  const find = (name: string, from: string) =>
    above(from)
      .map((place) => join(place, 'node_modules', name))
      .find((path) => existsSync(path))
  for (const name of Object.keys(manifest.dependencies)) {
    if (find(name, folder) !== undefined) continue
    const there = find(name, packageFolder)
    // One that is missing is the kernel's own failure to load, and says so.
    if (there === undefined) continue
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(there, link, 'dir')
  }
}

function stageIn(folder: string, copy: string, fleetFile: string, listed: readonly Listed[]): Stage {
  const ids = listed.map(({ id }) => id)
  const standIns = new Map(
    listed.map(({ id, degraded = {} }) => [
      id,
      [
        ...(existsSync(join(copy, id, `fallback${extension}`)) ? [`${id}.fallback`] : []),
        ...Object.values(degraded).filter((value) => typeof value === 'string' && ids.includes(value)),
      ] as string[],
    ]),
  )
  return {
    ...{ folder, fleetFile, kernels: ids },
    source: (kernel, file = 'itself') => join(copy, kernel, `${file}${extension}`),
    ledger: (name) => join(folder, 'ledger', `${name}.jsonl`),
    ledgersOf: (kernel) => [kernel, ...(standIns.get(kernel) ?? [])],
  }
}

/** Degraded modes, replicas, budgets and limits stay as the fleet has them: what is told of it is true of it. */
function shorten(document: Document, index: number, { degraded }: Listed): void {
  const { stableMs, backoffMs, backoffMaxMs, heartbeatMs, snapshotMs, startMs } = stressTimes
  setKeys(document, index, {
    restart: { stableMs, backoffMs, backoffMaxMs, jitter: 0 },
    heartbeat: { timeoutMs: heartbeatMs },
    snapshot: { everyMs: snapshotMs, keep: 5 },
    limits: { startMs },
    // The same defect comes back within minutes here, on purpose.
    repair: { maxPerHour: limits.repairsPerHour },
    // More than the default 1000: one minute's traffic.
    ...(degraded === undefined || degraded.mode === 'buffer' ? { degraded: { mode: 'buffer', max: 5000 } } : {}),
  })
}

function setKeys(document: Document, index: number, sections: Setting['set']): void {
  for (const [section, keys] of Object.entries(sections)) {
    for (const [key, value] of Object.entries(keys)) document.setIn(['kernels', index, section, key], value)
  }
}

function wrapKernel(stage: Stage, copy: string, kernel: string): void {
  wrap(join(copy, kernel, `kernel${extension}`), stage.source(kernel), stage.ledger(kernel))
  const fallback = join(copy, kernel, `fallback${extension}`)
  if (existsSync(fallback)) wrap(fallback, stage.source(kernel, 'fallback-itself'), stage.ledger(`${kernel}.fallback`))
}

function wrap(entry: string, itself: string, ledger: string): void {
  if (existsSync(itself)) throw new LazaretError('NOT_FOUND', `The stress run needs the name ${itself} for itself.`)
  renameSync(entry, itself)
  writeFileSync(entry, wrapperText(`./${itself.slice(itself.lastIndexOf('/') + 1)}`, ledger))
}

/** What a stress message is recognised by, wherever it stands among the arguments. */
export const tokenPattern = /stress-\d+-\d+/

/** In the sandbox the ledger may not be written, and must not be: a replay is no life. */
function wrapperText(itself: string, ledger: string): string {
  const file = JSON.stringify(itself)
  return `import { appendFileSync } from 'node:fs'
import { defineKernel } from 'lazaret/kernel'
import itself from ${file}

export * from ${file}

const ledger = ${JSON.stringify(ledger)}
const mayWrite = process.permission === undefined || process.permission.has('fs.write', ledger)
const note = (line) => {
  if (mayWrite) appendFileSync(ledger, \`\${JSON.stringify({ ...line, at: Date.now() })}\\n\`)
}

export default defineKernel({
  async start(ctx) {
    note({ what: 'start' })
    const instance = await itself.start(ctx)
    const api = {}
    for (const [name, method] of Object.entries(instance.api)) {
      api[name] = (...args) => {
        const token = ${tokenPattern}.exec(JSON.stringify(args) ?? '')?.[0]
        note({ what: 'message', method: name, token })
        return method.apply(instance.api, args)
      }
    }
    return { ...instance, api }
  },
})
`
}

/** Applies an edit to a kernel's source. @throws LazaretError NOT_FOUND where the text is not there, or not once. */
export function editSource(stage: Stage, { kernel, file, find, replace }: Edit): void {
  const path = stage.source(kernel, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(find).length !== 2) {
    const times = text.split(find).length - 1
    throw new LazaretError('NOT_FOUND', `The stress run expects ${JSON.stringify(find)} once in ${path}: ${times}.`, {
      hint: 'The kernel was changed: update the table in src/chaos/defects.ts.',
    })
  }
  writeFileSync(
    path,
    text.replace(find, () => replace),
  )
}
