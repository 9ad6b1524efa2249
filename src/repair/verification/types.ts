/**
 * Parse and types of the changed files are no worse than before. Asked of the language service's process, so that neither
 * half a gigabyte nor a parser is in the host. Where types cannot be compared the line says so and goes by the parser:
 * nothing follows from a TypeScript that is not installed.
 */
import { fileURLToPath } from 'node:url'
import { LazaretError } from '../../base/errors.ts'
import { count } from '../../base/words.ts'
import { askLanguageService, inTurn, kernelModule, type Terms } from '../language-service/child.ts'
import type { Complaint, DiagnosticsAnswer, DiagnosticsJob } from '../language-service/job.ts'
import { fell, held, type Judged } from './judged.ts'
import type { ChangedFile } from './size.ts'

export interface TypesQuestion {
  readonly kernelFolderUrl: string
  /** As they ran, by file URL. */
  readonly sources: Readonly<Record<string, string>>
  readonly files: readonly ChangedFile[]
  /** They were compared when the playbook was learnt. */
  readonly isPlaybook: boolean
}

/** @throws the signal's reason where it was aborted. */
export async function judgeTypes(question: TypesQuestion, terms: Terms): Promise<Judged> {
  const { kernelFolderUrl, sources, files, isPlaybook } = question
  if (files.length === 0) return held('No text is changed.')
  // That code ran, and whatever it is worth was so when the kernel was last steady.
  if (files.every(({ after, golden }) => after === golden))
    return held('The changed files are as golden knows them, so neither parse nor types are worse.')
  // A file that goes back as a whole beside others is looked at as well: each is to fit what the others are then.
  const changed = Object.fromEntries(files.map(({ url, after }) => [url, after]))
  const kernelFolder = fileURLToPath(kernelFolderUrl).replace(/[\\/]$/, '')
  const typescriptFrom = [kernelFolder, fileURLToPath(new URL('.', import.meta.url))]
  const job: DiagnosticsJob = { kernelFolder, sources, changed, kernelModule, typescriptFrom, types: !isPlaybook }
  const ask = () => askLanguageService<DiagnosticsAnswer>(job, terms)
  try {
    // Parsing takes no memory worth a queue.
    return judge(await (isPlaybook ? ask() : inTurn(ask, terms.signal)), question, files.length)
  } catch (thrown) {
    terms.signal.throwIfAborted()
    if (thrown instanceof LazaretError) return fell(`The changed files could not be looked at: ${thrown.message}`)
    throw thrown
  }
}

function judge(answer: DiagnosticsAnswer, { kernelFolderUrl, isPlaybook }: TypesQuestion, files: number): Judged {
  const { unparsed, fresh, compared, before, none } = answer
  const said = ({ url, line, code, message }: Complaint) => {
    const place = `${decodeURIComponent(url.replace(kernelFolderUrl, ''))}${line === undefined ? '' : `:${line}`}`
    return `${place}: ${code === undefined ? '' : `TS${code} `}${message.split('\n')[0]?.replace(/\.$/, '')}`
  }
  if (unparsed[0] !== undefined) return fell(`It does not parse: ${said(unparsed[0])}.`)
  const parsed = files === 1 ? 'The changed file parses' : `All ${files} changed files parse`
  if (isPlaybook) return held(`${parsed}; types were compared when the playbook was learnt.`)
  if (none !== undefined) return held(`${parsed}; types were not compared: ${none}.`)
  if (fresh[0] !== undefined) return fell(`${count(fresh.length, 'new complaint')} about types: ${said(fresh[0])}.`)
  const old = before === 0 ? '' : ` (${count(before, 'complaint')} were there before)`
  return held(`${parsed}, and the types of ${count(compared, 'file')} bring no new complaint${old}.`)
}
