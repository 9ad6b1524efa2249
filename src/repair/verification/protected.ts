/**
 * What a repair may change at all, looked at before anything runs: files of the kernel that are as they were at the crash,
 * in patches that fit, with no word in them by which code tells the sandbox from service.
 */
import { fileURLToPath } from 'node:url'
import { LazaretError } from '../../base/errors.ts'
import type { Remedy } from '../../base/remedy.ts'
import { count } from '../../base/words.ts'
import type { Applied } from '../apply.ts'
import { checkPatch, type PatchStep } from '../patch.ts'
import { fell, held, type Judged } from './judged.ts'
import type { ChangedFile } from './size.ts'
import { newTell } from './tells.ts'
import type { Trials } from './trials.ts'

export interface Protected {
  readonly judged: Judged
  /** Absent where the steps cannot be applied. */
  readonly applied?: Applied
  readonly files: readonly ChangedFile[]
}

export async function judgeProtected(
  trials: Trials,
  remedy: Remedy,
  patches: readonly PatchStep[],
  hasGoldenState: boolean,
): Promise<Protected> {
  const { changed } = await trials.sources()
  const refused = (detail: string): Protected => ({ judged: fell(detail), files: [] })
  if (changed.length > 0)
    return refused(`${changed.join(', ')} changed since the crash, so the crash is not this code's.`)
  let applied: Applied
  try {
    for (const step of patches) checkPatch(step, fileURLToPath(trials.kernelFolderUrl))
    applied = await trials.applied(remedy.steps)
  } catch (thrown) {
    if (!(thrown instanceof LazaretError)) throw thrown
    return refused(thrown.message)
  }
  if (applied.stateFromGolden && !hasGoldenState) return refused('The state of the golden snapshot cannot be read.')
  const files = await changedFiles(trials, applied)
  const tell = newTell(files)
  if (tell !== undefined) {
    return refused(
      `${tell.file} is made to ask what it runs in (${tell.word}), so nothing that it does in the sandbox says what it does in service.`,
    )
  }
  const number = patches.length
  const isWhole = remedy.steps.some((step) => step.do === 'restore_code')
  const what = isWhole
    ? "The kernel's files as they were when it was last steady"
    : number === 0
      ? 'No source file is patched'
      : `${count(number, 'patch', 'patches')}, in files a repair may change`
  return { judged: held(`${what}.`), applied, files }
}

async function changedFiles(trials: Trials, applied: Applied): Promise<ChangedFile[]> {
  const changes = await trials.changes(applied)
  return changes.map((texts) => ({
    ...texts,
    file: decodeURIComponent(texts.url.replace(trials.kernelFolderUrl, '')),
  }))
}
