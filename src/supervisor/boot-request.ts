/** What a thread of a kernel is booted with: its own instance, a standby, or its fallback. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { BootRequest } from '../actor/protocol.ts'
import { inForce } from './hotfixing.ts'
import type { House } from './house.ts'
import type { Unit } from './unit.ts'

/** Code and configuration as they are in force now, without a state. */
export async function bootRequestOf(house: House, unit: Unit): Promise<BootRequest> {
  const request = await plainRequest(house, unit)
  return { ...request, ...inForce(house, unit) }
}

/** The fallback runs as it is written: hotfixes are the kernel's own. */
export async function fallbackRequestOf(house: House, unit: Unit, entryUrl: string): Promise<BootRequest> {
  return { ...(await plainRequest(house, unit)), entryUrl }
}

async function plainRequest(house: House, unit: Unit): Promise<BootRequest> {
  const { spec } = unit
  const dataDir = join(house.dataDir, 'kernels', unit.id)
  await mkdir(dataDir, { recursive: true })
  const askMs = Object.fromEntries([...house.units.values()].map((other) => [other.id, other.spec.limits.askMs]))
  return {
    ...{ kernel: unit.id, entryUrl: spec.entryUrl, config: spec.config, dataDir, overlay: {}, askMs },
    ...(house.tracing && { traced: true as const }),
    ...{ compiledDir: house.compiledDir, concurrency: spec.concurrency, crashOn: spec.crashOn },
  }
}
