import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { KernelSpec } from '../../src/base/spec.ts'
import {
  configDrift,
  type FileNow,
  type Finding,
  FindingLedger,
  fleetUnreadable,
  sourceDrift,
  unknownKernels,
} from '../../src/diagnostics/integrity.ts'
import { loadFleet } from '../../src/supervisor/fleet.ts'

const file = '/fleet/fleet.yaml'
const entry = new URL('../five-steps/ladder.ts', import.meta.url).pathname

function specOf(change: object = {}): KernelSpec {
  const [spec] = loadFleet({ kernels: [{ id: 'notes', entry, ...change }] }).kernels
  if (spec === undefined) throw new Error('a fleet of one kernel has one')
  return spec
}

const runsWith = (spec: KernelSpec, config = spec.config) => ({ spec, config })

test('each key that differs is named, with what the kernel runs with and what the file says', () => {
  const spec = specOf({ config: { everyMs: 1000, list: [1, 2], deep: { a: 1 } } })
  const now = specOf({ restart: { max: 1 }, config: { everyMs: 5000, list: [1], deep: { b: 2 } } })
  const found = configDrift(runsWith(spec), now, file)
  expect(found.map(({ what, expected, found }) => [what, expected, found])).toEqual([
    ['restart.max', '3', '1'],
    ['config.everyMs', '1000', '5000'],
    ['config.list', '[1,2]', '[1]'],
    ['config.deep.a', '1', 'nothing'],
    ['config.deep.b', 'nothing', '2'],
  ])
  expect(found[1]).toMatchObject({ kind: 'drift', kernel: 'notes', path: file })
  expect(found[1]?.text).toBe('config.everyMs differs from the fleet file: it runs with 1000, the file says 5000')
})

test('the same fleet has not drifted, however its keys are ordered', () => {
  const spec = specOf({ config: { a: 1, b: { c: [1], d: null } } })
  expect(configDrift(runsWith(spec), specOf({ config: { b: { d: null, c: [1] }, a: 1 } }), file)).toEqual([])
  // Before it was ever started.
  expect(configDrift({ spec, config: undefined }, specOf({ config: spec.config }), file)).toEqual([])
})

test('a configuration that a hotfix replaces is no drift, until the file says a third thing', () => {
  const spec = specOf({ config: { prefix: 5, size: 1 } })
  const mended = { prefix: 'n', size: 1 }
  const at = (config: object) => configDrift({ spec, config: mended }, specOf({ config }), file)
  expect(at({ prefix: 5, size: 1 })).toEqual([])
  // The person has taken the repair over.
  expect(at({ prefix: 'n', size: 1 })).toEqual([])
  expect(at({ prefix: 7, size: 1 })).toMatchObject([{ what: 'config.prefix', expected: '"n"', found: '7' }])
  expect(at({ prefix: 5, size: 2 })).toMatchObject([{ what: 'config.size', expected: '1', found: '2' }])
})

test('no secret and no control character is in a finding', () => {
  const spec = specOf({ config: { apiKey: 'hunter2hunter2', db: { password: 'old' }, url: 'a' } })
  const now = specOf({ config: { apiKey: 'hunter3hunter3', db: { password: 'new' }, url: 'b\u001b[2J' } })
  const text = configDrift(runsWith(spec), now, file)
    .flatMap((finding) => Object.values(finding))
    .join(' ')
  expect(text).not.toMatch(/hunter|old|new/)
  expect(text).not.toContain('\u001b')
  expect(text).toContain('config.db.password')
})

test('a kernel that left the file, one that came, and a file that cannot be read are said so', () => {
  expect(configDrift(runsWith(specOf()), undefined, file)).toMatchObject([{ kernel: 'notes', what: 'kernel' }])
  expect(unknownKernels(new Set(['notes']), ['notes', 'extra'], file)).toMatchObject([
    { what: 'fleet', found: 'extra' },
  ])
  expect(unknownKernels(new Set(['notes', 'gone']), ['notes'], file)).toEqual([])
  // What stood there may be a secret.
  expect(fleetUnreadable(file, 'kernels must be a list. Got: "pass: s3cret".').text).toMatch(
    /kernels must be a list\.$/,
  )
})

test('however many keys differ, a bounded number is named, and how many more there are', () => {
  const many = (value: number) => Object.fromEntries(Array.from({ length: 80 }, (_, n) => [`key${n}`, value]))
  const found = configDrift(runsWith(specOf({ config: many(1) })), specOf({ config: many(2) }), file)
  expect(found).toHaveLength(51)
  expect(found.at(-1)?.text).toBe('30 more keys differ')
})

test('sources that changed, vanished or cannot be read are named; the others are not', async () => {
  const now: Record<string, FileNow> = {
    same: { sha256: 'a'.repeat(64) },
    edited: { sha256: 'b'.repeat(64) },
    gone: { problem: 'is gone' },
  }
  const files = Object.keys(now).map((name) => ({ url: `file:///${name}`, sha256: 'a'.repeat(64), text: '' }))
  const found = await sourceDrift('notes', files, async (url) => {
    const name = url.slice('file:///'.length)
    return { path: `/${name}`, ...(now[name] ?? { problem: 'unknown' }) }
  })
  expect(found.map(({ path, what }) => [path, what])).toEqual([
    ['/edited', 'source'],
    ['/gone', 'source'],
  ])
  expect(found[0]?.text).toContain('/edited has changed since it was loaded')
})

test('whatever is found and lost in whatever order, the ledger tells each finding once, and each end once', () => {
  const finding = fc.record({ what: fc.constantFrom('a', 'b', 'c'), found: fc.constantFrom('1', '2') })
  const look = fc.record({
    scope: fc.constantFrom('x', 'y'),
    findings: fc.uniqueArray(finding, { selector: ({ what }) => what, maxLength: 3 }),
  })
  fc.assert(
    fc.property(fc.array(look, { maxLength: 30 }), (looks) => {
      const ledger = new FindingLedger()
      // What somebody believes who has only heard what was told.
      const believed = new Map<string, Finding>()
      for (const { scope, findings } of looks) {
        const all = findings.map(({ what, found }): Finding => {
          return { kind: 'drift', kernel: scope, what, expected: '0', found, text: `${what} ${found}` }
        })
        const told = ledger.replace(scope, all)
        for (const each of told.gone) expect(believed.delete(`${scope} ${each.what}`)).toBe(true)
        for (const each of told.found) {
          expect(isDeepStrictEqual(believed.get(`${scope} ${each.what}`), each)).toBe(false)
          believed.set(`${scope} ${each.what}`, each)
        }
        const ofScope = [...believed].filter(([key]) => key.startsWith(`${scope} `)).map(([, each]) => each)
        expect(new Set(ledger.of(scope).map(({ text }) => text))).toEqual(new Set(ofScope.map(({ text }) => text)))
      }
    }),
  )
})

test('what concerns all of them is found of each', () => {
  const ledger = new FindingLedger()
  ledger.replace('fleet', [fleetUnreadable(file, 'broken')])
  ledger.replace('notes', [{ kind: 'drift', kernel: 'notes', what: 'a', expected: '', found: '', text: 'a' }])
  expect(ledger.of('notes')).toHaveLength(2)
  expect(ledger.of('other').map(({ what }) => what)).toEqual(['fleet'])
})
