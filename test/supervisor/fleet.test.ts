import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type KernelInput, loadFleet } from '../../src/supervisor/fleet.ts'
import { dir, load, object, one, refusal } from './fleet-fixtures.ts'

describe('a fleet that is fine', () => {
  test('has every default of the plan where it says nothing', () => {
    expect(load(one())).toEqual({
      file: join(dir, 'fleet.yaml'),
      agents: {},
      levels: [['a']],
      kernels: [
        {
          id: 'a',
          entryUrl: pathToFileURL(join(dir, 'kernel.ts')).href,
          tier: 3,
          dependsOn: [],
          replicas: 0,
          strategy: 'one_for_one',
          concurrency: 1,
          restart: { max: 3, stableMs: 600_000, backoffMs: 200, backoffMaxMs: 10_000, jitter: 0.2 },
          crashOn: 'defects',
          heartbeat: { timeoutMs: 5000 },
          limits: { heapMb: 256, externalMb: 512, startMs: 30_000, stopMs: 5000, askMs: 5000 },
          mailbox: { max: 4096 },
          env: [],
          degraded: { mode: 'buffer', max: 1000 },
          snapshot: { everyMs: 60_000, keep: 5 },
          repair: {
            ...{ autonomy: 'fix', isolation: 'permission', maxAttempts: 3, maxPerHour: 3 },
            ...{ timeoutMs: 900_000, expiresMs: 604_800_000 },
          },
          config: {},
        },
      ],
    })
  })

  test('keeps every value that it gives', () => {
    const kernel: KernelInput = {
      id: 'b',
      entry: './kernel.ts',
      tier: 2,
      dependsOn: ['a'],
      replicas: 8,
      concurrency: 2,
      restart: { max: 0, stableMs: 1, backoffMs: 0, backoffMaxMs: 0, jitter: 0 },
      strategy: 'rest_for_one',
      crashOn: 'all',
      heartbeat: { timeoutMs: 1 },
      limits: { heapMb: 16, externalMb: 1, startMs: 1, stopMs: 1, askMs: 1 },
      mailbox: { max: 1 },
      env: ['HOME', '_x1'],
      degraded: { mode: 'reject', max: 1 },
      snapshot: { everyMs: 1, keep: 1 },
      repair: {
        ...{ autonomy: 'observe', isolation: 'weak', maxAttempts: 1, maxPerHour: 1 },
        ...{ timeoutMs: 1, expiresMs: 1 },
      },
      config: { nested: { list: [1, 'two', null, true] } },
    }
    const fleet = { kernels: [{ id: 'a', entry: './kernel.ts' }, kernel] }
    const { entry: _entry, ...rest } = kernel
    const fromObject = loadFleet(fleet, { baseDir: dir })
    expect(fromObject.kernels[1]).toEqual({ ...rest, entryUrl: pathToFileURL(join(dir, 'kernel.ts')).href })
    expect(fromObject.file).toBeUndefined()
    expect(load(JSON.stringify(fleet)).kernels).toEqual(fromObject.kernels)
  })

  test.each([
    [
      'a fallback',
      'degraded: { fallback: ./fallback.ts }',
      { mode: 'fallback', max: 1000, fallbackUrl: 'fallback.ts' },
    ],
    ['a fallback, and says so', 'degraded: { mode: fallback, fallback: ./fallback.ts }', { mode: 'fallback' }],
    ['a reroute', 'degraded: { reroute: b, max: 5 }', { mode: 'reroute', max: 5, to: 'b' }],
  ])('may name %s', (_what, line, expected) => {
    writeFileSync(join(dir, 'fallback.ts'), '')
    const [kernel] = load(`${one(line)}\n  - id: b\n    entry: ./kernel.ts\n`).kernels
    const { fallbackUrl, ...degraded } = kernel?.degraded ?? {}
    expect({ ...degraded, ...(fallbackUrl && { fallbackUrl: fallbackUrl.split('/').at(-1) }) }).toMatchObject(expected)
  })

  test('snapshots a kernel of tier 1 every 5 s, unless it says otherwise', () => {
    expect(object({ tier: 1 }).kernels[0]?.snapshot).toEqual({ everyMs: 5000, keep: 5 })
    expect(object({ tier: 1, snapshot: { everyMs: 7 } }).kernels[0]?.snapshot.everyMs).toBe(7)
  })

  test('may have a byte order mark, Windows line ends, comments and a document marker', () => {
    expect(load(`\ufeff---\n# mine\n${one('tier: 1')}`.replaceAll('\n', '\r\n')).kernels[0]?.tier).toBe(1)
  })

  test('has levels in which each depends on earlier ones only', () => {
    const kernel = (id: string, ...dependsOn: string[]) => ({ id, entry: './kernel.ts', dependsOn })
    const kernels = [kernel('d', 'b', 'c'), kernel('b', 'a'), kernel('c', 'a'), kernel('a'), kernel('e')]
    const fleet = loadFleet({ kernels }, { baseDir: dir })
    expect(fleet.levels).toEqual([['a', 'e'], ['b', 'c'], ['d']])
    expect(fleet.kernels.map(({ id }) => id)).toEqual(['d', 'b', 'c', 'a', 'e'])
  })

  test('is a copy: what the caller changes later, and what other kernels get, are apart', () => {
    const config = { deep: { value: 1 } }
    const fleet = object({ config })
    config.deep.value = 2
    expect(fleet.kernels[0]?.config).toEqual({ deep: { value: 1 } })
    const two = loadFleet({ kernels: ['a', 'b'].map((id) => ({ id, entry: './kernel.ts' })) }, { baseDir: dir })
    expect(two.kernels[0]?.config).not.toBe(two.kernels[1]?.config)
  })

  test('names the real file behind a link', () => {
    expect(object({ entry: './alias.ts' }).kernels[0]?.entryUrl).toBe(pathToFileURL(join(dir, 'kernel.ts')).href)
  })

  test('is read anew each time', () => {
    expect(load(one('tier: 1')).kernels[0]?.tier).toBe(1)
    expect(load(one('tier: 2')).kernels[0]?.tier).toBe(2)
  })
})

describe('the module of a kernel', () => {
  test.each(['./data.json', './link.ts', './folder.ts', '.', './kernel', './kernel.ts\0.ts'])(
    '%j is refused',
    (entry) => {
      expect(refusal(() => object({ entry })).details.key).toBe('kernels[0].entry')
    },
  )

  test('a .ts of which only the compiled .js exists is refused with that name, and not guessed', () => {
    expect(refusal(() => object({ entry: './compiled.ts' })).message).toMatch(
      /compiled\.js stands beside it.*published/,
    )
    expect(object({ entry: './compiled.js' }).kernels[0]?.entryUrl).toMatch(/compiled\.js$/)
  })

  test('is found from the folder of the file, and from baseDir for an object', () => {
    mkdirSync(join(dir, 'sub'))
    const file = join(dir, 'sub', 'fleet.yaml')
    writeFileSync(file, 'kernels: [{ id: a, entry: ../kernel.ts }]')
    expect(loadFleet(file).kernels[0]?.entryUrl).toBe(pathToFileURL(join(dir, 'kernel.ts')).href)
    const fleet = { kernels: [{ id: 'a', entry: '../kernel.ts' }] }
    expect(loadFleet(fleet, { baseDir: join(dir, 'sub') }).kernels).toHaveLength(1)
    expect(() => loadFleet(fleet, { baseDir: join(dir, 'sub', 'deeper', 'still') })).toThrow('does not exist')
  })
})
