/**
 * The model agent with an endpoint on loopback that answers by a script: it reads, writes the files of a case's `mended/`,
 * tries them and hands them over. So the loop of tools, budget and proof is gone through on real failures; what a model
 * would come up with is not measured.
 */
import type { RepairAgent } from '../../src/repair/agents/agent.ts'
import { makeModelAgent } from '../../src/repair/agents/model.ts'
import type { BugCase } from '../../test/repair/bugs/cases.ts'
import { type ScriptedAnswer, startScriptedModel } from '../../test/support/scripted-model.ts'

/** Undefined where the right fix changes no code: there is nothing to write. */
export async function withScriptedModel<T>(
  { entry, mended }: BugCase,
  use: (agent: RepairAgent) => Promise<T>,
): Promise<T | undefined> {
  if (mended === undefined) return undefined
  const writes = Object.entries(mended).map(([path, text]) => ({ name: 'write_file', input: { path, text } }))
  const script: ScriptedAnswer[] = [
    { say: 'Let me look. ', calls: [{ name: 'read_file', input: { path: entry } }] },
    { calls: writes },
    { calls: ['run_replay', 'run_check'].map((name) => ({ name, input: {} })) },
    { calls: [{ name: 'submit', input: { explanation: 'What mended/ of this case says.' } }] },
  ]
  await using model = await startScriptedModel(script)
  const agent = makeModelAgent({
    ...{ provider: 'openai-compatible', baseUrl: model.url, model: 'scripted' },
    ...{ attempts: 1, minutes: 2, maxTokens: 200_000, maxUsd: 1 },
  })
  return await use(agent)
}
