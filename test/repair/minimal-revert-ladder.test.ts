/** The whole ladder: a good version, then a change of many hunks with a defect in one of them. */
import { expect, test, vi } from 'vitest'
import { climb, notesKernel } from '../five-steps/ladder.ts'

vi.mock(import('../../src/repair/language-service/child.ts'), async (original) =>
  (await import('../support/language-service.ts')).inThisProcess(original),
)

/** As somebody would have written it: a new method, other names, a comment; and one misspelt call in the middle. */
const changes: readonly (readonly [string, string])[] = [
  ['import { defineKernel }', '// Notes, version 2.\nimport { defineKernel }'],
  ["'config.prefix must be a text'", "'config.prefix has to be a text'"],
  ["ctx.log.info('incident', incident)", "ctx.log.warn('incident', incident)"],
  ['put(id, text) {', "put(id, text) {\n          if (id === undefined) throw new RangeError('id')"],
  ["ctx.log.info('find', { query })", "ctx.log.debug('find', { query })"],
  ['text.includes(query)).length', 'text.inclodes(query)).length'],
  ['size: () => notes.size,', 'size: () => notes.size,\n        version: () => 2,'],
]
const second = changes.reduce((text, [before, after]) => text.replace(before, after), notesKernel)

test('a change with one bad hunk is healed by taking that one back, and the rest of it is in force', async () => {
  await using ladder = await climb()
  const notes = ladder.runtime.ref('notes').with({ deadlineMs: 20_000 })
  await notes.ask.put?.('a', 'alpha')
  await ladder.until('snapshot.golden')
  await ladder.until('snapshot.golden')
  ladder.edit('kernel.ts', () => second)
  await ladder.runtime.kernel('notes').restart()
  const recovered = ladder.until('kernel.recovered', { ms: 25_000 })
  await ladder.askUntilDown('find')
  expect((await recovered).healedBy).toBe('code')

  const verified = ladder.events.find(({ type }) => type === 'repair.verified')
  expect(verified).toMatchObject({ agent: 'minimal-revert', cost: { tokensIn: 0 } })
  expect(Reflect.get(Object(verified?.cost), 'sandboxRuns')).toBeLessThanOrEqual(40)
  expect(ladder.types()).toContain('repair.progressed')
  const [attempt] = ladder.runtime.journal
    .attempts(String(verified?.incident))
    .filter(({ outcome }) => outcome === 'verified')
  const [step, ...rest] = attempt?.steps ?? []
  expect(rest).toEqual([])
  const changed = (step?.do === 'apply_patch' ? step.patch : '').split('\n').filter((line) => /^[-+] /.test(line))
  expect(changed.map((line) => line.trim())).toEqual([
    expect.stringContaining('-          return [...notes.values()].filter((text) => text.inclodes'),
    expect.stringContaining('+          return [...notes.values()].filter((text) => text.includes'),
  ])
  // The old call and the new method, in one instance.
  expect(await notes.ask.find?.('lph')).toBe(1)
  expect(await notes.ask.version?.()).toBe(2)
})
