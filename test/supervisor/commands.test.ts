/** What a command that starts a kernel takes from the fleet file as it is then. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestRuntime } from '../../src/testing/test-runtime.ts'

let folder = ''
const fleetFile = () => join(folder, 'fleet.yaml')

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lazaret-commands-'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(
    join(folder, 'kernel.js'),
    `import { defineKernel } from 'lazaret/kernel'
export default defineKernel({ start(ctx) {
  if (ctx.config.upstream === '') throw new Error('the upstream is missing')
  return { api: { upstream: () => ctx.config.upstream, wait: () => new Promise((done) => setTimeout(done, 50)) } }
} })`,
  )
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function writeFleet(id: string, facts: string): void {
  writeFileSync(fleetFile(), `kernels:\n  - { id: ${id}, entry: ./kernel.js, ${facts} }\n`)
}

test('a restart takes the new configuration, limits, budget and degraded mode', async () => {
  writeFleet('one', 'config: { upstream: a }, restart: { max: 1 }, mailbox: { max: 2 }, degraded: { mode: reject }')
  await using place = await createTestRuntime({ fleet: fleetFile() })
  const one = place.runtime.ref('one')
  const refused = async (count: number) => {
    const asked = await Promise.allSettled(Array.from({ length: count }, () => one.ask.wait?.()))
    return asked.filter((ask) => ask.status === 'rejected' && ask.reason.code === 'MAILBOX_FULL').length
  }
  expect(place.runtime.kernel('one').status()).toMatchObject({ restartsLeft: 1 })
  expect(await refused(4)).toBe(2)

  writeFleet('one', 'config: { upstream: b }, restart: { max: 5 }, mailbox: { max: 3 }, degraded: { mode: buffer }')
  expect(await place.runtime.kernel('one').restart()).toMatchObject({ restartsLeft: 5 })
  expect(await one.ask.upstream?.()).toBe('b')
  expect(await refused(4)).toBe(1)
  expect(await place.runtime.kernel('one').quarantine()).toMatchObject({ servedBy: 'buffer' })
})

test('a kernel that was parked for a bad value rejoins with the mended one', async () => {
  writeFleet('one', "config: { upstream: '' }, restart: { max: 0 }, repair: { autonomy: observe }")
  await using place = await createTestRuntime({ fleet: fleetFile() })
  expect(place.runtime.kernel('one').status()).toMatchObject({ state: 'quarantined.parked' })
  writeFleet('one', 'config: { upstream: here }, restart: { max: 0 }')
  expect(await place.runtime.kernel('one').rejoin()).toMatchObject({ state: 'rejoined.probation' })
  expect(await place.runtime.ref('one').ask.upstream?.()).toBe('here')
})

test('a bad fleet file, or one without the kernel, is refused and changes nothing', async () => {
  writeFleet('one', 'config: { upstream: a }')
  await using place = await createTestRuntime({ fleet: fleetFile() })
  writeFleet('one', 'config: { upstream: b }, tier: 9')
  await expect(place.runtime.kernel('one').restart()).rejects.toMatchObject({ code: 'FLEET_INVALID' })
  writeFleet('other', 'config: { upstream: b }')
  await expect(place.runtime.kernel('one').restart()).rejects.toMatchObject({
    code: 'COMMAND_REFUSED',
    message: 'The fleet file has no kernel one any more.',
  })
  expect(await place.runtime.ref('one').ask.upstream?.()).toBe('a')
  expect(place.runtime.kernel('one').status().starts).toMatchObject({ first: 1, command: 0 })
})
