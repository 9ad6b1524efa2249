import { tmpdir } from 'node:os'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { type FleetInput, loadFleet } from '../../src/supervisor/fleet.ts'
import { dir, load, object, refusal } from './fleet-fixtures.ts'

describe('each bound holds at the limit and one past it', () => {
  const bounds: [string, number, number][] = [
    ['tier', 1, 5],
    ['concurrency', 1, 1024],
    ['restart.max', 0, 100],
    ['restart.stableMs', 1, limits.timerMs],
    ['restart.backoffMaxMs', 200, limits.timerMs],
    ['heartbeat.timeoutMs', 1, limits.timerMs],
    ['limits.heapMb', 16, limits.heapMbCeiling],
    ['limits.externalMb', 1, limits.externalMbCeiling],
    ['limits.startMs', 1, limits.timerMs],
    ['limits.stopMs', 1, limits.timerMs],
    ['limits.askMs', 1, limits.timerMs],
    ['mailbox.max', 1, limits.queuedMessages],
    ['degraded.max', 1, limits.queuedMessages],
    ['snapshot.everyMs', 1, limits.timerMs],
    ['snapshot.keep', 1, 100],
    ['repair.maxAttempts', 1, limits.repairAttempts],
    ['repair.timeoutMs', 1, limits.timerMs],
  ]
  const put = (key: string, value: unknown) => {
    const [section = '', name] = key.split('.')
    return object(name === undefined ? { [section]: value } : { [section]: { [name]: value } })
  }
  test.each(bounds)('%s: %d to %d', (key, min, max) => {
    for (const fine of [min, max]) expect(() => put(key, fine)).not.toThrow()
    for (const bad of [min - 1, max + 1, min + 0.5, String(min), null, true, [min], Number.MAX_VALUE]) {
      expect(refusal(() => put(key, bad)).details.key).toBe(`kernels[0].${key}`)
    }
  })

  test('restart.jitter: 0 to 1, fractions included', () => {
    for (const fine of [0, 0.5, 1]) expect(() => put('restart.jitter', fine)).not.toThrow()
    for (const bad of [-0.001, 1.001, '0.5']) expect(() => put('restart.jitter', bad)).toThrow('from 0 to 1')
  })

  test('backoffMaxMs may equal backoffMs', () => {
    const restart = { backoffMs: 20_000, backoffMaxMs: 20_000 }
    expect(object({ restart }).kernels[0]?.restart).toMatchObject(restart)
    expect(() => object({ restart: { ...restart, backoffMaxMs: 19_999 } })).toThrow('20000')
  })

  test('500 kernels, ids of 48 characters', () => {
    const kernels = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ id: `k${index}`, entry: './kernel.ts' }))
    expect(loadFleet({ kernels: kernels(500) }, { baseDir: dir }).kernels).toHaveLength(500)
    expect(() => loadFleet({ kernels: kernels(501) }, { baseDir: dir })).toThrow('1 to 500')
    expect(object({ id: 'a'.repeat(48) }).levels).toEqual([['a'.repeat(48)]])
    expect(() => object({ id: 'a'.repeat(49) })).toThrow('49 characters')
  })
})

describe('what is no file and no plain object', () => {
  test.each(['no-such.yaml', '', 'a\0b', tmpdir(), '/dev/zero'])('the path %j is refused', (path) => {
    expect(refusal(() => loadFleet(path)).details.line).toBeUndefined()
  })

  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  const values: [string, unknown, string][] = [
    ['null', null, ''],
    ['a number', 3, ''],
    ['a list', [], ''],
    ['a function', () => 1, ''],
    ['a cycle', { kernels: [{ id: 'a', entry: './kernel.ts', config: cycle }] }, 'kernels[0].config.self'],
    ['a date', { kernels: [{ id: 'a', config: { at: new Date(0) } }] }, 'kernels[0].config.at'],
    ['NaN', { kernels: [{ tier: Number.NaN }] }, 'kernels[0].tier'],
    ['a bigint', { kernels: [{ tier: 1n }] }, 'kernels[0].tier'],
    ['a sparse list', { kernels: new Array(1_000_000) }, ''],
    ['an own __proto__', JSON.parse('{"kernels":[{"__proto__":{"tier":1}}]}'), 'kernels[0]'],
    [
      'an evil getter',
      {
        get kernels() {
          throw new Error('evil')
        },
      },
      '',
    ],
    [
      'an evil proxy',
      new Proxy(
        {},
        {
          ownKeys() {
            throw undefined
          },
        },
      ),
      '',
    ],
  ]
  test.each(values)('%s is refused', (_name, value, key) => {
    const error = refusal(() => loadFleet(value as FleetInput))
    expect(error.details.key).toBe(key)
    expect(error.details).not.toHaveProperty('line')
    expect(error.message).toMatch(/^fleet: /)
  })

  test('an object that unfolds for ever is refused before it fills the memory', () => {
    let shared: Record<string, unknown> = {}
    for (let level = 0; level < 60; level += 1) shared = { left: shared, right: shared }
    expect(() => object({ config: shared })).toThrow('100000')
  })
})

describe('whatever it is given, it returns a fleet or throws FLEET_INVALID', () => {
  const keys = [
    'kernels',
    'id',
    'entry',
    'tier',
    'limits',
    'heapMb',
    'restart',
    'dependsOn',
    '__proto__',
    'constructor',
  ]
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 5 },
      fc.oneof(fc.constantFrom('a', './kernel.ts', 16, 1, null, true), fc.string(), fc.double(), fc.integer()),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), tie('any'), { maxKeys: 5 }),
    ),
  })).any

  const settles = (run: () => unknown) => {
    try {
      run()
    } catch (thrown) {
      expect(thrown).toMatchObject({ name: 'LazaretError', code: 'FLEET_INVALID' })
    }
    expect(Object.prototype).not.toHaveProperty('tier')
  }

  test('arbitrary JSON, as an object, as a kernel and as a file', () => {
    fc.assert(
      fc.property(value, (json) => {
        settles(() => loadFleet(json as unknown as FleetInput, { baseDir: dir }))
        settles(() => loadFleet({ kernels: [json] } as unknown as FleetInput, { baseDir: dir }))
        settles(() => load(JSON.stringify({ kernels: [json] })))
      }),
      { numRuns: 200 },
    )
  })

  test('arbitrary bytes and scraps of YAML', () => {
    const scraps = fc.array(fc.constantFrom(...'-:?[]{}&*!|>\'"%@`#,~ \n\t\0', 'a', '1', 'kernels', '<<', '---', '...'))
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), scraps), (bytes) => {
        settles(() => load(bytes instanceof Uint8Array ? bytes : bytes.join('')))
      }),
      { numRuns: 400 },
    )
  })
})
