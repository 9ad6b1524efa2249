import { expect, test } from 'vitest'
import templates from '../../kernels/templates/kernel.ts'
import { type StartOptions, startKernel } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(templates, { id: 'templates', ...options })

test('a template is filled in by data, and what goes into HTML is escaped where it says so', async () => {
  const { ask } = await start()
  await ask.define('row', '{{ name }} <td>{{ name | escape }}</td>')
  expect(await ask.render('row', { name: '<b>' })).toBe('<b> <td>&lt;b&gt;</td>')
  await ask.define('list', '{% for n in list %}{{ n }}{% if n == 2 %}!{% endif %}{% endfor %}')
  expect(await ask.render('list', { list: [1, 2, 3] })).toBe('12!3')
})

test('nothing but the own data is within reach: no prototype, no file, no other template', async () => {
  const { ask } = await start()
  const reaches = ['{{ x.constructor }}', '{{ constructor }}', '{{ x.__proto__ }}']
  for (const [n, source] of [...reaches, "{% render '/etc/passwd' %}", "{% include 'secret' %}"].entries()) {
    await ask.define(`reach${n}`, source)
    await expect(ask.render(`reach${n}`, { x: {} }), source).rejects.toMatchObject({ code: 'RENDER_FAILED' })
  }
  await ask.define('secret', 'word')
  await expect(ask.render('reach4', {})).rejects.toMatchObject({ code: 'RENDER_FAILED' })
})

test('a template that does not parse is refused when it is defined, and the old one stays', async () => {
  const { ask } = await start()
  await ask.define('a', 'old')
  for (const bad of ['{% if x %}', '{{ x', '{% no_such_tag %}']) {
    await expect(ask.define('a', bad), bad).rejects.toMatchObject({ code: 'TEMPLATE_INVALID' })
  }
  expect(await ask.render('a', {})).toBe('old')
})

test('a rendering is bounded in time, memory and size', async () => {
  const { ask } = await start({ config: { renderMs: 20 } })
  await ask.define('time', '{% for a in (1..9999) %}{% for b in (1..9999) %}{{ "" }}{% endfor %}{% endfor %}')
  await ask.define('memory', '{% for a in (1..999999999) %}{{ a }}{% endfor %}')
  await ask.define('size', '{{ x }}'.repeat(20))
  for (const name of ['time', 'memory']) {
    await expect(ask.render(name, {}), name).rejects.toMatchObject({ code: 'RENDER_FAILED' })
  }
  await expect(ask.render('size', { x: 'x'.repeat(60_000) })).rejects.toMatchObject({ code: 'RENDER_FAILED' })
  expect(await ask.render('size', { x: 'x'.repeat(50_000) })).toHaveLength(1_000_000)
})

test('a successor goes on with the templates of callers; the configuration wins', async () => {
  const first = await start({ config: { templates: { fixed: 'of the house' } } })
  await first.ask.define('mine', 'mine {{ x }}')
  await first.ask.define('theirs', 'theirs')
  const config = { templates: { theirs: 'of the house' } }
  const second = await start({ restored: await first.snapshot(), config })
  expect(await second.ask.names()).toEqual(['mine', 'theirs'])
  expect(await second.ask.render('mine', { x: 1 })).toBe('mine 1')
  expect(await second.ask.render('theirs', {})).toBe('of the house')
  expect(second.logged).toHaveLength(1)
  await expect(second.ask.define('theirs', 'x')).rejects.toMatchObject({ code: 'TEMPLATE_FIXED' })
  await expect(second.ask.remove('theirs')).rejects.toMatchObject({ code: 'TEMPLATE_FIXED' })
})

test('a thousand templates are the most; one of them can still be replaced', async () => {
  const { api } = await start()
  for (let n = 0; n < 1000; n++) api.define(`t${n}`, 'x')
  expect(() => api.define('more', 'x')).toThrow(expect.objectContaining({ code: 'TOO_MANY_TEMPLATES' }))
  expect(api.define('t0', 'y')).toEqual({ name: 't0', replaced: true })
})

test.each([
  ['define', ['two words', 'x'], 'INVALID_NAME'],
  ['define', ['', 'x'], 'INVALID_NAME'],
  ['define', ['a', 7], 'TEMPLATE_INVALID'],
  ['define', ['a', 'x'.repeat(65_537)], 'TEMPLATE_INVALID'],
  ['render', ['absent', {}], 'NOT_FOUND'],
  ['render', ['there', 'text'], 'INVALID_ARGUMENT'],
  ['render', ['there', []], 'INVALID_ARGUMENT'],
  ['render', ['there', {}], 'RENDER_FAILED'],
  ['remove', [undefined], 'INVALID_NAME'],
] as const)('%s of %j is refused with the code %s', async (method, args, code) => {
  const { ask } = await start()
  await ask.define('there', '{{ x }}')
  const call = ask[method] as (...args: readonly unknown[]) => Promise<unknown>
  await expect(call(...args)).rejects.toMatchObject({ code })
})

test('a bad configuration or state keeps it from starting, and says where', async () => {
  await expect(start({ config: { templates: { a: '{% if %}' } } })).rejects.toThrow('config.templates.a')
  await expect(start({ config: { templates: ['x'] } })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  await expect(start({ config: { renderMs: 0 } })).rejects.toThrow('config.renderMs')
  await expect(start({ restored: { sources: [null] } })).rejects.toMatchObject({ code: 'STATE_INVALID' })
})
