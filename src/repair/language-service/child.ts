/**
 * The process of the language service, from the host's side: started for one job, ended when it has answered, at an abort,
 * at its deadline, or with the host. It reads and computes, and runs nothing of a candidate. One at a time.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { LazaretError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { DiagnosticsJob, LanguageJob } from './job.ts'

const ownExtension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const childFile = fileURLToPath(new URL(`./main${ownExtension}`, import.meta.url))

/** Absolute path of the file that `lazaret/kernel` stands for. */
export const kernelModule = fileURLToPath(new URL(`../../actor/kernel${ownExtension}`, import.meta.url))

export interface Terms {
  readonly signal: AbortSignal
  /** Where Node keeps compiled code; absent: nowhere. */
  readonly compiledDir?: string | undefined
  /** Longest that the process lives. Default: limits.languageServiceMs. */
  readonly deadlineMs?: number
}

let last: Promise<void> = Promise.resolve()

/** Rejects when the signal is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

/** One job at a time in this host: where a fleet fails together, each would take half a gigabyte. */
export async function inTurn<T>(search: () => Promise<T>, signal: AbortSignal): Promise<T> {
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
 * One job in a process of its own, which has ended when this settles.
 * @throws the signal's reason where it was aborted; LazaretError SANDBOX_FAILED where the process gave no answer.
 */
export async function askLanguageService<Answer>(job: LanguageJob | DiagnosticsJob, terms: Terms): Promise<Answer> {
  const { signal, compiledDir, deadlineMs = limits.languageServiceMs } = terms
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
