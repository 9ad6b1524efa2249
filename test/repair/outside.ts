/** A kernel with a defect that no agent of this package mends, and an agent from outside asked about it. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RepairCost } from '../../src/base/remedy.ts'
import type { RepairAgent } from '../../src/repair/agents/agent.ts'
import { type RepairOutcome, runRepair } from '../../src/repair/repair.ts'
import type { SandboxPool } from '../../src/repair/sandbox-pool.ts'
import { type Bench, message } from '../sandbox/bench.ts'
import { type Broken, fallIll, type Ill } from './broken.ts'

/** It has no average of nothing: no type is wrong, and no golden snapshot is there. */
export const averageKernel = `import { defineKernel } from 'lazaret/kernel'
import { sum } from './sum.ts'

export default defineKernel({
  async start() {
    const values: number[] = []
    return {
      api: {
        add: (value: number) => values.push(value),
        average() {
          const result: any = values.length > 0 ? sum(values) / values.length : undefined
          return Number(result.toFixed(2))
        },
      },
    }
  },
})
`
export const averageSum = 'export const sum = (values: number[]) => values.reduce((all, one) => all + one, 0)\n'
export const averageCheck = `import { defineCheck } from 'lazaret/kernel'
export default defineCheck(async (kernel: any) => {
  await kernel.ask.add(2)
  await kernel.ask.add(4)
  if ((await kernel.ask.average()) !== 3) throw new Error('the average is wrong')
})
`
export const badLine = 'const result: any = values.length > 0 ? sum(values) / values.length : undefined'
export const goodLine = badLine.replace('undefined', '0')

export const average: Broken = {
  files: { 'kernel.ts': averageKernel, 'sum.ts': averageSum, 'check.ts': averageCheck },
  messages: [message('average')],
}

export interface Asked {
  readonly outcome: RepairOutcome
  readonly refused: readonly { readonly refusal: string | undefined; readonly cost: RepairCost | undefined }[]
  readonly progress: readonly string[]
  /** All reasons in one text; empty where it was mended. */
  readonly reasons: string
  readonly cost: RepairCost | undefined
}

/** Falls ill with its evidence folder filled. */
export async function illOf(bench: Bench, pool: SandboxPool, name: string, broken: Broken = average): Promise<Ill> {
  const ill = await fallIll(bench, pool, name, broken)
  const { folder, error } = ill.evidence
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'error.json'), JSON.stringify({ error }))
  writeFileSync(join(folder, 'kernel.log'), 'asked for an average\n')
  writeFileSync(join(folder, 'messages.jsonl'), '{"method":"average","args":[]}\n')
  return ill
}

/** A whole repair with this agent alone: proposals, proofs and verdicts as in service. */
export async function askAlone(
  bench: Bench,
  pool: SandboxPool,
  ill: Ill,
  agent: RepairAgent,
  signal: AbortSignal = new AbortController().signal,
): Promise<Asked> {
  const refused: { refusal: string | undefined; cost: RepairCost | undefined }[] = []
  const progress: string[] = []
  let cost: RepairCost | undefined
  const outcome = await runRepair({
    ...{ evidence: ill.evidence, attempt: 1, agents: [agent], run: pool.run, tried: new Set<string>(), signal },
    ...{ dataDir: bench.path(`${ill.evidence.incident}-data`), kernelDataDir: bench.path('none') },
    spec: {
      ...{ entryUrl: ill.entryUrl, crashOn: 'defects' },
      limits: { heapMb: 256, externalMb: 512, startMs: 10_000, stopMs: 5000, askMs: 5000 },
      repair: {
        ...{ autonomy: 'fix', isolation: 'weak', maxAttempts: 3, maxPerHour: 3, timeoutMs: 120_000, expiresMs: 1000 },
      },
    },
    on: {
      proposed: () => {},
      verified: (_remedy, _verdict, spent) => {
        cost = spent
      },
      refused: (_remedy, { refusal }, spent) => refused.push({ refusal, cost: spent }),
      progressed: (_agent, text) => progress.push(text),
    },
  })
  const reasons = 'reasons' in outcome ? outcome.reasons.join('\n') : ''
  return { outcome, refused, progress, reasons, cost }
}
