/** What must hold for the flags before they rejoin. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { defineCheck } from 'lazaret/kernel'
import type { FeatureFlags } from './kernel.ts'

export default defineCheck<FeatureFlags>(async ({ ask }) => {
  const before = await ask.all()
  const flag = 'check.flag'
  const people = Array.from({ length: 200 }, (_, n) => `person ${n}`)
  const having = async (name = flag) => {
    const answers = await Promise.all(people.map((who) => ask.isOn(name, who)))
    return people.filter((_, index) => answers[index])
  }
  assert.deepEqual(await having(), [], 'a flag that is not known is off')

  await ask.set(flag, { percent: 30 })
  const some = await having()
  assert.ok(some.length > 30 && some.length < 90, `of 200, about 60 have it at 30 %: ${some.length} have`)
  assert.deepEqual(await having(), some, 'the same ones each time')
  // The place in the row, reckoned here once more: it must be the same on every machine and in every version.
  const place = (who: string) => createHash('sha256').update(`${flag}\n${who}`).digest().readUInt32BE(0) / 2 ** 32
  assert.deepEqual(some, people.filter((who) => place(who) < 0.3)) // biome-ignore format: one line

  await ask.set(flag, { percent: 60 })
  const more = await having()
  assert.ok(more.length > some.length && some.every((who) => more.includes(who)), 'more have it, and nobody loses it')
  await ask.set('check.other', { percent: 30 })
  assert.notDeepEqual(await having('check.other'), some, 'another flag, other people')

  await ask.set(flag, { percent: 100, off: ['person 1'] })
  assert.deepEqual(await having(), people.filter((who) => who !== 'person 1')) // biome-ignore format: one line
  await ask.set(flag, { on: ['person 1', 'person 2'], off: ['person 2'] })
  assert.deepEqual(await having(), ['person 1'], 'off is stronger than on')

  const wrong = [{ percent: 101 }, { percent: -1 }, { percent: Number.NaN }, { on: 'x' }, { off: [7] }, { share: 1 }, 7]
  for (const rule of wrong)
    await assert.rejects(ask.set(flag, rule as never), `must be refused: ${JSON.stringify(rule)}`)
  await assert.rejects(ask.set('No Flag', { percent: 1 }))
  await assert.rejects(ask.isOn(flag, ''))
  await assert.rejects(ask.isOn('', 'person 1'))
  assert.deepEqual(await having(), ['person 1'], 'a refused rule changes nothing')

  const names = (await ask.all()).filter((each) => each.from === 'set').map((each) => each.flag)
  assert.ok(names.includes(flag) && names.includes('check.other'))
  for (const name of [flag, 'check.other']) await ask.set(name, null)
  assert.deepEqual(await ask.all(), before, 'what is taken back is as the configuration says')
})
