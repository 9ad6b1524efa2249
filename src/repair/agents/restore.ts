/**
 * Three agents that go back to what was good: state, configuration or code of the golden snapshot, each alone, so that
 * what the proof accepts is also the diagnosis. Where nothing differs nothing is proposed. Where the code has changed as
 * well, and golden's code copes with what the kernel failed with, it is the code: an emptier state or a wider limit would
 * only put the same failure off.
 */
import { isDeepStrictEqual } from 'node:util'
import { LazaretError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import type { Evidence, Golden, Remedy, RemedyStep } from '../../base/remedy.ts'
import { makePatch } from '../patch.ts'
import type { AgentInput, RepairAgent } from './agent.ts'

export const restoreState: RepairAgent = {
  name: 'restore.state',
  async propose(input) {
    const { evidence, golden, goldenState } = input
    if (golden?.snapshot === undefined || goldenState === undefined) return []
    // One that was started without a state did not fail for it.
    if (evidence.state === undefined || Buffer.compare(evidence.state, goldenState) === 0) return []
    if (await isOfCode(input)) return []
    const why = `The state of ${golden.snapshot} was good; the failing instance was started from another one.`
    return [{ agent: 'restore.state', healedBy: 'state', steps: [{ do: 'restore_state' }], why }]
  },
}

export const restoreConfig: RepairAgent = {
  name: 'restore.config',
  async propose(input) {
    const { evidence, golden } = input
    if (golden === undefined || isDeepStrictEqual(evidence.config, golden.config)) return []
    if (await isOfCode(input)) return []
    const keys = changedKeys(evidence.config, golden.config).join(', ')
    const why = `The configuration has changed since the kernel was last steady: ${keys}.`
    return [{ agent: 'restore.config', healedBy: 'config', steps: [{ do: 'restore_config' }], why }]
  },
}

export const restoreCode: RepairAgent = {
  name: 'restore.code',
  async propose({ sources, golden, kernelFolderUrl }) {
    if (golden === undefined) return []
    const steps = patchesTo(golden.sources, sources, kernelFolderUrl)
    if (steps.length === 0) return []
    const files = steps.map(({ file }) => file).join(', ')
    const why = `The code has changed since the kernel was last steady: ${files}.`
    return [{ agent: 'restore.code', healedBy: 'code', steps, why }]
  },
}

/** Whether golden's code handles the recorded messages on the very state and configuration with which the present one fails. */
async function isOfCode({ golden, sources, kernelFolderUrl, replay, progress }: AgentInput): Promise<boolean> {
  const steps = golden === undefined ? [] : patchesTo(golden.sources, sources, kernelFolderUrl)
  if (steps.length === 0) return false
  try {
    const { outcome, refused } = await replay(steps)
    const copes = outcome === 'passed' && refused === undefined
    if (copes) progress("Golden's code copes with the same state and configuration, so neither is at fault.")
    return copes
  } catch (thrown) {
    // Where the old code cannot be put back nothing is known of it.
    if (thrown instanceof LazaretError && thrown.code === 'PATCH_REFUSED') return false
    throw thrown
  }
}

function changedKeys(now: Record<string, unknown>, then: Record<string, unknown>): string[] {
  const keys = new Set([...Object.keys(now), ...Object.keys(then)])
  return [...keys].filter((key) => !isDeepStrictEqual(now[key], then[key]))
}

type Texts = Readonly<Record<string, string>>

/** Files outside the kernel's folder are shared with others, so no repair of this kernel changes them. */
function patchesTo(golden: Texts, sources: Texts, kernelFolderUrl: string) {
  const steps: Extract<RemedyStep, { do: 'apply_patch' }>[] = []
  for (const [url, text] of Object.entries(golden)) {
    const before = sources[url]
    if (before === undefined || before === text || !url.startsWith(kernelFolderUrl)) continue
    const file = decodeURIComponent(url.slice(kernelFolderUrl.length))
    steps.push({ do: 'apply_patch', file, preimageSha256: sha256(before), patch: makePatch(file, before, text) })
  }
  return steps
}

/**
 * Everything at once, for a kernel that must be back soon: tier 1 is put on its golden snapshot before it is repaired.
 * Undefined where golden differs in nothing.
 */
export function restoreEverything(evidence: Evidence, golden: Golden, kernelFolderUrl: string): Remedy | undefined {
  const texts = Object.fromEntries(evidence.files.map(({ url, text }) => [url, text]))
  const sameConfig = isDeepStrictEqual(evidence.config, golden.config)
  const steps: RemedyStep[] = [
    ...(golden.snapshot === undefined ? [] : [{ do: 'restore_state' as const }]),
    ...(sameConfig ? [] : [{ do: 'restore_config' as const }]),
    ...patchesTo(golden.sources, texts, kernelFolderUrl),
  ]
  if (steps.length === 0) return undefined
  const why = 'Everything goes back to the last golden snapshot: state, configuration and code.'
  return { agent: 'restore.all', healedBy: 'restore', steps, why }
}
