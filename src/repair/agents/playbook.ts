/**
 * Proposes what mended this failure before. The playbook's patches were made from other texts than those that crashed
 * now, so each is fitted by its context and written anew against the text at hand.
 */
import { LazaretError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import type { RemedyStep } from '../../base/remedy.ts'
import { urlOfFile } from '../apply.ts'
import { applyPatchText, makePatch } from '../patch.ts'
import type { RepairAgent } from './agent.ts'

export const playbookAgent: RepairAgent = {
  name: 'playbook',
  async propose({ playbook, sources, kernelFolderUrl }) {
    if (playbook === undefined) return []
    return [{ ...playbook, agent: 'playbook', steps: rebaseSteps(playbook.steps, sources, kernelFolderUrl) }]
  },
}

/** @throws LazaretError PATCH_REFUSED where a patch does not fit the texts any more. */
export function rebaseSteps(
  steps: readonly RemedyStep[],
  sources: Readonly<Record<string, string>>,
  kernelFolderUrl: string,
): readonly RemedyStep[] {
  const texts = new Map(Object.entries(sources))
  return steps.map((step) => {
    if (step.do !== 'apply_patch') return step
    const url = urlOfFile(step.file, kernelFolderUrl)
    const before = texts.get(url)
    const after = before === undefined ? undefined : applyPatchText(before, step.patch, step.preimageSha256)
    if (before === undefined || after === undefined) {
      const why = before === undefined ? 'the kernel did not load that file' : 'it does not fit the text that crashed'
      throw new LazaretError('PATCH_REFUSED', `The playbook's patch to ${JSON.stringify(step.file)} is left: ${why}.`, {
        details: { file: step.file },
        hint: 'The file has changed where the patch applies, or the patch is in already.',
      })
    }
    texts.set(url, after)
    return { ...step, preimageSha256: sha256(before), patch: makePatch(step.file, before, after) }
  })
}
