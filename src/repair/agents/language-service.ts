/**
 * Proposes what TypeScript's language service knows to be wrong about the code: an import that is missing, a name or a
 * path that is misspelt, an await that was left out. The service needs half a gigabyte (LIBRARIES 2), so it runs in a
 * child process of one repair, which is killed as soon as it has answered. The candidates' code is never run there, and
 * nothing is believed before the proof.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { LazaretError } from '../../base/errors.ts'
import { sha256 } from '../../base/hash.ts'
import { limits } from '../../base/limits.ts'
import type { Remedy, RemedyStep } from '../../base/remedy.ts'
import type { LanguageAnswer, LanguageCandidate, LanguageJob } from '../language-service/job.ts'
import { checkPatch, makePatch } from '../patch.ts'
import type { AgentInput, RepairAgent } from './agent.ts'

const ownExtension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const childFile = fileURLToPath(new URL(`../language-service/main${ownExtension}`, import.meta.url))
const kernelModule = fileURLToPath(new URL(`../../actor/kernel${ownExtension}`, import.meta.url))

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
      const deadlineMs = options.deadlineMs ?? limits.languageServiceMs
      const { candidates, none } = await inTurn(() => ask(job, deadlineMs, input), signal)
      if (candidates.length === 0) throw new LazaretError('NOT_FOUND', `${none ?? 'nothing was found'}.`)
      return candidates.flatMap((candidate) => remedyOf(candidate, input))
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
    if (patch === '' || !isAllowed(step, kernelFolderUrl)) return []
    steps.push(step)
  }
  return steps.length === 0 ? [] : [{ agent: 'language-service', healedBy: 'code', steps, why }]
}

function isAllowed(step: Extract<RemedyStep, { do: 'apply_patch' }>, kernelFolderUrl: string): boolean {
  try {
    checkPatch(step, fileURLToPath(kernelFolderUrl))
    return true
  } catch (thrown) {
    if (thrown instanceof LazaretError && thrown.code === 'PATCH_REFUSED') return false
    throw thrown
  }
}

let last: Promise<void> = Promise.resolve()

/** Rejects when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** One search at a time in this host: where a fleet fails together, each would take half a gigabyte. */
async function inTurn<T>(search: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const before = last
  const turn = Promise.withResolvers<void>()
  last = turn.promise
  try {
    await Promise.race([before, aborted(signal)])
    return await search()
  } finally {
    // The next one waits for those before this one too, where this one has given up its place.
    void before.then(() => turn.resolve())
  }
}

/**
 * One search in a process of its own, which has ended when this settles.
 * @throws the signal's reason where it was aborted; LazaretError SANDBOX_FAILED where the process gave no answer.
 */
async function ask(job: LanguageJob, deadlineMs: number, input: AgentInput): Promise<LanguageAnswer> {
  const { signal, compiledDir } = input
  signal.throwIfAborted()
  // The folder among the arguments is for whoever looks at the list of processes.
  const child = spawn(process.execPath, [childFile, job.kernelFolder], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // No secrets of the host. TypeScript's compiled code saves half the time of a search.
    env: compiledDir === undefined ? {} : { NODE_COMPILE_CACHE: compiledDir },
    windowsHide: true,
  })
  const ended = Promise.withResolvers<void>()
  child.on('close', () => ended.resolve())
  const kill = () => child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    kill()
  }, deadlineMs)
  try {
    const line = await firstLine(child, `${JSON.stringify(job)}\n`)
    signal.throwIfAborted()
    if (isLate) throw failed(`gave no answer within ${deadlineMs} ms and was ended`)
    return JSON.parse(line)
  } catch (thrown) {
    signal.throwIfAborted()
    if (isLate) throw failed(`gave no answer within ${deadlineMs} ms and was ended`)
    throw thrown
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', kill)
    kill()
    await ended.promise
  }
}

function failed(what: string, cause?: unknown): LazaretError {
  return new LazaretError('SANDBOX_FAILED', `The process of the language service ${what}.`, { cause })
}

/** What the child writes until the end of its first line. */
function firstLine(child: ChildProcess, job: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  let complaint = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    const end = text.indexOf('\n')
    if (end !== -1) resolve(text.slice(0, end))
    else if (text.length > limits.languageServiceAnswerChars) {
      reject(failed(`answered with more than ${limits.languageServiceAnswerChars} characters`))
    }
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    complaint = (complaint + chunk).slice(-limits.languageServiceComplaintChars)
  })
  child.on('error', (cause) => reject(failed(`could not be started: ${cause.message}`, cause)))
  child.on('close', (code, signal) => {
    const said = complaint.trim().split('\n').at(-1)
    reject(failed(`ended without an answer (${signal ?? `code ${code}`}${said ? `; it said: ${said}` : ''})`))
  })
  // The pipe breaks where the child ends before it has read: its end is what is reported.
  child.stdin?.on('error', () => {})
  child.stdin?.write(job)
  return promise
}
