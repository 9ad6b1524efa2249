/**
 * The place where the stress run plays: a folder of its own with a copy of the fleet that comes with the package, each
 * kernel behind a wrapper that writes down every start and every message, so that what happened is counted outside the
 * runtime. The user's files are not touched.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseDocument } from 'yaml'
import { LazaretError } from '../base/errors.ts'
import { type Plant, plants, unmendable } from './defects.ts'

const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const fleetFolder = fileURLToPath(new URL('../../kernels/', import.meta.url))

/** Times short enough to see a whole life in seconds. Milliseconds. */
export const stressTimes = {
  stableMs: 1500,
  ...{ backoffMs: 50, backoffMaxMs: 200, heartbeatMs: 1000, snapshotMs: 500, startMs: 10_000 },
} as const

export interface Stage {
  readonly folder: string
  readonly fleetFile: string
  /** Ids in the order of the fleet. */
  readonly kernels: readonly string[]
  /** The kernel's own source file, behind its wrapper. */
  source(kernel: string): string
  ledger(kernel: string): string
}

/** Builds the stage. @param folder must not exist. */
export function setStage(folder: string): Stage {
  const copy = join(folder, 'kernels')
  mkdirSync(join(folder, 'ledger'), { recursive: true })
  cpSync(fleetFolder, copy, { recursive: true, filter: (path) => !path.endsWith('.d.ts') })
  const fleetFile = join(copy, 'fleet.yaml')
  const document = parseDocument(readFileSync(fleetFile, 'utf8'))
  const listed = document.toJS() as { kernels: { id: string; tier?: number }[] }
  const stage: Stage = {
    ...{ folder, fleetFile, kernels: [...listed.kernels.map(({ id }) => id), unmendable.kernel] },
    source: (kernel) => join(copy, kernel, `job${extension}`),
    ledger: (kernel) => join(folder, 'ledger', `${kernel}.jsonl`),
  }
  listed.kernels.forEach((_, index) => {
    const set = (path: string[], value: unknown) => document.setIn(['kernels', index, ...path], value)
    set(['restart'], { max: 3, stableMs: stressTimes.stableMs, backoffMs: 50, backoffMaxMs: 200 })
    set(['heartbeat'], { timeoutMs: stressTimes.heartbeatMs })
    set(['snapshot'], { everyMs: stressTimes.snapshotMs, keep: 5 })
    set(['limits', 'startMs'], stressTimes.startMs)
    // A request in a stress run is as good later as now; that way every caller's message is accounted for.
    set(['degraded'], { mode: 'buffer', max: 5000 })
  })
  document.addIn(['kernels'], {
    ...{
      id: unmendable.kernel,
      entry: `./${unmendable.kernel}/kernel${extension}`,
      tier: 4,
      degraded: { mode: 'reject' },
    },
  })
  writeFileSync(fleetFile, document.toString())
  mkdirSync(join(copy, unmendable.kernel))
  writeFileSync(join(copy, unmendable.kernel, `kernel${extension}`), unmendable.source)
  for (const { id } of listed.kernels) wrap(stage, copy, id)
  for (const plant of plants) plantDefect(stage, plant)
  return stage
}

function wrap(stage: Stage, copy: string, kernel: string): void {
  const entry = join(copy, kernel, `kernel${extension}`)
  // A kernel whose folder has a file job.ts of its own keeps it: the source moves to a name that is free.
  if (existsSync(stage.source(kernel)))
    renameSync(stage.source(kernel), join(copy, kernel, `job-of-kernel${extension}`))
  const text = readFileSync(entry, 'utf8').replaceAll(`'./job${extension}'`, `'./job-of-kernel${extension}'`)
  writeFileSync(stage.source(kernel), text)
  writeFileSync(entry, wrapperText(stage.ledger(kernel)))
}

/** What a stress message is recognised by, wherever it stands among the arguments. */
export const tokenPattern = /stress-\d+-\d+/

/** In the sandbox the ledger may not be written, and must not be: a replay is no life. */
function wrapperText(ledger: string): string {
  return `import { appendFileSync } from 'node:fs'
import { defineKernel } from 'lazaret/kernel'
import job from './job${extension}'

const ledger = ${JSON.stringify(ledger)}
const mayWrite = process.permission === undefined || process.permission.has('fs.write', ledger)
const note = (line) => {
  if (mayWrite) appendFileSync(ledger, \`\${JSON.stringify({ ...line, at: Date.now() })}\\n\`)
}

export default defineKernel({
  async start(ctx) {
    note({ what: 'start' })
    const instance = await job.start(ctx)
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

function plantDefect(stage: Stage, { kernel, find, replace }: Plant): void {
  const file = stage.source(kernel)
  const text = readFileSync(file, 'utf8')
  if (!text.includes(find)) {
    throw new LazaretError('NOT_FOUND', `The stress run expects ${JSON.stringify(find)} in the source of ${kernel}.`, {
      hint: 'The kernel was changed: update the table in src/chaos/defects.ts.',
    })
  }
  writeFileSync(file, text.replace(find, replace))
}
