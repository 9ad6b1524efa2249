/** The answer to one job, as far as it can be had without TypeScript, and with it. Where it is computed is for main.ts. */
import { compareTypes, parseChanges } from './diagnostics.ts'
import type { DiagnosticsAnswer, DiagnosticsJob, LanguageAnswer, LanguageJob } from './job.ts'
import { search } from './search.ts'
import { findTypeScript } from './typescript.ts'

/** The parser's word, where that is the whole answer; else undefined. Quick. */
export function withoutTypeScript(job: LanguageJob | DiagnosticsJob): DiagnosticsAnswer | undefined {
  if (!('changed' in job)) return undefined
  const unparsed = parseChanges(job)
  return job.types && unparsed.length === 0 ? undefined : { unparsed, fresh: [], compared: 0, before: 0 }
}

/** Of texts that parse. One long computation, in half a gigabyte. */
export function withTypeScript(job: LanguageJob | DiagnosticsJob): LanguageAnswer | DiagnosticsAnswer {
  if ('changed' in job) return { unparsed: [], ...compareTypes(job) }
  const api = findTypeScript(job.typescriptFrom)
  return typeof api === 'string' ? { candidates: [], none: api } : search(api, job)
}
