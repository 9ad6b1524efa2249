/**
 * The language service in the test's own process, where TypeScript is loaded once and not for every question: for tests
 * of what it finds, and of proofs. That it has a process in service, and how that ends, is
 * repair/language-service-process.test.ts's subject. A test file mocks child.ts with it.
 */
import { withoutTypeScript, withTypeScript } from '../../src/repair/language-service/answer.ts'
import type { askLanguageService } from '../../src/repair/language-service/child.ts'
import type { DiagnosticsJob, LanguageJob } from '../../src/repair/language-service/job.ts'

const ask = async (given: LanguageJob | DiagnosticsJob, { signal }: { signal: AbortSignal }): Promise<unknown> => {
  signal.throwIfAborted()
  // One line of JSON each way, as in service.
  const job: LanguageJob | DiagnosticsJob = JSON.parse(JSON.stringify(given))
  return JSON.parse(JSON.stringify(withoutTypeScript(job) ?? withTypeScript(job)))
}

export async function inThisProcess<Module extends { askLanguageService: typeof askLanguageService }>(
  original: () => Promise<Module>,
): Promise<Module> {
  return { ...(await original()), askLanguageService: ask as typeof askLanguageService }
}
