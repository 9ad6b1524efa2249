/**
 * Words by which code tells the sandbox from service. A repair that brings one of them in may behave for the proof alone, so
 * nothing follows from its trial. It reads text, and code that hides such a word from a reader hides it from this too.
 */
import type { ChangedFile } from './size.ts'

/** Parts of `process` that are the same in both. */
const harmless = '(?:nextTick|hrtime|memoryUsage|uptime|emitWarning|exit|on|once|off|platform|arch|versions?)'
const tells: readonly RegExp[] = [
  // The object itself, however it is cast, destructured or handed on; `job.process()` and `process(job)` are no such thing.
  new RegExp(String.raw`(?<![.\w$'"\`-])process\s*(?:as\b|[)\],;}!]|\?|\[|\.\s*(?!${harmless}\b)\w+|$)`, 'gm'),
  /\bglobal(?:This)?\s*(?:as\b|\)|\?\.|\.)[\s\w)]*\.?\s*process\b/g,
  /\b(?:from|import|require)\s*\(?\s*['"](?:node:)?(?:process|worker_threads|inspector|cluster|child_process)['"]/g,
  /\bisMainThread\b/g,
  /\bglobalThis\s*(?:\?\.)?\s*\[/g,
  /\/proc\/self\b/g,
  /\bwriteSync\s*\(\s*\d/g,
]

/** The first such word that is neither in the text before nor in golden's, as it stands; undefined where there is none. */
export function newTell(files: readonly ChangedFile[]): { file: string; word: string } | undefined {
  for (const { file, before, after, golden = '' } of files) {
    for (const pattern of tells) {
      const found = after.match(pattern) ?? []
      const known = Math.max(before.match(pattern)?.length ?? 0, golden.match(pattern)?.length ?? 0)
      if (found.length > known) return { file, word: found.at(-1) ?? '' }
    }
  }
  return undefined
}
