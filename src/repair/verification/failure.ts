/** What it means that a trial failed in the same way as the incident, or as another trial, and how it is put into words. */
import { describeRecord, type ErrorRecord } from '../../base/error-record.ts'
import type { Evidence } from '../../base/remedy.ts'
import type { IsolatedResult } from '../trial.ts'

const hangCodes: ReadonlySet<string> = new Set(['KERNEL_HUNG', 'KERNEL_START_TIMEOUT'])
const exitCodes: ReadonlySet<string> = new Set(['KERNEL_EXITED', 'KERNEL_PORT_CLOSED'])
const memoryCodes: ReadonlySet<string> = new Set(['KERNEL_OUT_OF_MEMORY', 'ERR_WORKER_OUT_OF_MEMORY'])

/** A failure of the same kind: the same error by name and code, or the same way of ending. */
export function isSameFailure(
  evidence: Pick<Evidence, 'error'>,
  result: Pick<IsolatedResult, 'outcome' | 'error'>,
): boolean {
  const { name, code } = evidence.error
  if (code !== undefined && hangCodes.has(code)) return result.outcome === 'hung'
  if (code !== undefined && memoryCodes.has(code)) return memoryCodes.has(result.error?.code ?? '')
  if (code !== undefined && exitCodes.has(code))
    return result.outcome === 'exited' && result.error?.code === 'KERNEL_EXITED'
  return result.outcome === 'failed' && result.error?.name === name && result.error.code === code
}

/** Whether it ended with an error of the kernel's code, and not by being ended: only such a failure has a place. */
export function hasPlace({ error }: Pick<Evidence, 'error'>): boolean {
  const { code = '' } = error
  return !hangCodes.has(code) && !memoryCodes.has(code) && !exitCodes.has(code)
}

/** Where a failure came up: file, line and column of the first frame in code that is no package's and not Node's. */
export function crashSite(error: ErrorRecord | undefined): string | undefined {
  for (const line of error?.stack?.split('\n') ?? []) {
    const place = /file:\/\/\/[^\s()]+:\d+:\d+/.exec(line)?.[0]
    if (line.trimStart().startsWith('at ') && place !== undefined && !place.includes('/node_modules/')) return place
  }
  return undefined
}

/** The same words, whatever values stand in them. A patch moves lines, so the place cannot be compared there. */
export function isSameComplaint(one: IsolatedResult, other: IsolatedResult): boolean {
  const gist = ({ error }: IsolatedResult) => error?.message.replaceAll(/\d+/g, '#')
  return isSameFailure({ error: one.error ?? { name: '', message: '' } }, other) && gist(one) === gist(other)
}

/** Why nothing can be proved about it: the sandbox withheld something. */
export function cagedDetail(result: IsolatedResult): string | undefined {
  if (result.refused === undefined) return undefined
  return `${result.refused}: the kernel needs ${result.needed ?? 'what the sandbox does not give'}, so a person has to look.`
}

export function describeResult(result: IsolatedResult): string {
  if (result.outcome === 'passed') return 'no failure'
  const where = result.at === undefined || result.phase === 'check' ? '' : ` at message ${result.at}`
  const what = result.error === undefined ? result.outcome : describeRecord(result.error)
  return `${what} (${result.outcome} in phase ${result.phase}${where})`
}
