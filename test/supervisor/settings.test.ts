import { expect, test } from 'vitest'
import { fittingSettings, settingsOf } from '../../src/supervisor/settings.ts'

const limits = { heapMb: 64, externalMb: 64, startMs: 1000, stopMs: 1000, askMs: 1000 }
const spec = { config: { retry: { max: 1 }, url: 'a' }, limits }
const applied = { settings: [{ key: 'retry.max', value: 5 }], limits: { heapMb: 128 } }

test('single values are in force beside whatever else a person changes, until the fleet says something else there', () => {
  const body = settingsOf(applied, undefined, spec)
  expect(fittingSettings(body, spec)).toEqual({
    ...{ config: { retry: { max: 5 }, url: 'a' }, limits: { heapMb: 128 }, dropped: [] },
  })
  const moved = { config: { retry: { max: 1 }, url: 'b' }, limits: { ...limits, askMs: 5 } }
  expect(fittingSettings(body, moved)).toMatchObject({ config: { retry: { max: 5 }, url: 'b' }, dropped: [] })
  const changed = { config: { retry: { max: 2 }, url: 'a' }, limits: { ...limits, heapMb: 65 } }
  expect(fittingSettings(body, changed)).toEqual({
    limits: {},
    dropped: [
      { reason: "the fleet's configuration of retry.max was changed since" },
      { reason: "the fleet's limits.heapMb was changed since" },
    ],
  })
})

test('a key that the fleet does not have is set until the fleet has one, or has something else in its way', () => {
  const body = settingsOf({ settings: [{ key: 'a.b', value: null }], limits: {} }, undefined, spec)
  expect(fittingSettings(body, spec).config).toEqual({ ...spec.config, a: { b: null } })
  const inTheWay = { ...spec, config: { a: 'text' } }
  expect(fittingSettings(body, inTheWay).dropped).toHaveLength(1)
  expect(fittingSettings(body, { ...spec, config: { a: { b: 1 } } }).dropped).toHaveLength(1)
})

test('a later hotfix goes on from what is left of the one before; golden as a whole begins anew', () => {
  const first = settingsOf(applied, undefined, spec)
  const second = settingsOf({ settings: [{ key: 'url', value: 'z' }], limits: { askMs: 9 } }, first, spec)
  expect(fittingSettings(second, spec)).toMatchObject({
    ...{ config: { retry: { max: 5 }, url: 'z' }, limits: { heapMb: 128, askMs: 9 } },
  })
  const golden = settingsOf({ ...applied, configFromGolden: { url: 'g' }, settings: [], limits: {} }, second, spec)
  expect(fittingSettings(golden, spec).config).toEqual({ url: 'g' })
  expect(golden.settings).toBeUndefined()
})
