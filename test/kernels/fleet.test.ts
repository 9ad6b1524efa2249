import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Check, isCheck, isKernel, type Kernel } from 'lazaret/kernel'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { degradedModes } from '../../src/base/spec.ts'
import { loadFleet } from '../../src/supervisor/fleet.ts'
import { startKernel } from './fake-context.ts'

const folder = new URL('../../kernels/', import.meta.url)
const fleet = parse(readFileSync(new URL('fleet.yaml', folder), 'utf8')) as {
  kernels: { id: string; entry: string; dependsOn?: string[]; config?: Record<string, unknown> }[]
}

async function load(id: string): Promise<{ kernel: Kernel; check: Check }> {
  const entry = fleet.kernels.find((each) => each.id === id)?.entry ?? ''
  const kernel: unknown = (await import(new URL(entry, folder).href)).default
  const check: unknown = (await import(new URL(entry.replace('kernel.ts', 'check.ts'), folder).href)).default
  if (!isKernel(kernel) || !isCheck(check)) throw new Error(`${id} has no kernel or no check`)
  return { kernel, check }
}

test.each(fleet.kernels)(
  '$id starts with its configuration and passes its check, twice over',
  async ({ id, config }) => {
    const { kernel, check } = await load(id)
    for (const _ of ['once', 'and again']) {
      const { ask } = await startKernel(kernel, { id, ...(config && { config }) })
      await check.run({ ask })
    }
  },
)

test('the fleet file is accepted, and gives each kernel its level', () => {
  const spec = loadFleet(fileURLToPath(new URL('fleet.yaml', folder)))
  const byTier = Map.groupBy(spec.kernels, ({ tier }) => tier)
  expect([...byTier].map(([tier, kernels]) => [tier, kernels.map(({ id }) => id).join(' ')])).toEqual([
    [1, 'message_bus immutable_log vault policy'],
    [2, 'memory_fusion coding_agent sessions rate_limits feature_flags records'],
    [3, 'scheduler search templates outbox webhooks'],
    [4, 'imports reports http_front'],
    [5, 'host_health healing_stats'],
  ])
  expect(spec.levels.map((level) => level.toSorted().join(' '))).toEqual([
    'feature_flags healing_stats immutable_log message_bus outbox rate_limits sessions templates vault',
    'host_health memory_fusion policy records scheduler webhooks',
    'coding_agent imports reports search',
    'http_front',
  ])
})

test('every degraded mode, a standby and rest_for_one are used by somebody', () => {
  const { kernels } = loadFleet(fileURLToPath(new URL('fleet.yaml', folder)))
  expect([...new Set(kernels.map(({ degraded }) => degraded.mode))].sort()).toEqual([...degradedModes].sort())
  expect(kernels.filter(({ replicas }) => replicas > 0).map(({ id }) => id)).toEqual(['message_bus'])
  expect(kernels.filter(({ strategy }) => strategy === 'rest_for_one').map(({ id }) => id)).toEqual(['records'])
})
