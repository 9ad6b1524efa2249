/**
 * A caller may hand in anything that can be copied to another thread. Whatever it is, a kernel takes it or refuses it with
 * a code: an error without one may be what the runtime calls a defect, and then whoever can provoke it takes the kernel
 * down. Every method of every kernel and fallback is tried, with every value at every place.
 */
import { readFileSync } from 'node:fs'
import { isKernel } from 'lazaret/kernel'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { startKernel } from './fake-context.ts'

const folder = new URL('../../kernels/', import.meta.url)
const fleet = parse(readFileSync(new URL('fleet.yaml', folder), 'utf8')) as {
  kernels: { id: string; entry: string; config?: Record<string, unknown>; degraded?: { fallback?: string } }[]
}
const entries = fleet.kernels.flatMap(({ id, entry, config = {}, degraded }) =>
  [entry, degraded?.fallback ?? []].flat().map((file) => ({ id, file, config })),
)

/** The innermost, wrapped this often. */
const nested = (levels: number, wrap: (inner: unknown) => unknown, inner: unknown = 1): unknown =>
  levels === 0 ? inner : nested(levels - 1, wrap, wrap(inner))
const circle: Record<string, unknown> = {}
circle.self = circle

const values: Record<string, unknown> = {
  undefined,
  null: null,
  NaN: Number.NaN,
  Infinity,
  'minus one': -1,
  'a half': 0.5,
  'a bigint': 10n,
  'nothing at all': '',
  blank: ' ',
  // Computed: written plainly it would be no key.
  ['__proto__']: '__proto__',
  constructor: 'constructor',
  'a way out': '../../../etc/passwd',
  'a zero byte': 'a\0b',
  'half a letter': '\ud800',
  'a huge text': 'x'.repeat(2_000_000),
  'a list': [],
  'lists in lists': nested(2000, (inner) => [inner]),
  'a list that doubles itself': nested(40, (inner) => [inner, inner]),
  'a circle': circle,
  'an object without a text': { toString: 1, valueOf: 1 },
  'an object of a strange key': JSON.parse('{"__proto__": {"id": "x", "percent": 1}, "id": "__proto__"}'),
  'an object of wrong members': { id: 10n, name: circle, to: { toString: 1, valueOf: 1 }, task: 'x', kernel: 10n },
  'a map': new Map([[{}, 1]]),
  'a date that is none': new Date(Number.NaN),
  'an error': new Error('handed in'),
  bytes: new Uint8Array(10),
}
/** What a good caller would hand in somewhere, so that a bad value at a later place is reached. */
const good = ['a', { id: 'a' }, ['a'], 1]

function argumentLists(bad: unknown): unknown[][] {
  const fillings = good.flatMap((one) => [
    [bad, one],
    [one, bad],
    [one, 'a', bad],
    [one, 'a', 'a', bad],
  ])
  return [[bad], [bad, bad, bad], ...fillings]
}

/** Jobs and tasks have members, each of which may be wrong by itself. */
const shapes: Record<string, Record<string, unknown>> = {
  schedule: { name: 'a', everyMs: 1000, to: 'records', method: 'count', args: [] },
  grant: { id: 'a', effect: 'allow', who: ['a'], action: ['a'], what: ['a'] },
  add: { task: 'a', type: 'a', kernel: 'a', error: 'a', priority: 1, incident: 'a', diagnostic_path: 'a', log: ['a'] },
  send: { id: 'a', to: 'http://hooks.invalid/', subject: 'a', body: 'a' },
  note: { incident: 'a', kernel: 'a', status: 'open', at: 1 },
  judge: { at: 1, loadPerCpu: 1, freeMemory: 1, delayMs: 1 },
  answer: { method: 'GET', path: '/health', headers: { host: 'localhost' }, body: 'a' },
}
const shaped = (method: string, bad: unknown): unknown[][] => {
  const shape = shapes[method] ?? {}
  return Object.keys(shape).flatMap((key) => [[{ ...shape, [key]: bad }], [{ ...shape, [key]: [bad] }]])
}

test.each(entries)(
  '$id ($file) refuses with a code whatever is no argument, and works on',
  async ({ id, file, config }) => {
    const kernel: unknown = (await import(new URL(file, folder).href)).default
    if (!isKernel(kernel)) throw new Error(`${file} is no kernel`)
    const { api, ask, snapshot } = await startKernel(kernel, { id, config: { ...config, port: undefined } })
    const faults: string[] = []
    for (const method of Object.keys(api)) {
      for (const [name, value] of Object.entries(values)) {
        for (const args of [...argumentLists(value), ...shaped(method, value)]) {
          const startedAt = performance.now()
          try {
            await (ask as Record<string, (...given: unknown[]) => Promise<unknown>>)[method]?.(...args)
          } catch (error) {
            const { code, message } = error as { code?: unknown; message: string }
            if (typeof code !== 'string' || message.length > 2000)
              faults.push(`${method}, ${name}: ${String(error).slice(0, 200)}`)
          }
          if (performance.now() - startedAt > 2000) faults.push(`${method}, ${name}: it takes too long`)
        }
      }
    }
    expect([...new Set(faults)]).toEqual([])
    // It can still be saved, and begins from what it saved.
    const restored = await snapshot()
    await startKernel(kernel, { id, config: { ...config, port: undefined }, restored })
  },
  60_000,
)
