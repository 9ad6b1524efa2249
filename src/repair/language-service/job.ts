/**
 * What an agent or a proof asks of the child process, and what it gets back: plain data, one line of JSON each way. Nothing is
 * decided here.
 */
import type { ErrorRecord } from '../../base/error-record.ts'

/** What a project of the kernel's files is made from. */
export interface ProjectJob {
  /** Absolute path of the kernel's folder. */
  readonly kernelFolder: string
  /** Texts as they ran, by file URL. Whatever is not among them is read from disk. */
  readonly sources: Readonly<Record<string, string>>
  /** Absolute path of the file that `lazaret/kernel` stands for. */
  readonly kernelModule: string
  /** Folders from which TypeScript is looked for, in this order. Absolute paths. */
  readonly typescriptFrom: readonly string[]
}

export interface LanguageJob extends ProjectJob {
  /** Those of them that say what they said when the kernel was last steady: nobody has misspelt anything there since. */
  readonly unchanged: readonly string[]
  readonly error: ErrorRecord
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

/** Whether changed texts parse, and bring complaints that were not there. */
export interface DiagnosticsJob extends ProjectJob {
  /** New texts by file URL. */
  readonly changed: Readonly<Record<string, string>>
  /** False: parse only. */
  readonly types: boolean
}

export interface Complaint {
  /** File URL. */
  readonly url: string
  /** From 1; absent where the parser names none. */
  readonly line?: number
  /** As TypeScript numbers it; absent for the parser's. */
  readonly code?: number
  readonly message: string
}

export interface DiagnosticsAnswer {
  /** Changed texts that do not parse, where the text before did. */
  readonly unparsed: readonly Complaint[]
  /** Complaints about types that are new. */
  readonly fresh: readonly Complaint[]
  /** Files whose types were compared, and complaints that there were about them before. */
  readonly compared: number
  readonly before: number
  /** Why types were not compared, in words that follow "types were not compared:". */
  readonly none?: string
}
