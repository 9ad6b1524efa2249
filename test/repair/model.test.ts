/** The model agent against a scripted endpoint on loopback: real HTTP, real sandbox, real proof. */
import { expect, test } from 'vitest'
import type { ModelSpec } from '../../src/base/agents-spec.ts'
import { type ModelAgentOptions, makeModelAgent } from '../../src/repair/agents/model.ts'
import { benchWithPool } from '../sandbox/bench.ts'
import { type Script, type ScriptedAnswer, type ScriptedModel, startScriptedModel } from '../support/scripted-model.ts'
import { type Asked, askAlone, averageKernel, badLine, goodLine, illOf } from './outside.ts'

const { bench, pool } = benchWithPool()

const spec = (url: string, more: Partial<ModelSpec> = {}): ModelSpec => ({
  ...{ provider: 'openai-compatible', baseUrl: url, model: 'scripted' },
  ...{ attempts: 3, minutes: 1, maxTokens: 200_000, maxUsd: 1 },
  ...more,
})

let count = 0
interface Setting {
  readonly spec?: Partial<ModelSpec>
  readonly options?: ModelAgentOptions
  readonly files?: Readonly<Record<string, string>>
}

async function repairWith(script: Script, setting: Setting = {}): Promise<Asked & { model: ScriptedModel }> {
  await using model = await startScriptedModel(script)
  count += 1
  const ill = await illOf(bench, pool, `model${count}`)
  const agent = makeModelAgent(spec(model.url, setting.spec), { retryMs: 5, ...setting.options })
  const asked = await askAlone(bench, pool, ill, agent)
  await model.idle()
  return { ...asked, model }
}

const edit = { name: 'edit_file', input: { path: 'kernel.ts', old: badLine, new: goodLine } }
const submit = { name: 'submit', input: { explanation: 'the average of nothing is 0' } }
const mend: ScriptedAnswer[] = [
  { say: 'Let me look. ', calls: [{ name: 'list_files', input: {} }] },
  {
    calls: [
      { name: 'read_file', input: { path: 'kernel.ts' } },
      { name: 'search', input: { text: 'values*length' } },
    ],
  },
  { calls: [edit] },
  {
    calls: [
      { name: 'run_replay', input: {} },
      { name: 'run_check', input: {} },
    ],
  },
  { calls: [submit] },
]

test('it reads, edits, tries and submits, and the proof accepts what it made', async () => {
  const { outcome, progress, cost, model, reasons } = await repairWith(mend, {
    spec: { usdPerMillionIn: 10, usdPerMillionOut: 100 },
  })
  expect(reasons).toBe('')
  expect(outcome).toMatchObject({
    remedy: { agent: 'model', healedBy: 'code', why: 'the average of nothing is 0', steps: [{ file: 'kernel.ts' }] },
    verdict: { passed: true },
  })
  expect(cost).toMatchObject({ tokensIn: 500, tokensOut: 50, sandboxRuns: 2 })
  expect(cost?.usd).toBeCloseTo(0.01)
  const results = model.asked.map(({ last }) => last)
  expect(results[1]).toContain('evidence/error.json')
  expect(results[2]).toContain(`kernel.ts:${averageKernel.split('\n').findIndex((line) => line.includes(badLine)) + 1}`)
  expect(results[4]).toContain('the check passed')
  expect(progress).toContain('says: Let me look.')
  expect(progress.some((line) => line.startsWith('edit_file '))).toBe(true)
})
