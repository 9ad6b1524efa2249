/**
 * `npm run -s bench:repair`: how many of the corpus' broken kernels a repair mends, and how many of those that passed
 * their proof were wrong all the same. Each case fails in a real runtime first; see bench/README.md. Exit code 1 where
 * less than 70 % are repaired or one is wrong, 2 where it was called wrongly.
 */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { RepairAgent } from '../src/repair/agents/agent.ts'
import { SandboxPool } from '../src/repair/sandbox-pool.ts'
import { type BugCase, loadCases } from '../test/repair/bugs/cases.ts'
import { reportOf, shortfall, table } from './repair/report.ts'
import { offlineAgents, type Row, rowOf } from './repair/row.ts'

/** Each has a runtime, a sandbox or a language service of its own. */
const casesAtOnce = 2

export interface BenchOptions {
  readonly cases: readonly BugCase[]
  readonly agents?: readonly RepairAgent[] | undefined
  readonly alone: boolean
  readonly model?: boolean | undefined
  readonly signal?: AbortSignal
  readonly progress?: (row: Row, done: number) => void
}

/**
 * Rows in the order of the cases. Leaves no file, thread or process.
 * @throws the signal's reason where it was aborted.
 */
export async function benchRepair({ signal = new AbortController().signal, ...options }: BenchOptions): Promise<Row[]> {
  const { cases, agents, alone, model, progress } = options
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'lazaret-bench-')))
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  const compiledDir = process.env.NODE_COMPILE_CACHE ?? join(root, 'compiled')
  const pool = new SandboxPool(compiledDir)
  try {
    const rows: Row[] = []
    const waiting = [...cases.entries()]
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const [at, bug] = next
        const folder = join(root, bug.name)
        const ofCase = { folder, run: pool.run, compiledDir, alone, model, signal, ...(agents && { agents }) }
        const row = await rowOf(bug, ofCase)
        rows[at] = row
        rmSync(folder, { recursive: true, force: true })
        progress?.(row, rows.filter(Boolean).length)
      }
    }
    // Both have ended before anything is taken away under one of them.
    const ends = await Promise.allSettled(Array.from({ length: casesAtOnce }, work))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
    return rows
  } finally {
    await pool.close()
    rmSync(root, { recursive: true, force: true })
  }
}

const help = `npm run -s bench:repair -- [options]

  --json           one JSON object on stdout
  --bugs <folder>  another corpus of the same format
  --case <name>    this case only; may be given again
  --agent <name>   this agent only: ${offlineAgents.map(({ name }) => name).join(', ')}
  --no-alone       the chain only, not each agent by itself
  --model          besides, a scripted model where the offline agents mend nothing
`

class UsageError extends Error {}
/** Somebody wants it to end; what it has started ends first. */
class Interrupted extends Error {}

function readOptions(args: string[]) {
  const { values } = parseArgs({
    args,
    allowNegative: true,
    options: {
      json: { type: 'boolean', default: false },
      bugs: { type: 'string' },
      case: { type: 'string', multiple: true },
      agent: { type: 'string', multiple: true },
      alone: { type: 'boolean', default: true },
      model: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  return values
}

function chosen<T extends { readonly name: string }>(
  all: readonly T[],
  names: string[] | undefined,
  what: string,
): T[] {
  for (const name of names ?? []) {
    if (all.some((one) => one.name === name)) continue
    throw new UsageError(
      `${what} must be one of ${all.map((one) => one.name).join(', ')}. Got: ${JSON.stringify(name)}.`,
    )
  }
  return all.filter(({ name }) => names === undefined || names.includes(name))
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options.help) {
    process.stdout.write(help)
    return
  }
  const cases = chosen(
    loadCases(options.bugs === undefined ? undefined : resolve(options.bugs)),
    options.case,
    '--case',
  )
  const agents = chosen(offlineAgents, options.agent, '--agent')
  const ended = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => ended.abort(new Interrupted(name)))
  const startedAt = performance.now()
  const rows = await benchRepair({
    ...{
      cases,
      agents,
      alone: options.alone && options.agent === undefined,
      model: options.model,
      signal: ended.signal,
    },
    progress: (row, done) => process.stderr.write(`${progressLine(row, done, cases.length)}\n`),
  })
  const report = reportOf(rows)
  const note = `${agents.map(({ name }) => name).join(', ')}; ${Math.round((performance.now() - startedAt) / 1000)} s in all`
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : table(report, note))
  if (shortfall(report) !== undefined) process.exitCode = 1
}

function progressLine({ case: name, outcome, agent, spared, ms }: Row, done: number, of: number): string {
  const by = agent === undefined ? '' : ` (${agent}${spared === true ? ', message parked' : ''})`
  return `${String(done).padStart(String(of).length)}/${of} ${name}: ${outcome}${by}, ${(ms / 1000).toFixed(1)} s`
}

if (import.meta.main) {
  try {
    await main()
  } catch (thrown) {
    if (thrown instanceof Interrupted) {
      process.stderr.write(`bench:repair: ended by ${thrown.message}\n`)
      process.exit(130)
    }
    const isUsage =
      thrown instanceof UsageError || (thrown as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true
    if (!isUsage) throw thrown
    process.stderr.write(`bench:repair: ${(thrown as Error).message}\n\n${help}`)
    process.exitCode = 2
  }
}
