/** Whether the lifecycle chart's guards hold, as far as the kernel's counters say it. Pure; the chart itself decides. */
import type { KernelStatus } from '../../../supervisor/status.ts'

export interface Verdict {
  readonly holds: boolean
  readonly why: string
}

type Budget = KernelStatus['budget']

/** By the guard's name; a guard that is missing here looks at the event, which nobody knows before it comes. */
export function verdictsOf({
  failures,
  starts,
  max,
  attempts,
  maxAttempts,
}: Budget): Readonly<Record<string, Verdict>> {
  return {
    restartsLeft: {
      holds: starts <= max && failures < max,
      why: `starts ${starts} of ${max + 1}, crashes ${failures} of ${max}`,
    },
    attemptsLeft: { holds: attempts < maxAttempts, why: `repairs ${attempts} of ${maxAttempts}` },
  }
}

/** Restarts that both counters leave. */
export function restartsLeft({ failures, starts, max }: Budget): number {
  return Math.max(0, Math.min(max - failures, max + 1 - starts))
}

/** What a guard's counters say, undefined where only the event can. Charts write a guard's parameters behind its name. */
export function verdictOn(guard: string | undefined, budget: Budget | undefined): Verdict | undefined {
  if (guard === undefined || budget === undefined) return undefined
  return verdictsOf(budget)[guard]
}
