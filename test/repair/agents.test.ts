import { serialize } from 'node:v8'
import { afterAll, expect, test } from 'vitest'
import { sha256 } from '../../src/base/hash.ts'
import type { Remedy } from '../../src/base/remedy.ts'
import type { AgentInput, RepairAgent } from '../../src/repair/agents/agent.ts'
import { agentChain } from '../../src/repair/agents/index.ts'
import { restoreCode, restoreConfig, restoreEverything, restoreState } from '../../src/repair/agents/restore.ts'
import { applySteps } from '../../src/repair/apply.ts'
import { readSources } from '../../src/repair/sources.ts'
import { Bench } from '../sandbox/bench.ts'
import { withoutSandbox } from './broken.ts'
import { goodConfig, goodDouble, goodText, makePatient, type Patient } from './patient.ts'

const bench = new Bench()
afterAll(() => bench.remove())
const error = { name: 'Error', message: 'x' }

async function inputOf(patient: Patient, more: Partial<AgentInput> = {}): Promise<AgentInput> {
  const { evidence, golden, goldenState, kernelFolderUrl } = patient
  const { sources } = await readSources(evidence, golden, {})
  const { signal } = new AbortController()
  return { ...withoutSandbox, evidence, sources, kernelFolderUrl, golden, goldenState, signal, ...more }
}

async function proposals(agent: RepairAgent, input: AgentInput): Promise<Remedy[]> {
  const found: Remedy[] = []
  const proposed = agent.propose(input)
  for await (const remedy of proposed instanceof Promise ? await proposed : proposed) found.push(remedy)
  return found
}

test('the chain is cheapest first', () => {
  expect(agentChain.map(({ name }) => name)).toEqual([
    ...['playbook', 'restore.state', 'restore.config', 'minimal-revert', 'restore.code'],
    ...['language-service', 'guard'],
  ])
})

test('where nothing differs nothing is proposed', async () => {
  const patient = makePatient(bench, 'same', { error, evidence: { state: serialize(40), config: { ...goodConfig } } })
  const agents = agentChain.filter(({ name }) => name === 'playbook' || name.startsWith('restore.'))
  for (const agent of agents) expect(await agent.propose(await inputOf(patient))).toEqual([])
})

test('the state differs where the failing instance was started from another one; one that had none did not fail for it', async () => {
  const patient = makePatient(bench, 'state', { error, evidence: { state: serialize(39) } })
  expect(await proposals(restoreState, await inputOf(patient))).toMatchObject([{ steps: [{ do: 'restore_state' }] }])
  expect(await proposals(restoreState, await inputOf(patient, { goldenState: undefined }))).toEqual([])
  const { state: _, ...evidence } = patient.evidence
  expect(await proposals(restoreState, await inputOf(patient, { evidence }))).toEqual([])
})

test('where the code has changed too and the old code copes with the same state and configuration, neither is restored', async () => {
  const evidence = { state: serialize(39), config: { step: 2 } }
  const patient = makePatient(bench, 'headroom', { kernel: `${goodText}// new\n`, error, evidence })
  const tried: unknown[] = []
  const input = (outcome: 'passed' | 'failed') =>
    inputOf(patient, {
      replay: async (steps) => {
        tried.push(steps.map((step) => step.do))
        return { outcome, phase: 'message', log: [], durationMs: 1, isolation: 'weak', pid: 1 }
      },
    })
  for (const agent of [restoreState, restoreConfig]) {
    expect(await proposals(agent, await input('passed'))).toEqual([])
    expect(await proposals(agent, await input('failed'))).toHaveLength(1)
  }
  expect(tried).toEqual(Array.from({ length: 4 }, () => ['apply_patch']))
})

test('the configuration is named by the keys that differ', async () => {
  const patient = makePatient(bench, 'config', { error, evidence: { config: { step: 2, extra: 1 } } })
  const [remedy] = await proposals(restoreConfig, await inputOf(patient))
  expect(remedy?.why).toContain('step, extra')
})

test('changed code is patched back, a file that was not loaded at the crash included', async () => {
  const patient = makePatient(bench, 'code', { kernel: `${goodText})`, double: `${goodDouble}// new\n`, error })
  const evidence = { ...patient.evidence, files: patient.evidence.files.slice(0, 1) }
  const found = await readSources(evidence, patient.golden, {})
  const input = await inputOf(patient, { evidence, sources: found.sources })
  const [remedy] = await proposals(restoreCode, input)
  expect(remedy?.steps).toMatchObject([{ file: 'kernel.ts' }, { file: 'double.ts' }])
  const { overlay } = applySteps(remedy?.steps ?? [], { ...found, kernelFolderUrl: patient.kernelFolderUrl })
  expect(Object.values(overlay).map(({ text }) => text)).toEqual([goodText, goodDouble])
})

test('a file outside the folder of the kernel is never patched', async () => {
  const patient = makePatient(bench, 'shared', { error })
  const url = bench.write('common.ts', 'export const a = 2\n')
  const golden = { ...patient.golden, sources: { ...patient.golden.sources, [url]: 'export const a = 1\n' } }
  const text = 'export const a = 2\n'
  const evidence = { ...patient.evidence, files: [...patient.evidence.files, { url, text, sha256: sha256(text) }] }
  const { sources } = await readSources(evidence, golden, {})
  expect(await restoreCode.propose(await inputOf(patient, { golden, evidence, sources }))).toEqual([])
})

test('everything at once goes back to golden, or is nothing where nothing differs', () => {
  const patient = makePatient(bench, 'all', { kernel: `${goodText})`, error, evidence: { config: { step: 0 } } })
  const remedy = restoreEverything(patient.evidence, patient.golden, patient.kernelFolderUrl)
  expect(remedy?.steps.map((step) => step.do)).toEqual(['restore_state', 'restore_config', 'apply_patch'])
  const same = makePatient(bench, 'all2', { error })
  const { snapshot: _, ...stateless } = same.golden
  expect(restoreEverything(same.evidence, stateless, same.kernelFolderUrl)).toBeUndefined()
})

test('an overlay keeps the hotfix in force, and drops what is as on disk again', () => {
  const patient = makePatient(bench, 'overlay', { error })
  const hash = sha256(goodDouble)
  const doubleUrl = new URL('./double.ts', patient.entryUrl).href
  const overlayNow = { [doubleUrl]: { preimageSha256: hash, text: '// hotfix\n' } }
  const from = { sources: {}, onDisk: {}, overlayNow, kernelFolderUrl: patient.kernelFolderUrl }
  expect(applySteps([], from).overlay).toEqual(overlayNow)
  const sources = { [doubleUrl]: goodDouble }
  expect(applySteps([], { ...from, sources, onDisk: { [doubleUrl]: hash } }).overlay).toEqual({})
})
