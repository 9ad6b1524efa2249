/** Kernels that are broken on purpose, run once in the sandbox, so that the error is the one that Node throws. */
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sha256 } from '../../src/base/hash.ts'
import type { Evidence, RecordedMessage, Remedy } from '../../src/base/remedy.ts'
import type { AgentInput, RepairAgent } from '../../src/repair/agents/agent.ts'
import { applySteps } from '../../src/repair/apply.ts'
import type { SandboxPool } from '../../src/repair/sandbox-pool.ts'
import { Trials } from '../../src/repair/verification/trials.ts'
import { makeWorkspace } from '../../src/repair/workspace.ts'
import type { Bench } from '../sandbox/bench.ts'

export interface Broken {
  readonly files: Readonly<Record<string, string>>
  /** Default: kernel.ts, or kernel.js where there is one. */
  readonly entry?: string
  readonly messages?: readonly RecordedMessage[]
  /** Files that were not loaded when it failed. */
  readonly unloaded?: readonly string[]
}

export interface Ill {
  readonly entryUrl: string
  readonly evidence: Evidence
  readonly input: AgentInput
}

export async function fallIll(bench: Bench, pool: SandboxPool, name: string, broken: Broken): Promise<Ill> {
  const { files, messages = [], unloaded = [] } = broken
  const entry = broken.entry ?? (files['kernel.js'] === undefined ? 'kernel.ts' : 'kernel.js')
  for (const [file, text] of Object.entries(files)) bench.write(`${name}/${file}`, text)
  const entryUrl = bench.url(`${name}/${entry}`)
  const result = await pool.run(bench.job(entryUrl, { messages }), new AbortController().signal)
  if (result.error === undefined) throw new Error(`${name} does not fail: ${result.outcome}`)
  const loaded = Object.entries(files).filter(([file]) => !unloaded.includes(file) && !file.startsWith('check.'))
  const folder = bench.path(`${name}-evidence`)
  mkdirSync(folder)
  const evidence: Evidence = {
    ...{ kernel: 'patient', incident: `inc_${name}`, fingerprint: 'f', error: result.error, config: {}, folder },
    phase: result.phase === 'check' ? 'start' : result.phase,
    files: loaded.map(([file, text]) => ({ url: bench.url(`${name}/${file}`), text, sha256: sha256(text) })),
    ...{ messages, replies: [] },
  }
  const sources = Object.fromEntries(evidence.files.map(({ url, text }) => [url, text]))
  const kernelFolderUrl = new URL('./', entryUrl).href
  const { signal } = new AbortController()
  const root = bench.path('agents')
  const workspace = await makeWorkspace({ root, incident: name, attempt: 1, evidence, dataDirOfKernel: `${root}-none` })
  const trials = new Trials({ evidence, entryUrl, crashOn: 'defects', workspace, signal }, pool.run)
  const input: AgentInput = {
    ...{ evidence, sources, kernelFolderUrl, signal, folder: workspace.folder, verdicts: [] },
    replay: async (steps) => trials.green(await trials.applied(steps)),
    check: async (steps) => trials.check(await trials.applied(steps)),
    tryMessages: (messages, options) => trials.alone(messages, options),
    ...{ isCodeWrittenNext: false, spend: () => {}, progress: () => {} },
  }
  return { entryUrl, evidence, input }
}

const noSandbox = () => Promise.reject(new Error('this test has no sandbox'))

/** What an agent is given that needs no sandbox: it may not try anything out. */
export const withoutSandbox: Pick<
  AgentInput,
  'folder' | 'replay' | 'check' | 'tryMessages' | 'isCodeWrittenNext' | 'verdicts' | 'spend' | 'progress'
> = {
  folder: '/none',
  replay: noSandbox,
  check: noSandbox,
  ...{ tryMessages: noSandbox, isCodeWrittenNext: false },
  ...{ verdicts: [], spend: () => {}, progress: () => {} },
}

export async function proposed(agent: RepairAgent, input: AgentInput): Promise<Remedy[]> {
  const found = agent.propose(input)
  if (found instanceof Promise) return found
  const all: Remedy[] = []
  for await (const remedy of found) all.push(remedy)
  return all
}

/** Whole texts that a remedy leads to, by file name. */
export function textsAfter(remedy: Remedy, { sources, kernelFolderUrl, evidence }: AgentInput): Record<string, string> {
  const onDisk = Object.fromEntries(evidence.files.map(({ url, sha256 }) => [url, sha256]))
  const { overlay } = applySteps(remedy.steps, { sources, onDisk, overlayNow: {}, kernelFolderUrl })
  const folder = fileURLToPath(kernelFolderUrl)
  return Object.fromEntries(
    Object.entries(overlay).map(([url, { text }]) => [fileURLToPath(url).slice(folder.length), text]),
  )
}
