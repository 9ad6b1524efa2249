/**
 * What an orchestrator asks: is the process well (`/healthz`), and may work be sent to it (`/readyz`)? Pure.
 *
 * A runtime whose kernels fail is well: it is what it is there for, and to restart the process would lose what it knows.
 * It is ready while every kernel of tier 1 is served, by whatever stands in for it.
 */
import type { KernelStatus } from '../supervisor/status.ts'

export interface Health {
  readonly ok: boolean
  /** Kernels of the fleet, and how many of them are served. */
  readonly kernels: number
  readonly served: number
  /** Ids of kernels of tier 1 that nobody serves; none where `ok`. */
  readonly missing: readonly string[]
}

export function isServed({ state, servedBy }: Pick<KernelStatus, 'state' | 'servedBy'>): boolean {
  if (servedBy === 'standby' || servedBy === 'fallback' || servedBy === 'reroute') return true
  return servedBy === 'instance' && (state.startsWith('running') || state === 'rejoined.probation')
}

export function readiness(kernels: readonly KernelStatus[]): Health {
  const served = kernels.filter(isServed)
  const missing = kernels.filter((kernel) => kernel.tier === 1 && !isServed(kernel)).map(({ id }) => id)
  return { ok: missing.length === 0, kernels: kernels.length, served: served.length, missing }
}
