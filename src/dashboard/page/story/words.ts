/** How the story's numbers and times are said. Pure: the exported file says them as the page does. */
import type { RepairCost } from '../../../base/remedy.ts'
import type { StoryKernel } from '../../story-shape.ts'
import { count, duration } from '../words.ts'

/** `25 Nov 2026, 19:40:12`, where the reader is. */
export function moment(at: number): string {
  return new Date(at).toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })
}

export function bytes(n: number): string {
  if (n < 1024) return `${n} B`
  if (n < 1_048_576) return `${(n / 1024).toFixed(1)} KB`
  return `${(n / 1_048_576).toFixed(1)} MB`
}

/** What an agent's work has cost, without what it has not used. */
export function costText({ durationMs, sandboxRuns, tokensIn, tokensOut, usd }: RepairCost): string {
  const tokens = tokensIn + tokensOut
  return [
    ...(durationMs >= 1 ? [duration(durationMs)] : []),
    ...(sandboxRuns > 0 ? [count(sandboxRuns, 'sandbox run')] : []),
    ...(tokens > 0 ? [`${tokens.toLocaleString('en-GB')} tokens`] : []),
    ...(usd > 0 ? [`$ ${usd.toFixed(2)}`] : []),
  ].join(', ')
}

/** `3 failures since it was steady, 2 of 3 starts used, 1 of 3 repairs tried.` */
export function budgetText({ budget }: Pick<StoryKernel, 'budget'>): string {
  const { failures, starts, attempts, max, maxAttempts } = budget
  if (failures + starts + attempts === 0) return 'Steady now: nothing is counted against it.'
  const of = (n: number | undefined) => (n === undefined ? '' : ` of ${n}`)
  const startsMax = max === undefined ? undefined : max + 1
  return `${count(failures, 'failure')} since it was steady; ${starts}${of(startsMax)} starts used, ${attempts}${of(maxAttempts)} repairs tried.`
}

/** `kernels/notes/kernel.ts` of a file: URL: the last three names of its path. */
export function shortFile(url: string): string {
  const path = decoded(url.replace(/^file:\/\//, ''))
  const names = path.split('/')
  return names.length > 4 ? `.../${names.slice(-3).join('/')}` : path
}

function decoded(path: string): string {
  try {
    return decodeURI(path)
  } catch {
    // Evidence that somebody has edited: it is shown as it is.
    return path
  }
}
