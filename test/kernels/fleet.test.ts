import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Check, isCheck, isKernel, type Kernel } from 'lazaret/kernel'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
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
  expect(spec.kernels.map((each) => [each.id, each.tier])).toEqual([
    ['message_bus', 1],
    ['immutable_log', 1],
    ['memory_fusion', 2],
    ['coding_agent', 2],
    ['scheduler', 3],
    ['search', 3],
    ['templates', 3],
    ['outbox', 3],
    ['webhooks', 3],
    ['imports', 4],
    ['healing_stats', 5],
    ['reports', 4],
    ['http_front', 4],
    ['vault', 1],
    ['policy', 1],
    ['sessions', 2],
    ['rate_limits', 2],
    ['feature_flags', 2],
    ['records', 2],
    ['host_health', 5],
  ])
  const levels = [
    ['message_bus', 'immutable_log', 'templates', 'outbox', 'healing_stats', 'vault', 'policy', 'sessions'].concat([
      ...['rate_limits', 'feature_flags'],
    ]),
    ['memory_fusion', 'scheduler', 'webhooks', 'records', 'host_health'],
    ['coding_agent', 'search', 'imports', 'reports'],
    ['http_front'],
  ]
  expect(spec.levels.map((level) => level.toSorted())).toEqual(levels.map((level) => level.toSorted()))
})
