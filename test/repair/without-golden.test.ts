/** Kernels that were never good, so that there is nothing to go back to: healed by their code, or by one message less. */
import { expect, test } from 'vitest'
import type { LazaretEvent } from '../../src/index.ts'
import { climb, fast, type Ladder, misspell, notesCheck, notesKernel } from '../five-steps/ladder.ts'

const agents = (ladder: Ladder, type: LazaretEvent['type']) =>
  ladder.events.filter((event) => event.type === type).map(({ agent }) => agent)
const code = (thrown: { code?: string }) => thrown.code

test('a property misspelt from the first boot on is healed by code', async () => {
  const files = { 'kernel.ts': misspell(notesKernel), 'check.ts': notesCheck }
  await using ladder = await climb({ files, kernels: [{ id: 'notes', ...fast }] })
  const recovered = ladder.until('kernel.recovered')
  const { ask } = ladder.runtime.ref('notes')
  await ask.put?.('a', 'alpha')
  expect(await ask.find?.('lph').catch(code)).toBe('KERNEL_DOWN')
  expect(await recovered).toMatchObject({ healedBy: 'code' })
  expect(agents(ladder, 'hotfix.applied')).toEqual(['language-service'])
  await ask.put?.('b', 'beta')
  expect(await ask.find?.('bet')).toBe(1)
})

test('an import path misspelt from the first boot on is healed by code', async () => {
  const files = {
    'kernel.ts': notesKernel
      .replace('\n\n', "\nimport { has } from './halper.ts'\n\n")
      .replace('text.includes(query)', 'has(text, query)'),
    'helper.ts': 'export const has = (text: string, query: string) => text.includes(query)\n',
    'check.ts': notesCheck,
  }
  await using ladder = await climb({ files })
  expect(await ladder.until('kernel.recovered', { seen: true })).toMatchObject({ healedBy: 'code' })
  expect(agents(ladder, 'hotfix.applied')).toEqual(['language-service'])
})

const fragile = notesKernel.replace(
  'notes.set(id, text)',
  "if (text === 'bad') throw new TypeError('a bad text')\n          if (text === 'late') setTimeout(() => { throw new Error('a late text') }, 20)\n          notes.set(id, text)",
)

test.each([
  ['in hand', 'bad', 'KERNEL_DOWN'],
  ['long since answered', 'late', 1],
])('a message that crashes the kernel when it is %s is parked after one crash', async (_, text, reply) => {
  const files = { 'kernel.ts': fragile, 'check.ts': notesCheck }
  await using ladder = await climb({ files, kernels: [{ id: 'notes', ...fast }] })
  const recovered = ladder.until('kernel.recovered')
  const { ask } = ladder.runtime.ref('notes')
  expect(await ask.put?.('a', text).catch(code)).toBe(reply)
  expect(await recovered).toMatchObject({ healedBy: 'parked message' })
  expect(agents(ladder, 'hotfix.applied')).toEqual(['guard'])
  expect(await ask.put?.('a', text).catch(code)).toBe('MESSAGE_POISONED')
  expect(await ask.put?.('a', 'good')).toBe(1)
})

test('where every message crashes it, parking one heals nothing: the check says so, and the kernel is parked', async () => {
  const files = {
    'kernel.ts': notesKernel.replace('notes.set(id, text)', "throw new TypeError('never')"),
    'check.ts': notesCheck,
  }
  await using ladder = await climb({ files, kernels: [{ id: 'notes', ...fast }] })
  const parked = ladder.until('kernel.parked')
  await ladder.runtime.ref('notes').ask.put?.('a', 'x').catch(code)
  const { why } = await parked
  expect(why).toMatch(/^language-service: TypeScript .* no correction .*; guard: check: The check does not hold/)
})
