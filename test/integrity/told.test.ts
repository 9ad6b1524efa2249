/** What was found reaches the person: on the command line, in the terminal of a run, and by an option that is checked. */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { editFile } from '../../src/chaos/disk-faults.ts'
import { narrate } from '../../src/dashboard/narrate.ts'
import { createRuntime } from '../../src/index.ts'
import { cli } from '../cli/cli.ts'
import { fast, house, kernelOf } from '../support/house.ts'

const source = kernelOf('return { api: { break: () => { throw new TypeError("broken") } } }')

test('status, doctor and incidents name the drift', async () => {
  const kernels = [
    { id: 'clock', source, config: { everyMs: 1000 }, restart: { ...fast, max: 0 }, repair: { autonomy: 'observe' } },
    { id: 'other', source },
  ] as const
  await using place = await house(kernels, { fleetFile: true, integrityEveryMs: 20 })
  const ask = (...args: string[]) => cli(place.folder, ...args, '--data-dir', place.runtime.dataDir)
  editFile(join(place.folder, 'fleet.yaml'), (text) => text.replace('"everyMs": 1000', '"everyMs": 5000'))
  await place.seen(({ type }) => type === 'config.drifted')
  const drift = 'config.everyMs differs from the fleet file: it runs with 1000, the file says 5000'
  expect((await ask('status')).stdout).toContain(`clock: ${drift}`)
  const doctor = await ask('doctor')
  expect(doctor.stdout).toMatch(/warn {2}drift and damage +config\.everyMs differs/)
  expect(doctor.code).toBe(0)

  await expect(place.runtime.ref('clock').ask.break?.()).rejects.toMatchObject({ code: 'KERNEL_DOWN' })
  const { incident } = await place.seen(({ type }) => type === 'diagnostics.captured')
  expect((await ask('incidents', String(incident))).stdout).toMatch(new RegExp(`drift +${drift}`))

  // What concerns all of them is said once.
  appendFileSync(join(place.folder, 'fleet.yaml'), '}')
  await place.seen((event) => event.type === 'config.drifted' && event.kernel === undefined)
  const { stdout } = await ask('status')
  expect(stdout.match(/the fleet file cannot be used any more/g)).toHaveLength(1)
})

test('drift and damage are told in one sentence each', () => {
  const event = (type: Parameters<typeof narrate>[0]['type'], facts: object) =>
    narrate({ type, kernel: 'notes', at: 1, seq: 1, ...facts })
  expect(event('config.drifted', { what: ['config.a'], findings: ['config.a differs', 'config.b differs'] })).toEqual({
    ...{ word: 'drift', tone: 'watch', text: 'config.a differs; config.b differs' },
  })
  expect(event('config.settled', { what: ['config.a'], file: '/x/fleet.yaml' })?.text).toMatch(/^config\.a of .*fleet/)
  const damage = { what: 'snapshot', path: '/x/1.snap', reason: 'the file is empty', done: 'set aside' }
  expect(event('damage.found', damage)?.text).toMatch(/^snapshot .*1\.snap: the file is empty; set aside$/)
  expect(event('damage.mended', { path: '/x/1.snap', how: 'snapshot retaken' })?.text).toMatch(/^snapshot retaken/)
})

test.each([9, 0, 1.5, Number.NaN, 2 ** 31, '30000'])('integrityEveryMs %j is refused', (value) => {
  expect(() => createRuntime({ integrityEveryMs: value as number, fleet: { kernels: [] } })).toThrow(
    'integrityEveryMs must be a whole number of milliseconds from 10 to 2147483647. Got:',
  )
})
