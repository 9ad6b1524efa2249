/** Files of the runtime's own are damaged on the disk: found by name within a round, and mended where a kernel can. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/base/hash.ts'
import { corruptSnapshot } from '../../src/chaos/disk-faults.ts'
import type { LazaretEvent } from '../../src/index.ts'
import { seqOf } from '../../src/snapshot/file.ts'
import { isVerified, verifyFile } from '../../src/snapshot/verify.ts'
import { climb, type Ladder, fast as ladderFast, misspell } from '../five-steps/ladder.ts'
import { fast, house, kernelOf, type TestHouse } from '../support/house.ts'

const hour = 3_600_000
const counter = kernelOf(`let n = ctx.restored ?? 0
return { api: { add: () => ++n, break: () => { throw new TypeError('broken') } }, snapshot: () => n }`)
/** Steady, with a golden and one snapshot, soon after its start; nothing else writes one. */
const steady = { id: 'notes', source: counter, snapshot: { everyMs: hour }, restart: { ...fast, stableMs: 50 } }

function flip(path: string, at = -4): void {
  const bytes = readFileSync(path)
  const place = at < 0 ? bytes.length + at : at
  bytes[place] = (bytes[place] ?? 0) ^ 0xff
  writeFileSync(path, bytes)
}

const folderOf = ({ runtime }: Pick<TestHouse, 'runtime'>) => join(runtime.dataDir, 'snapshots', 'notes')
const namesOf = (place: Pick<TestHouse, 'runtime'>) => readdirSync(folderOf(place))
const isFound = (path: string) => (event: LazaretEvent) => event.type === 'damage.found' && event.path === path
const isMended = (path: string) => (event: LazaretEvent) => event.type === 'damage.mended' && event.path === path

/** Whether everything that is not set aside holds. */
async function holds(place: Pick<TestHouse, 'runtime'>): Promise<boolean> {
  const names = namesOf(place).filter(isVerified)
  const verdicts = await Promise.all(names.map((name) => verifyFile(join(folderOf(place), name), 'notes')))
  return names.length > 0 && verdicts.every(({ reason }) => reason === undefined)
}

test('a snapshot that is damaged while its kernel runs is named, set aside, and taken anew', async () => {
  await using place = await house([steady], { integrityEveryMs: 20 })
  await place.seen(({ type }) => type === 'snapshot.golden')
  await place.runtime.ref('notes').ask.add?.()
  const path = corruptSnapshot(place.runtime.dataDir, 'notes', 'damaged')
  expect(await place.seen(isFound(path))).toMatchObject({
    ...{ kernel: 'notes', what: 'snapshot', reason: 'the state does not match its hash', done: 'set aside' },
  })
  expect(await place.seen(isMended(path))).toMatchObject({ how: 'snapshot retaken' })
  const names = namesOf(place)
  expect(names).toContain(`${basename(path)}.corrupt`)
  expect(names).not.toContain(basename(path))
  const fresh = names.filter((name) => /^\d.*\.snap$/.test(name))
  expect(fresh.map(seqOf)).toEqual([(seqOf(basename(path)) ?? 0) + 1])
  expect(await holds(place)).toBe(true)
  expect(place.runtime.kernel('notes').status().findings).toBeUndefined()
  // The kernel went on all the while, and a later damage is another one.
  expect(await place.runtime.ref('notes').ask.add?.()).toBe(2)
  const later = corruptSnapshot(place.runtime.dataDir, 'notes', 'damaged')
  await place.seen(isMended(later))
  expect(place.of('damage.found').map((event) => event.path)).toEqual([path, later])
  expect(place.of('damage.mended')).toHaveLength(2)
  expect(place.of('kernel.started')).toHaveLength(1)
})

test.each(['golden.json', 'golden copy'])('a damaged %s of a steady kernel is renewed', async (which) => {
  await using place = await house([steady], { integrityEveryMs: 20 })
  await place.seen(({ type }) => type === 'snapshot.golden')
  const copy = namesOf(place).find((name) => name.startsWith('golden-'))
  const path = join(folderOf(place), which === 'golden.json' ? which : (copy ?? ''))
  flip(path)
  expect(await place.seen(isFound(path))).toMatchObject({ what: 'golden', done: 'set aside' })
  expect(await place.seen(isMended(path))).toMatchObject({ how: 'golden renewed' })
  expect(namesOf(place)).toContain(`${basename(path)}.corrupt`)
  expect(namesOf(place)).toContain('golden.json')
  expect(await holds(place)).toBe(true)
  expect(place.of('snapshot.golden')).toHaveLength(2)
})

test.each([
  ['the golden record', (name: string) => name === 'golden.json', 'golden', 'golden renewed'],
  ['the newest snapshot', (name: string) => /^\d.*\.snap$/.test(name), 'snapshot', 'snapshot retaken'],
  ['everything', () => true, 'golden', 'golden renewed'],
] as const)('%s that somebody took away is missed, and given anew', async (_what, isIt, what, how) => {
  await using place = await house([steady], { integrityEveryMs: 20 })
  await place.seen(({ type }) => type === 'snapshot.golden')
  for (const name of namesOf(place).filter(isIt)) rmSync(join(folderOf(place), name))
  const found = await place.seen((event) => event.type === 'damage.found' && event.what === what)
  expect(found).toMatchObject({ kernel: 'notes', reason: 'it is gone' })
  expect(await place.seen(isMended(String(found.path)))).toMatchObject({ how })
  expect(await holds(place)).toBe(true)
  await expect.poll(() => place.runtime.kernel('notes').status().findings).toBeUndefined()
  expect(namesOf(place)).toContain('golden.json')
})

test('a golden copy that somebody took away is missed', async () => {
  await using place = await house([steady], { integrityEveryMs: 20 })
  await place.seen(({ type }) => type === 'snapshot.golden')
  const path = join(folderOf(place), namesOf(place).find((name) => name.startsWith('golden-')) ?? '')
  rmSync(path)
  expect(await place.seen(isFound(path))).toMatchObject({ what: 'golden', reason: 'it is gone' })
  expect(await place.seen(isMended(path))).toMatchObject({ how: 'golden renewed' })
})

test('the evidence of a failure names the damage that nobody had met yet', async () => {
  const kernel = { ...steady, restart: { ...fast, max: 0, stableMs: 50 }, repair: { autonomy: 'observe' as const } }
  await using place = await house([kernel], { integrityEveryMs: hour })
  await place.seen(({ type }) => type === 'snapshot.golden')
  const path = corruptSnapshot(place.runtime.dataDir, 'notes', 'damaged')
  await expect(place.runtime.ref('notes').ask.break?.()).rejects.toMatchObject({ code: 'KERNEL_DOWN' })
  const { folder } = await place.seen(({ type }) => type === 'diagnostics.captured')
  const { damage } = JSON.parse(readFileSync(join(String(folder), 'error.json'), 'utf8'))
  expect(damage).toEqual([`snapshot ${basename(path)} is damaged: the state does not match its hash; set aside`])
  // It cannot be taken anew from a kernel that is out of service.
  await place.seen(({ type }) => type === 'kernel.parked')
  expect(place.of('damage.mended')).toEqual([])
  expect(place.runtime.kernel('notes').status().findings).toEqual(damage)
})

test('damaged evidence of an open incident is named and left for a person, until the incident is closed', async () => {
  const kernel = { ...steady, restart: { ...fast, max: 0, stableMs: 50 }, repair: { autonomy: 'observe' as const } }
  await using place = await house([kernel], { integrityEveryMs: 20 })
  await expect(place.runtime.ref('notes').ask.break?.()).rejects.toMatchObject({ code: 'KERNEL_DOWN' })
  const { folder } = await place.seen(({ type }) => type === 'diagnostics.captured')
  await place.seen(({ type }) => type === 'kernel.parked')
  const path = join(String(folder), 'replay.bin')
  flip(path)
  expect(await place.seen(isFound(path))).toMatchObject({ what: 'evidence', done: 'left for a person' })
  await place.runtime.kernel('notes').rejoin()
  expect(await place.seen(isMended(path))).toMatchObject({ how: 'its incident is closed' })
})

/** Until it is healed by a hotfix and steady with it. */
async function healByCode(ladder: Ladder): Promise<string> {
  await ladder.runtime.ref('notes').ask.put?.('a', 'alpha')
  await ladder.until('snapshot.golden', { seen: true })
  ladder.edit('kernel.ts', misspell)
  await ladder.runtime.kernel('notes').restart()
  const recovered = ladder.until('kernel.recovered')
  await ladder.askUntilDown('find')
  expect(await recovered).toMatchObject({ healedBy: 'code' })
  const applied = await ladder.until('hotfix.applied', { seen: true })
  return join(ladder.runtime.dataDir, 'hotfixes', `${String(applied.hotfix)}.json`)
}

/** Somebody who knows the format puts another text in. */
function underItsOwnHash(file: string): string {
  const body = JSON.stringify({ ...JSON.parse(file).hotfix, incident: 'inc_another' })
  return `{"sha256":"${sha256(body)}","hotfix":${body}}\n`
}

test('a hotfix in force that is damaged, or altered under a hash that holds, is written anew from memory', async () => {
  await using ladder = await climb({ integrityEveryMs: 20 })
  const path = await healByCode(ladder)
  // A kernel that runs with a hotfix on purpose has not drifted.
  expect(ladder.runtime.kernel('notes').status().findings).toBeUndefined()
  const whole = readFileSync(path, 'utf8')
  const wait = ladder.until('damage.mended')
  flip(path, 100)
  expect(await wait).toMatchObject({ what: 'hotfix', path, how: 'hotfix rewritten' })
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(whole))
  for (const spoil of [() => rmSync(path), () => writeFileSync(path, underItsOwnHash(whole))]) {
    const again = ladder.until('damage.mended')
    spoil()
    expect(await again).toMatchObject({ path })
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(JSON.parse(whole))
  }
  const reasons = ladder.events.filter(({ type }) => type === 'damage.found').map(({ reason }) => reason)
  const altered = 'it is not the one that was written'
  expect(reasons).toEqual(['it does not match its hash', 'there is no such file', altered])
  // The bad edit was a drift until the restart took it; what the hotfix serves in its place is none.
  const types = ladder.types()
  expect(types.lastIndexOf('config.drifted')).toBeLessThan(types.indexOf('hotfix.applied'))
})

test('what was damaged before the start is named at the start, also where that kernel would not read it', async () => {
  const first = await climb({ keep: true })
  const hotfix = await healByCode(first)
  await first.until('snapshot.taken')
  await first.runtime.stop()
  const folder = join(first.folder, '.lazaret', 'snapshots', 'notes')
  const [oldest = ''] = readdirSync(folder)
    .filter((name) => /^\d.*\.snap$/.test(name))
    .sort((a, b) => (seqOf(a) ?? 0) - (seqOf(b) ?? 0))
  const paths = [join(folder, oldest), join(folder, 'golden.json'), hotfix]
  for (const path of paths) flip(path)

  await using second = await climb({
    folder: first.folder,
    kernels: [{ id: 'notes', ...ladderFast, snapshot: { everyMs: hour } }],
  })
  const types = second.types()
  const found = second.events.filter(({ type }) => type === 'damage.found')
  expect(new Set(found.map(({ path }) => path))).toEqual(new Set(paths))
  expect(found).toHaveLength(3)
  expect(types.lastIndexOf('damage.found')).toBeLessThan(types.indexOf('kernel.started'))
  expect(types).toContain('hotfix.dropped')
  // Whatever the kernel can give anew, it gives when it is in service and when it is steady.
  await second.until('snapshot.golden', { seen: true })
  const mended = () => second.events.filter(({ type }) => type === 'damage.mended').map(({ path }) => path)
  while (mended().length < 2) await second.until('damage.mended')
  expect(mended()).toEqual(expect.arrayContaining(paths.slice(0, 2)))
})
