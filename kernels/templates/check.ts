/** What must hold for the templates before they rejoin. It expects that fleet.yaml has one named `report`. */
import assert from 'node:assert/strict'
import { defineCheck } from 'lazaret/kernel'
import type { Templates } from './kernel.ts'

export default defineCheck<Templates>(async ({ ask }) => {
  const fixed = await ask.names()
  assert.ok(fixed.includes('report'))
  await assert.rejects(ask.define('report', 'x'), 'what stands in the configuration stays')
  await assert.rejects(ask.remove('report'))

  assert.deepEqual(await ask.define('letter', 'Dear {{ name | upcase }},'), { name: 'letter', replaced: false })
  assert.equal(await ask.render('letter', { name: 'Ada' }), 'Dear ADA,')
  await assert.rejects(ask.render('letter', {}), 'a variable that is missing is no blank')
  assert.deepEqual(await ask.names(), [...fixed, 'letter'].sort())
  assert.equal((await ask.define('letter', '{% for x in list %}{{ x }};{% endfor %}')).replaced, true)
  assert.equal(await ask.render('letter', { list: [1, 2] }), '1;2;')

  await assert.rejects(ask.define('letter', '{% for x in list %}'), 'what does not parse is refused')
  await assert.rejects(ask.define('letter', '{{ x | no_such_filter }}').then(() => ask.render('letter', { x: 1 })))
  await assert.rejects(ask.define('two words', 'x'))
  await assert.rejects(ask.define('long', 'x'.repeat(65_537)))
  await assert.rejects(ask.render('absent', {}))
  await assert.rejects(ask.render('letter', null))

  await ask.define('reach', "{% render 'letter' %}")
  await assert.rejects(ask.render('reach', {}), 'nothing can be included')
  await ask.define('endless', '{% for a in (1..4000) %}{% for b in (1..4000) %}{{ "" }}{% endfor %}{% endfor %}')
  const startedAt = Date.now()
  await assert.rejects(ask.render('endless', {}), 'a rendering is bounded')
  assert.ok(Date.now() - startedAt < 2000, 'the bound of a rendering is in time')
  for (const name of ['letter', 'reach', 'endless']) assert.equal(await ask.remove(name), true)
  assert.equal(await ask.remove('letter'), false)
  assert.deepEqual(await ask.names(), fixed)
})
