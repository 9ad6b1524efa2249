/**
 * Which kernels of a fleet may be drilled, in the order in which they are tried, and with how the copy differs from the
 * fleet as it is written.
 */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { limits } from '../../base/limits.ts'
import type { Autonomy, FleetSpec, KernelSpec } from '../../base/spec.ts'
import { readYamlFile } from '../../base/yaml-file.ts'
import type { FleetInput, KernelInput } from '../../supervisor/fleet-input.ts'
import { type FleetCopy, isOfPackages } from './copy.ts'
import type { DrillDefect } from './defect.ts'

/** What the copy has in place of the fleet's own, so that a life is seen in seconds. Milliseconds, and counts. */
export const drillTimes = {
  ...{ stableMs: 800, backoffMs: 50, backoffMaxMs: 200, snapshotMs: 300 },
  ...{ restarts: 3, repairsPerHour: 10 },
} as const

/** For the report. */
export function changedWords(defect: DrillDefect): string {
  const { stableMs, backoffMs, snapshotMs, restarts, repairsPerHour } = drillTimes
  const hang = defect === 'hang' ? `, startMs ${limits.drillStartMs} at most` : ''
  return `stableMs ${stableMs}, backoffMs ${backoffMs}, snapshot.everyMs ${snapshotMs}, restart.max ${restarts} at most, maxPerHour ${repairsPerHour} at least${hang}; no alerts`
}

/** The fleet as it is run: its own values, other paths, shorter times. */
export function fleetInCopy(fleet: FleetSpec, file: string, copy: FleetCopy, defect: DrillDefect): FleetInput {
  const { value } = readYamlFile(file, { code: 'FLEET_INVALID' })
  const written = (value as { kernels: readonly KernelInput[] }).kernels
  return { kernels: fleet.kernels.map((spec, index) => inCopy(written[index], spec, copy, defect)) }
}

function inCopy(written: KernelInput | undefined, spec: KernelSpec, copy: FleetCopy, defect: DrillDefect): KernelInput {
  const { stableMs, backoffMs, backoffMaxMs, snapshotMs, restarts, repairsPerHour } = drillTimes
  const { fallbackUrl } = spec.degraded
  const place = (url: string) => copy.placeOf(fileURLToPath(url))
  return {
    ...written,
    id: spec.id,
    entry: place(spec.entryUrl),
    restart: { max: Math.min(spec.restart.max, restarts), stableMs, backoffMs, backoffMaxMs, jitter: 0 },
    snapshot: { ...written?.snapshot, everyMs: snapshotMs },
    repair: { ...written?.repair, maxPerHour: Math.max(spec.repair.maxPerHour, repairsPerHour) },
    ...(fallbackUrl !== undefined && { degraded: { ...written?.degraded, fallback: place(fallbackUrl) } }),
    ...(defect === 'hang' && {
      limits: { ...written?.limits, startMs: Math.min(spec.limits.startMs, limits.drillStartMs) },
    }),
  }
}

const willing: Readonly<Record<Autonomy, number>> = { fix: 0, playbook: 1, suggest: 2, observe: 3 }

/**
 * First those that are repaired without a person; of these first those whose first repair is proved (one of tier 1 is put
 * back on its golden snapshot before any proof) and that no standby stands in for; then the most critical.
 */
export function ranked(kernels: readonly KernelSpec[]): KernelSpec[] {
  const keys = (spec: KernelSpec) => [
    willing[spec.repair.autonomy],
    spec.tier === 1 && spec.replicas === 0 ? 1 : 0,
    spec.replicas > 0 ? 1 : 0,
    spec.tier,
  ]
  // toSorted is stable: equals stay in the order of the fleet.
  return kernels.toSorted((a, b) => {
    const [left, right] = [keys(a), keys(b)]
    const at = left.findIndex((key, index) => key !== right[index])
    return at === -1 ? 0 : (left[at] ?? 0) - (right[at] ?? 0)
  })
}

/** Why it cannot be drilled whatever happens; undefined where it can. */
export function whyNot(spec: KernelSpec): string | undefined {
  if (isOfPackages(fileURLToPath(spec.entryUrl))) return 'its code lies in node_modules, where no repair changes any'
  return undefined
}

export function hasCheck({ entryUrl }: KernelSpec): boolean {
  return ['.ts', '.mts', '.js', '.mjs'].some((end) => existsSync(fileURLToPath(new URL(`./check${end}`, entryUrl))))
}
