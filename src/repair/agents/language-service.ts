/**
 * Proposes what TypeScript's language service knows to be wrong about the code: an import that is missing, a name or a
 * path that is misspelt, an await that was left out. The service needs half a gigabyte (LIBRARIES 2), so it runs in a
 * child process of one repair, which is killed as soon as it has answered. The candidates' code is never run there, and
 * nothing is believed before the proof.
 */
import { fileURLToPath } from 'node:url'
import { LazaretError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { limits } from '../../base/limits.ts'
import type { Remedy, RemedyStep } from '../../base/remedy.ts'
import { askLanguageService, inTurn, kernelModule } from '../language-service/child.ts'
import type { LanguageAnswer, LanguageCandidate, LanguageJob } from '../language-service/job.ts'
import { makePatch } from '../patch.ts'
import type { AgentInput, RepairAgent } from './agent.ts'
import { isAllowedPatch } from './allowed-patch.ts'

/** Codes of ends that no line of code is named in: there is nothing to look for. */
const endsWithoutWords: ReadonlySet<string> = new Set([
  ...['KERNEL_HUNG', 'KERNEL_OUT_OF_MEMORY', 'ERR_WORKER_OUT_OF_MEMORY', 'KERNEL_EXITED', 'KERNEL_PORT_CLOSED'],
  'KERNEL_START_TIMEOUT',
])

export interface LanguageServiceOptions {
  /** Folders from which TypeScript is looked for. Default: the kernel's own, then this package's. */
  readonly typescriptFrom?: readonly string[]
  /** Longest that the child process lives. Default: limits.languageServiceMs. Milliseconds. */
  readonly deadlineMs?: number
}

/** Proposes nothing, with an error that says why, where there is no TypeScript or nothing was found. */
export function makeLanguageService(options: LanguageServiceOptions = {}): RepairAgent {
  return {
    name: 'language-service',
    async propose(input) {
      const kernelFolder = fileURLToPath(input.kernelFolderUrl)
      const { sources, evidence, signal } = input
      if (endsWithoutWords.has(evidence.error.code ?? '')) return []
      const job: LanguageJob = {
        // TypeScript spells a folder without the slash at its end.
        kernelFolder: kernelFolder.replace(/[\\/]$/, ''),
        unchanged: Object.keys(sources).filter((url) => input.golden?.sources[url] === sources[url]),
        ...{ sources, error: evidence.error, kernelModule, searchMs: limits.languageServiceSearchMs },
        typescriptFrom: options.typescriptFrom ?? [kernelFolder, fileURLToPath(new URL('.', import.meta.url))],
      }
      const { compiledDir } = input
      const terms = { signal, compiledDir, deadlineMs: options.deadlineMs ?? limits.languageServiceMs }
      const { candidates, none } = await inTurn(() => askLanguageService<LanguageAnswer>(job, terms), signal)
      if (candidates.length === 0) throw new LazaretError('NOT_FOUND', `${none ?? 'nothing was found'}.`)
      const remedies = candidates.flatMap((candidate) => remedyOf(candidate, input))
      if (remedies.length > 0) return remedies
      throw new LazaretError('NOT_FOUND', 'what it would correct is in files that a repair may not change.')
    },
  }
}

export const languageService = makeLanguageService()

/** None where it changes what a repair may not. */
function remedyOf({ texts, why }: LanguageCandidate, { sources, kernelFolderUrl }: AgentInput): Remedy[] {
  const steps: RemedyStep[] = []
  for (const [url, after] of Object.entries(texts)) {
    const before = sources[url]
    if (before === undefined || !url.startsWith(kernelFolderUrl)) return []
    const file = decodeURIComponent(url.slice(kernelFolderUrl.length))
    const patch = makePatch(file, before, after)
    const step = { do: 'apply_patch', file, preimageSha256: sha256(before), patch } as const
    if (patch === '' || !isAllowedPatch(step, kernelFolderUrl)) return []
    steps.push(step)
  }
  return steps.length === 0 ? [] : [{ agent: 'language-service', healedBy: 'code', steps, why }]
}
