/** The fleet file and the sources change under a fleet that runs: named, told once, and gone with a restart. */
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { editFile } from '../../src/chaos/disk-faults.ts'
import type { LazaretEvent } from '../../src/index.ts'
import { fast, house, kernelOf, type TestHouse } from '../support/house.ts'

const quick = { fleetFile: true, integrityEveryMs: 20 } as const
const echo = kernelOf('return { api: { ping: () => ctx.config.everyMs, break: () => { throw new TypeError("x") } } }')

const about = (what: string) => (event: LazaretEvent) => Array.isArray(event.what) && event.what.includes(what)
const isDrift = (what: string) => (event: LazaretEvent) => event.type === 'config.drifted' && about(what)(event)
const isSettled = (what: string) => (event: LazaretEvent) => event.type === 'config.settled' && about(what)(event)
const fleetOf = ({ folder }: TestHouse) => join(folder, 'fleet.yaml')

/**
 * Enough rounds go by for anything to be told a second time: a source of the other kernel drifts, is told, and settles.
 * Each of the two takes a round of its own.
 */
async function roundsPass({ folder, seen, events }: TestHouse): Promise<void> {
  const path = join(folder, 'witness', 'kernel.ts')
  const text = readFileSync(path, 'utf8')
  const told = new Set(events)
  const isNew = (type: string) => (event: LazaretEvent) =>
    !told.has(event) && event.kernel === 'witness' && event.type === type
  appendFileSync(path, '// edited\n')
  await seen(isNew('config.drifted'))
  writeFileSync(path, text)
  await seen(isNew('config.settled'))
}

const kernels = [
  { id: 'clock', source: echo, config: { everyMs: 1000, secretToken: 'abcdefgh1' }, restart: fast },
  { id: 'witness', source: echo },
]

test('a value changed in the fleet file is named until a restart takes it, and told once', async () => {
  await using place = await house(kernels, quick)
  const { runtime } = place
  expect(runtime.status().map(({ findings }) => findings)).toEqual([undefined, undefined])
  editFile(fleetOf(place), (text) =>
    text.replace('"everyMs": 1000', '"everyMs": 5000').replace('abcdefgh1', 'abcdefgh2'),
  )
  const drifted = await place.seen(isDrift('config.everyMs'))
  expect(drifted).toMatchObject({
    kernel: 'clock',
    file: fleetOf(place),
    what: ['config.everyMs', 'config.secretToken'],
  })
  expect(JSON.stringify(drifted)).not.toContain('abcdefgh')
  expect(runtime.kernel('clock').status().findings?.[0]).toBe(
    'config.everyMs differs from the fleet file: it runs with 1000, the file says 5000',
  )
  expect(runtime.kernel('witness').status().findings).toBeUndefined()
  await roundsPass(place)
  expect(place.of('config.drifted', 'clock')).toHaveLength(1)
  expect(await runtime.ref('clock').ask.ping?.()).toBe(1000)

  await runtime.kernel('clock').restart()
  await place.seen(isSettled('config.everyMs'))
  expect(await runtime.ref('clock').ask.ping?.()).toBe(5000)
  expect(runtime.kernel('clock').status().findings).toBeUndefined()
})

test('a value that is changed once more is told once more, and one that is put back is gone without a restart', async () => {
  await using place = await house(kernels, quick)
  for (const value of ['2000', '3000']) {
    editFile(fleetOf(place), (text) => text.replace(/"everyMs": \d+/, `"everyMs": ${value}`))
    await place.seen((event) => isDrift('config.everyMs')(event) && JSON.stringify(event.findings).includes(value))
  }
  editFile(fleetOf(place), (text) => text.replace('"everyMs": 3000', '"everyMs": 1000'))
  await place.seen(isSettled('config.everyMs'))
  expect(place.of('config.drifted', 'clock')).toHaveLength(2)
  expect(place.of('config.settled', 'clock')).toHaveLength(1)
})

test('a fleet file that cannot be read any more is named with its error, and so is one that is gone', async () => {
  await using place = await house(kernels, quick)
  const text = readFileSync(fleetOf(place), 'utf8')
  writeFileSync(fleetOf(place), text.replace('"id": "clock"', '"id": "Clock!"'))
  const invalid = await place.seen(isDrift('fleet'))
  expect(invalid.kernel).toBeUndefined()
  expect(String(invalid.findings)).toMatch(/kernels\[0\]\.id/)
  for (const { findings } of place.runtime.status()) expect(findings?.[0]).toContain('kernels[0].id')
  rmSync(fleetOf(place))
  await place.seen((event) => isDrift('fleet')(event) && String(event.findings).includes('ENOENT'))
  await roundsPass(place)
  expect(place.events.filter(isDrift('fleet'))).toHaveLength(2)
  writeFileSync(fleetOf(place), text)
  await place.seen(isSettled('fleet'))
  expect(place.runtime.kernel('clock').status().findings).toBeUndefined()
})

test('a kernel that the file does not name any more, and one that it names in addition, are said so', async () => {
  await using place = await house(kernels, quick)
  editFile(fleetOf(place), (text) => text.replace('"id": "clock"', '"id": "calendar"'))
  expect(await place.seen(isDrift('kernel'))).toMatchObject({ kernel: 'clock' })
  expect(String((await place.seen(isDrift('fleet'))).findings)).toContain('calendar')
})

test('an edited source is named, with every file that it was loaded with, until the kernel is started anew', async () => {
  await using place = await house(kernels, { ...quick, start: false })
  const helper = join(place.folder, 'clock', 'helper.ts')
  writeFileSync(helper, 'export const one: number = 1\n')
  editFile(join(place.folder, 'clock', 'kernel.ts'), (text) => `import { one } from './helper.ts'\nvoid one\n${text}`)
  await place.runtime.start()
  editFile(helper, (text) => text.replace('= 1', '= 2'))
  expect(await place.seen(isDrift('source'))).toMatchObject({ kernel: 'clock', file: helper })
  expect(place.runtime.kernel('clock').status().findings?.[0]).toContain(`${helper} has changed since it was loaded`)
  rmSync(helper)
  await place.seen((event) => isDrift('source')(event) && String(event.findings).includes('is gone'))
  writeFileSync(helper, 'export const one: number = 3\n')
  await place.runtime.kernel('clock').restart()
  await place.seen(isSettled('source'))
  expect(place.runtime.kernel('clock').status().findings).toBeUndefined()
})

test('the evidence of a failure names the drift that nobody had been told of yet', async () => {
  // The timer is out of the way: it is the crash that makes them look.
  await using place = await house([{ ...kernels[0], id: 'clock', source: echo, restart: { ...fast, max: 0 } }], {
    fleetFile: true,
    integrityEveryMs: 3_600_000,
  })
  editFile(fleetOf(place), (text) => text.replace('"everyMs": 1000', '"everyMs": 1'))
  appendFileSync(join(place.folder, 'clock', 'kernel.ts'), '// edited\n')
  await place.runtime
    .ref('clock')
    .ask.break?.()
    .catch(() => undefined)
  const { folder } = await place.seen(({ type }) => type === 'diagnostics.captured')
  const read = (name: string) => JSON.parse(readFileSync(join(String(folder), name), 'utf8'))
  expect(read('error.json').drift).toEqual([
    'config.everyMs differs from the fleet file: it runs with 1000, the file says 1',
    expect.stringContaining('kernel.ts has changed since it was loaded'),
  ])
  expect(read('error.json').damage).toEqual([])
  expect(read('system_state.json').drift).toMatchObject([
    { what: 'config.everyMs', expected: '1000', found: '1', path: fleetOf(place) },
    { what: 'source' },
  ])
})
