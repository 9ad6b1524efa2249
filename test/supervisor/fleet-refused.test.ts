import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { dir, one, refused } from './fleet-fixtures.ts'

const at = 'kernels[0].degraded'

describe('a bad fleet is refused with file, line, key, accepted values and what was got', () => {
  const cases: [string, string, number, string, string, string][] = [
    ['an unknown key', one('dependson: []'), 4, 'kernels[0].dependson', 'dependsOn', '"dependson"'],
    ['isolation', one('isolation: process'), 4, 'kernels[0].isolation', 'one of the keys', '"isolation"'],
    ['an unknown key of a section', one('limits: { heapmb: 20 }'), 4, 'kernels[0].limits.heapmb', 'heapMb', '"heapmb"'],
    ['an unknown key of snapshot', one('snapshot: { each: 1 }'), 4, 'kernels[0].snapshot.each', 'everyMs', '"each"'],
    ['constructor as a key', one('constructor: 1'), 4, 'kernels[0].constructor', 'one of the keys', '"constructor"'],
    ['an unknown key at the top', `${one()}\nkernel: []`, 4, 'kernel', 'kernels', '"kernel"'],
    [
      'a tier 6 of its own',
      `${one()}\ntiers:\n  - tier: 6\n    repair: { autonomy: fix }`,
      5,
      'tiers[0].tier',
      'from 1 to 5',
      '6',
    ],
    [
      'autonomy of a tier that is none',
      `${one()}\ntiers:\n  - { tier: 1, repair: { autonomy: ask } }`,
      5,
      'tiers[0].repair.autonomy',
      'observe, suggest, playbook, fix',
      '"ask"',
    ],
    [
      'a tier that says what only a kernel may',
      `${one()}\ntiers:\n  - { tier: 1, repair: { autonomy: fix, maxPerHour: 2 } }`,
      5,
      'tiers[0].repair.maxPerHour',
      'autonomy',
      '"maxPerHour"',
    ],
    [
      'a tier that is named twice',
      `${one()}\ntiers:\n  - { tier: 1, repair: { autonomy: fix } }\n  - { tier: 1, repair: { autonomy: observe } }`,
      6,
      'tiers[1].tier',
      'named once',
      '1',
    ],
    ['tiers by name', `${one()}\ntiers: { one: fix }`, 4, 'tiers', 'a list', 'one'],
    ['a duplicate id', `${one()}\n  - { id: a, entry: ./kernel.ts }`, 4, 'kernels[1].id', 'no other', 'kernels[0]'],
    ['a key that stands twice', one('tier: 1', 'tier: 2'), 5, 'kernels[0].tier', 'once', 'a second time'],
    ['a missing entry', 'kernels:\n  - id: a\n    entry: ./no.ts', 3, 'kernels[0].entry', 'exists', '"./no.ts"'],
    ['no entry', 'kernels:\n  - id: a', 2, 'kernels[0].entry', 'path', 'nothing'],
    ['an id that leaves its folder', 'kernels:\n  - id: ../x\n', 2, 'kernels[0].id', 'lower-case', '"../x"'],
    ['the id constructor', 'kernels:\n  - id: constructor\n', 2, 'kernels[0].id', 'reserved', '"constructor"'],
    ['tier 9', one('tier: 9'), 4, 'kernels[0].tier', 'from 1 to 5', '9'],
    ['heapMb 2', one('limits:', '  heapMb: 2'), 5, 'kernels[0].limits.heapMb', 'from 16', '2'],
    ['invalid YAML', 'kernels:\n  - id: a\n   entry: x', 3, '', 'valid YAML', '"entry: x"'],
    ['text that ends too early', 'kernels: [', 1, '', 'valid YAML', 'kernels: ['],
    ['an empty file', '', 1, '', 'something', 'an empty file'],
    ['a file of comments', '# nothing\n', 1, '', 'something', 'comments'],
    ['two documents', `${one()}\n---\n${one()}`, 4, '', 'one YAML document', 'a second one'],
    ['a list', '- a', 1, '', 'kernels', '["a"]'],
    ['no kernels', 'kernels: []', 1, 'kernels', '1 to 500', '[]'],
    ['a kernel that is a number', 'kernels:\n  - 3', 2, 'kernels[0]', 'section', '3'],
    ['an empty section', one('restart:'), 4, 'kernels[0].restart', 'section', 'nothing (null)'],
    ['a list in place of a section', one('config: []'), 4, 'kernels[0].config', 'section', '[]'],
    ['a ninth replica', one('replicas: 9'), 4, 'kernels[0].replicas', 'from 0 to 8', '9'],
    [
      'one_for_all',
      one('strategy: one_for_all'),
      4,
      'kernels[0].strategy',
      'one_for_one, rest_for_one',
      '"one_for_all"',
    ],
    [
      'a fallback that is not there',
      one('degraded: { fallback: ./f.ts }'),
      4,
      `${at}.fallback`,
      'a module',
      '"./f.ts"',
    ],
    ['a fallback without one', one('degraded: { mode: fallback }'), 4, `${at}.fallback`, 'the path', 'is missing'],
    ['a reroute without a target', one('degraded: { mode: reroute }'), 4, `${at}.reroute`, 'the id', 'is missing'],
    ['a reroute to nobody', one('degraded: { reroute: b }'), 4, `${at}.reroute`, 'another kernel', '"b"'],
    ['a reroute to itself', one('degraded: { reroute: a }'), 4, `${at}.reroute`, 'another kernel', 'a -> a'],
    ['a mode that contradicts', one('degraded: { mode: buffer, reroute: b }'), 4, `${at}.mode`, 'reroute', '"buffer"'],
    [
      'a degraded mode of its own',
      one('degraded: { mode: pause }'),
      4,
      `${at}.mode`,
      'fallback, reroute, buffer',
      'pause',
    ],
    [
      'fallback and reroute',
      one('degraded: { fallback: ./kernel.ts, reroute: b }'),
      4,
      `${at}.reroute`,
      'not both',
      '"b"',
    ],
    [
      'a circle of reroutes',
      `${one('degraded: { reroute: b }')}\n  - { id: b, entry: ./kernel.ts, degraded: { reroute: a } }`,
      4,
      `${at}.reroute`,
      'nowhere back',
      'a -> b -> a',
    ],
    ['crashOn none', one('crashOn: none'), 4, 'kernels[0].crashOn', 'defects, uncaught, all', '"none"'],
    ['an env name with a dash', one('env: [OK, A-B]'), 4, 'kernels[0].env[1]', 'letters', '"A-B"'],
    ['the env name __proto__', one('env: [__proto__]'), 4, 'kernels[0].env[0]', 'letters', '"__proto__"'],
    ['an env name given twice', one('env: [A, A]'), 4, 'kernels[0].env[1]', 'once', '"A"'],
    ['a dependency on itself', one('dependsOn: [a]'), 4, 'kernels[0].dependsOn[0]', 'another', 'a -> a'],
    ['a dependency on nobody', one('dependsOn: [b]'), 4, 'kernels[0].dependsOn[0]', 'another kernel', '"b"'],
    [
      'a delay that shrinks',
      one('restart: { backoffMs: 20000 }'),
      4,
      'kernels[0].restart.backoffMaxMs',
      '20000',
      '10000',
    ],
    [
      'a delay beyond timers',
      one('limits: { askMs: 2147483648 }'),
      4,
      'kernels[0].limits.askMs',
      '2147483647',
      '2147483648',
    ],
    ['an alias', one('config: { a: &x 1, b: *x }'), 4, 'kernels[0].config.b', 'not an alias', '"*x"'],
    ['a tag', one('config: !!set { a }'), 4, 'kernels[0].config', 'without a tag', 'set'],
    ['a function', one('config: !!js/function "x"'), 4, 'kernels[0].config', 'without a tag', 'js/function'],
    [
      'a number too large',
      one('config: { n: 12345678901234567890 }'),
      4,
      'kernels[0].config.n',
      'exactly',
      '1234567890123',
    ],
    ['infinity', one('config: { n: .inf }'), 4, 'kernels[0].config.n', 'number', '.inf'],
    ['a list as a key', one('? [a]', ': 1'), 4, '', 'valid YAML', '? [a]'],
    ['the key __proto__', one('__proto__: { x: 1 }'), 4, 'kernels[0]', '__proto__', '"__proto__"'],
    ['__proto__ in config', one('config: { __proto__: 1 }'), 4, 'kernels[0].config', '__proto__', '"__proto__"'],
    ['a NUL', 'kernels:\n  - id: "a\0"', 2, '', 'without NUL', 'a NUL'],
  ]
  test.each(cases)('%s', (_name, text, line, key, accepted, got) => {
    const error = refused(text)
    expect(error.details).toMatchObject({ file: join(dir, 'fleet.yaml'), line, key })
    expect(error.details.accepted).toContain(accepted)
    expect(error.details.got).toContain(got)
    expect(error.message).toContain(`fleet.yaml:${line}: ${key === '' ? 'the file ' : `${key}: `}`)
  })

  test('a cycle is named as it runs', () => {
    const kernels = [
      ...[
        ['x', 'a'],
        ['a', 'b'],
        ['b', 'a'],
      ].map(([id, on]) => `  - { id: ${id}, entry: ./kernel.ts, dependsOn: [${on}] }`),
    ]
    const error = refused(['kernels:', ...kernels].join('\n'))
    expect(error.message).toContain('a -> b -> a')
    expect(error.details).toMatchObject({ line: 3, key: 'kernels[1].dependsOn' })
  })

  test('a billion laughs are refused, and nothing is unfolded', () => {
    const names = [...'abcdefghi']
    const laughs = names.map((name, at) => `${name}: &${name} [${Array(9).fill(at === 0 ? 'x' : `*${names[at - 1]}`)}]`)
    const error = refused([...laughs, 'kernels: *i'].join('\n'))
    expect(error.details).toMatchObject({ line: 2, key: 'b[0]', got: '"*a"' })
  })

  test('20,000 keys are refused, by their bytes or by their number', () => {
    const long = refused(Array.from({ length: 20_000 }, (_, index) => `key${index}: 1`).join('\n'))
    expect(long.details).toMatchObject({ accepted: 'of 65536 bytes or fewer', line: 1 })
    const short = refused(`{${Array.from({ length: 20_000 }, () => 'a').join(',')}}`)
    expect(short.message).toContain('must stand once')
    const different = refused(`{${Array.from({ length: 13_000 }, (_, index) => index.toString(36)).join(',')}}`)
    expect(different.details).toMatchObject({ accepted: 'of 5000 keys or fewer', got: 'more than 5000' })
  })

  test('bytes that are not UTF-8 are refused with their line', () => {
    expect(refused(Buffer.from('a: 1\nb: \xe9\n', 'latin1')).details).toMatchObject({
      line: 2,
      accepted: 'text in UTF-8',
    })
  })

  test('the first problem is told, the number of the others is named, ten of them are listed', () => {
    const error = refused(one('tier: 9', 'dependson: 1', 'concurrency: 0'))
    expect(error.message).toMatch(/kernels\[0\]\.dependson.*Did you mean dependsOn\? \(And 2 more problems\.\)$/)
    expect(error.details.more).toBe(2)
    expect(error.details.others).toEqual([
      expect.stringContaining('fleet.yaml:4: kernels[0].tier: must be'),
      expect.stringContaining('fleet.yaml:6: kernels[0].concurrency: must be'),
    ])
    const many = refused(one(...Array.from({ length: 30 }, (_, index) => `key${index}: 1`)))
    expect(many.details.more).toBe(29)
    expect(many.details.others).toHaveLength(10)
  })

  test('what was got is clipped, and its control characters are shown', () => {
    const error = refused(`kernels:\n  - id: "\\e[31m\\u202e${'x'.repeat(500)}"\n    entry: ./kernel.ts`)
    expect(error.message).toContain('\\u001b[31m\\u202e')
    expect(error.message.length).toBeLessThan(400)
  })
})
