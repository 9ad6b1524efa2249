/**
 * What the agent asks of its child process, and what it gets back: plain data, one line of JSON each way. Nothing is
 * decided here.
 */
import type { ErrorRecord } from '../../base/error-record.ts'

export interface LanguageJob {
  /** Absolute path of the kernel's folder. */
  readonly kernelFolder: string
  /** Texts as they ran, by file URL. Whatever is not among them is read from disk. */
  readonly sources: Readonly<Record<string, string>>
  /** Those of them that say what they said when the kernel was last steady: nobody has misspelt anything there since. */
  readonly unchanged: readonly string[]
  readonly error: ErrorRecord
  /** Folders from which TypeScript is looked for, in this order. Absolute paths. */
  readonly typescriptFrom: readonly string[]
  /** Absolute path of the file that `lazaret/kernel` stands for. */
  readonly kernelModule: string
  /** Time for the search; what was found until then is the answer. Milliseconds. */
  readonly searchMs: number
}

export interface LanguageCandidate {
  /** Whole new texts by file URL. */
  readonly texts: Readonly<Record<string, string>>
  /** One sentence for a person. */
  readonly why: string
}

export interface LanguageAnswer {
  /** Best first. */
  readonly candidates: readonly LanguageCandidate[]
  /** Where there are none: why, in one sentence for a person. */
  readonly none?: string
}
