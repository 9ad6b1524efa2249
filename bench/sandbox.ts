/**
 * What a sandboxed trial of a small kernel costs at each level of isolation that this machine gives, in a process started
 * for it (cold) and in one that was waiting (warm). The kinds take turns, so that a busy machine is busy for all. Prints
 * medians of the rounds.
 *
 *     npm run -s bench -- sandbox [--json] [--rounds 15]
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { SandboxPool } from '../src/repair/sandbox-pool.ts'
import { defaultBounds, isolationHere, permissionHere, type TrialJob } from '../src/repair/trial.ts'

/** Longer than a process takes to load everything but the candidate. */
const warmingMs = 700

const kernelText = `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start: () => ({ api: { add: (a: number, b: number) => a + b } }) })
`

interface Figures {
  readonly wallMs: number[]
  readonly cpuMs: number[]
}

export async function sandbox(args: readonly string[]): Promise<void> {
  const options = { json: { type: 'boolean' }, rounds: { type: 'string', default: '15' } } as const
  const { values } = parseArgs({ args: [...args], options })
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'lazaret-bench-')))
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  writeFileSync(join(root, 'kernel.ts'), kernelText)
  const pools = new Map([[permissionHere(), new SandboxPool(undefined, { bubblewrap: false })]])
  if (isolationHere() === 'bwrap+permission') pools.set('bwrap+permission', new SandboxPool())
  const kinds = [...pools].flatMap(([level, pool]) => [false, true].map((warm) => ({ level, pool, warm })))
  const figures = kinds.map((): Figures => ({ wallMs: [], cpuMs: [] }))
  try {
    // The first round starts the drivers, and does not count.
    for (let round = 0; round <= Number(values.rounds); round += 1) {
      for (const [index, { pool, warm }] of kinds.entries()) {
        const { wallMs, cpuMs } = await measure(jobIn(root, `${round}-${index}`), pool, warm)
        if (round === 0) continue
        figures[index]?.wallMs.push(wallMs)
        figures[index]?.cpuMs.push(cpuMs)
      }
    }
  } finally {
    for (const pool of pools.values()) await pool.close()
    rmSync(root, { recursive: true })
  }
  const rows = kinds.map(({ level, warm }, index) => ({
    ...{ level, warm, rounds: Number(values.rounds) },
    ...{ wallMs: median(figures[index]?.wallMs), cpuMs: median(figures[index]?.cpuMs) },
  }))
  if (values.json) console.log(JSON.stringify({ rows }))
  else
    for (const { level, warm, wallMs, cpuMs } of rows) {
      console.log(
        `${level}, ${warm ? 'warm' : 'cold'}: ${wallMs} ms, of which ${cpuMs} ms CPU of the candidate's process`,
      )
    }
}

function median(list: readonly number[] = []): number {
  return Math.round([...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN)
}

function jobIn(root: string, name: string): TrialJob {
  const folder = join(root, name)
  for (const part of ['out', 'data']) mkdirSync(join(folder, part), { recursive: true })
  return {
    ...{
      mode: 'replay',
      kernel: 'bench',
      entryUrl: pathToFileURL(join(root, 'kernel.ts')).href,
      overlay: {},
      config: {},
    },
    ...{ replies: [], messages: [], crashOn: 'defects', folder, files: [], bounds: { ...defaultBounds, settleMs: 0 } },
  }
}

async function measure(job: TrialJob, pool: SandboxPool, warm: boolean): Promise<{ wallMs: number; cpuMs: number }> {
  if (warm) {
    pool.prepare(job)
    await sleep(warmingMs)
  }
  const startedAt = performance.now()
  const { outcome, cost } = await pool.run(job, new AbortController().signal)
  const wallMs = performance.now() - startedAt
  if (outcome !== 'passed' || cost?.warm !== warm)
    throw new Error(`expected ${warm ? 'warm' : 'cold'} and passed. Got: ${outcome}`)
  return { wallMs, cpuMs: cost.cpuMs ?? Number.NaN }
}
