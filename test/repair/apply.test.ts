/** What the steps of a remedy come to, before any of it is tried: texts, configuration, limits, messages, folders. */
import { serialize } from 'node:v8'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/base/hash.ts'
import type { Golden, Precondition, RemedyStep } from '../../src/base/remedy.ts'
import { type ApplyTo, applySteps, isParked } from '../../src/repair/apply.ts'
import { dryRun } from '../../src/repair/dry-run.ts'
import { makePatch } from '../../src/repair/patch.ts'

const folder = 'file:///app/notes/'
const url = `${folder}kernel.ts`
const shared = 'file:///app/shared.ts'
const bad = 'one\nbad\nthree\n'
const good = 'one\ntwo\nthree\n'

const golden: Golden = {
  ...{ kernel: 'notes', at: 0, snapshot: 'state-1', codeSha256: '' },
  sources: { [url]: good, [shared]: 'good', [`${folder}check.ts`]: 'good check' },
  config: { retry: { max: 1 } },
}
const from: ApplyTo = {
  sources: { [url]: bad, [shared]: 'bad', [`${folder}check.ts`]: 'bad check' },
  onDisk: { [url]: sha256(bad), [shared]: sha256('bad'), [`${folder}check.ts`]: sha256('bad check') },
  ...{ overlayNow: {}, kernelFolderUrl: folder, golden, config: { retry: { max: 9 }, list: [] }, phase: 'message' },
}
const patch: RemedyStep = {
  ...{ do: 'apply_patch', file: 'kernel.ts', preimageSha256: sha256(bad) },
  patch: makePatch('kernel.ts', bad, good),
}

test('golden code comes back whole, but for what is shared and what no repair may change', () => {
  const { overlay } = applySteps([{ do: 'restore_code' }], from)
  expect(overlay).toEqual({ [url]: { preimageSha256: sha256(bad), text: good } })
})

test('single values go on top of whichever configuration there is, and golden begins anew', () => {
  const set: RemedyStep = { do: 'set_config', key: 'retry.max', value: 3 }
  expect(applySteps([set], from)).toMatchObject({
    ...{ config: { retry: { max: 3 }, list: [] }, settings: [{ key: 'retry.max', value: 3 }] },
  })
  const both = applySteps([set, { do: 'restore_config' }, { do: 'set_config', key: 'url', value: 'x' }], from)
  expect(both.config).toEqual({ retry: { max: 1 }, url: 'x' })
  expect(both.settings).toEqual([{ key: 'url', value: 'x' }])
  expect(from.config).toEqual({ retry: { max: 9 }, list: [] })
  expect(() => applySteps([{ do: 'set_config', key: 'list.first', value: 1 }], from)).toThrow('no section')
})

test.each<[string, Precondition, boolean]>([
  ['the text as it is', { fileSha256: { file: 'kernel.ts', is: sha256(good) } }, true],
  ['another text', { fileSha256: { file: 'kernel.ts', is: sha256(bad) } }, false],
  ['a file that there is not', { fileSha256: { file: 'other.ts', is: sha256(bad) } }, false],
  ['a value', { config: { key: 'retry.max', equals: 9 } }, true],
  ['another value', { config: { key: 'retry.max', equals: 8 } }, false],
  ['a key that is missing, as null', { config: { key: 'no.such', equals: null } }, true],
  ['the phase', { phase: 'message' }, true],
  ['another phase', { phase: 'start' }, false],
])('a condition on %s is looked up after the steps in front of it', (_, onlyIf, holds) => {
  const applied = applySteps([patch, { do: 'set_limit', limit: 'heapMb', value: 99, onlyIf }], from)
  expect(applied.limits).toEqual(holds ? { heapMb: 99 } : {})
  expect(applied.leftOut).toEqual(holds ? [] : [1])
})

test('a pattern parks what it matches, and the exact message what it is; others pass', () => {
  const pattern: RemedyStep = { do: 'park_pattern', method: 'find', where: [{ path: '0.query', is: 'null' }] }
  const exact: RemedyStep = { do: 'park_message', method: 'put', argsSha256: sha256(serialize(['a'])) }
  const applied = applySteps([pattern, exact], from)
  const parked = (method: string, ...args: unknown[]) => isParked({ method, args: serialize(args) }, applied)
  expect(parked('find', { query: null })).toBe(true)
  expect(parked('find', { query: 'a' })).toBe(false)
  expect(parked('find')).toBe(false)
  expect(parked('put', { query: null })).toBe(false)
  expect(parked('put', 'a')).toBe(true)
})

test('live steps change nothing that the sandbox sees', () => {
  const live: RemedyStep[] = [{ do: 'restart' }, { do: 'wait', ms: 1 }, { do: 'notify', text: 'x' }]
  expect(applySteps(live, from)).toEqual(applySteps([], from))
})

test('a dry run says what each step meets, and stops judging behind one that is refused', () => {
  const steps: RemedyStep[] = [
    { do: 'restore_code' },
    patch,
    { do: 'wait', ms: 1 },
    { do: 'ask', kernel: 'memory', method: 'm', args: [] },
  ]
  const input = { ...from, kernel: 'notes', dataDirOfKernel: '/nowhere', serves: () => undefined }
  expect(dryRun({ ...input, steps })).toMatchObject([
    { n: 1, outcome: 'would be done', detail: '1 file would be served as it was.' },
    { n: 2, outcome: 'refused' },
    { n: 3, outcome: 'not known' },
    { n: 4, outcome: 'not known' },
  ])
  expect(dryRun({ ...input, steps: steps.slice(3) })).toMatchObject([
    { outcome: 'refused', detail: expect.stringContaining('memory') },
  ])
  const messages = [{ kind: 'ask', from: 'x', method: 'find', args: serialize([null]), at: 0 }] as const
  const park: RemedyStep = { do: 'park_pattern', method: 'find', where: [{ path: '0', is: 'null' }] }
  expect(dryRun({ ...input, messages, steps: [park] })[0]?.detail).toBe('1 of the 1 recorded messages would be parked.')
  const { golden: _, serves: _serves, ...offline } = input
  expect(dryRun({ ...offline, steps: [{ do: 'restore_state' }] })).toMatchObject([{ outcome: 'not known' }])
  expect(dryRun({ ...input, sources: { ...from.sources, [url]: good }, steps: [patch] })[0]?.detail).toBe(
    'The patch is in kernel.ts already.',
  )
  expect(dryRun({ ...input, steps: [{ do: 'clear_folder', folder: 'cache' }] })[0]?.detail).toContain(
    'There is no cache',
  )
})
