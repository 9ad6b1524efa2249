/** Whether a patch is one that the proof lets in at all: an agent that knows need not propose it. */
import { fileURLToPath } from 'node:url'
import { LazaretError } from '../../base/errors.ts'
import { checkPatch, type PatchStep } from '../patch.ts'

/** @param kernelFolderUrl with a slash at the end. */
export function isAllowedPatch(step: PatchStep, kernelFolderUrl: string): boolean {
  try {
    checkPatch(step, fileURLToPath(kernelFolderUrl))
    return true
  } catch (thrown) {
    if (thrown instanceof LazaretError && thrown.code === 'PATCH_REFUSED') return false
    throw thrown
  }
}
