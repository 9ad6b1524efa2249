import fc from 'fast-check'
import { expect, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { createLog } from '../../src/base/log.ts'
import { escapeUnsafe, isSecretKey, redact, redactText, safeLine } from '../../src/base/redact.ts'

const secret = 'hunter2-very-private'

test.each([
  ...['password', 'Password', 'DB_PASSWORD', 'apiKey', 'API_KEY', 'x-api-key', 'token', 'accessToken', 'client_secret'],
  ...['authorization', 'Set-Cookie', 'private_key', 'privateKey', 'aws_secret_access_key'],
])('a value under the key %s is struck out', (key) => {
  expect(isSecretKey(key)).toBe(true)
  expect(JSON.stringify(redact({ [key]: secret, deep: [{ [key]: { of: secret } }] }))).not.toContain(secret)
  expect(JSON.stringify(redact(new Map([[key, secret]])))).not.toContain(secret)
  expect(JSON.stringify(redact([[key, secret]]))).not.toContain(secret)
})

test.each(['name', 'message', 'author', 'tokenCount', 'path', 'kernel', 'monkey'])(
  'the key %s is left alone',
  (key) => {
    expect(redact({ [key]: 'value' })).toEqual({ [key]: 'value' })
  },
)

test.each([
  `Authorization: Bearer ${secret}`,
  `postgres://admin:${secret}@db.example/notes`,
  `https://${secret}@example.com/x`,
  `{"password":"${secret}"}`,
  `login failed: password=${secret} user=bob`,
  `api_key: '${secret}'`,
])('a secret within the text is struck out: %s', (text) => {
  expect(redactText(text)).not.toContain(secret)
})

test.each([
  'sk-proj-abcdefghijklmnop1234567890',
  'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
  'AKIAIOSFODNN7EXAMPLE',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N',
  '-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----',
  'Zm9vYmFyQmF6MTIzNDU2Nzg5MGFiY2RlZkdISUo',
])('a key is known by its looks: %s', (key) => {
  expect(redactText(`it was ${key} indeed`)).toBe('it was [redacted] indeed')
})

test('hashes, ids and paths stay readable', () => {
  const text = `${'0123456789abcdef'.repeat(4)} inc_01995f2c-7d1e-7000-8000-0123456789ab file:///app/kernels/a/kernel.ts:3:1`
  expect(redactText(text)).toBe(text)
})

test('errors, dates, maps, sets and bytes become plain data', () => {
  const value = {
    error: new TypeError('bad', { cause: 'why' }),
    at: new Date(0),
    map: new Map([['a', 1]]),
    set: new Set([1]),
    bytes: new Uint8Array(3),
    big: 12n,
    nan: Number.NaN,
  }
  expect(redact(value)).toMatchObject({
    error: { name: 'TypeError', message: 'bad', cause: { message: 'why' } },
    at: '1970-01-01T00:00:00.000Z',
    map: { map: [['a', 1]] },
    set: { set: [1] },
    bytes: '[3 bytes]',
    big: '12n',
    nan: 'NaN',
  })
})

test('cycles, evil getters, proxies and __proto__ keys are survived', () => {
  const cyclic: Record<string, unknown> = { name: 'loop' }
  cyclic.self = cyclic
  const evil = {
    get boom(): string {
      throw new Error('no')
    },
    kept: 1,
  }
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  expect(redact(cyclic)).toEqual({ name: 'loop', self: '[circular]' })
  expect(redact(evil)).toEqual({ boom: '[unreadable]', kept: 1 })
  expect(redact({ inner: revoked.proxy })).toEqual({ inner: '[unreadable]' })
  const copied = redact(JSON.parse('{"__proto__":{"polluted":true}}')) as Record<string, unknown>
  expect(Object.hasOwn(copied, '__proto__')).toBe(true)
  expect(Reflect.get({}, 'polluted')).toBeUndefined()
})

test('depth is kept to the limit and cut one past it', () => {
  const nest = (depth: number): unknown => (depth === 0 ? 'leaf' : { in: nest(depth - 1) })
  expect(JSON.stringify(redact(nest(limits.redactDepth)))).toContain('leaf')
  expect(JSON.stringify(redact(nest(limits.redactDepth + 1)))).toContain('too deep')
})

test('entries are kept to the limit and counted one past it', () => {
  expect(redact(new Array(limits.redactEntries).fill(0))).toHaveLength(limits.redactEntries)
  expect((redact(new Array(limits.redactEntries + 1).fill(0)) as unknown[]).at(-1)).toBe('[1 more]')
})

test('a huge value becomes a small one', () => {
  const wide = Array.from({ length: 200 }, () => Array.from({ length: 200 }, () => ({ text: 'x'.repeat(1000) })))
  expect(JSON.stringify(redact(wide)).length).toBeLessThan(2_000_000)
  expect(String(redact('y'.repeat(5_000_000))).length).toBeLessThan(limits.logLineChars + 100)
})

test('no text makes the patterns slow', () => {
  for (const text of ['a.'.repeat(30_000), '://'.repeat(20_000), 'bearer '.repeat(9000), '-----BEGIN '.repeat(6000)]) {
    const began = process.cpuUsage()
    redactText(text)
    // A quadratic pattern takes minutes here; this one takes milliseconds.
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(2000)
  }
})

test('redact never throws and its copy is always JSON', () => {
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }), (value) => {
      const copy = redact(value)
      expect(() => JSON.stringify(copy)).not.toThrow()
    }),
    { numRuns: 200 },
  )
})

test('characters that move cursors, hide text or break lines are escaped', () => {
  expect(safeLine('a\nb\tc\u001b[31m\u009b\u202e\u2028\u007f')).toBe('a\\nb\\tc\\u001b[31m\\u009b\\u202e\\u2028\\u007f')
  expect(safeLine('plain: äöü 漢字 🙂')).toBe('plain: äöü 漢字 🙂')
})

test('a secret in JSON within JSON is struck out too', () => {
  for (const levels of [1, 2, 3]) {
    let text: unknown = { user: 'u', password: 'hunter2 and more', token: 'abc' }
    for (let level = 0; level < levels; level += 1) text = { body: JSON.stringify(text) }
    expect(redactText(JSON.stringify(text))).not.toMatch(/hunter|and more|abc/)
  }
})

test('JSON text keeps its meaning when it is escaped', () => {
  const value = { text: 'a\u202eb\u2028c\u009bd' }
  expect(JSON.parse(escapeUnsafe(JSON.stringify(value)))).toEqual(value)
})

test('a line is kept at the limit and cut one past it, without half a character', () => {
  expect(safeLine('x'.repeat(limits.logLineChars))).toHaveLength(limits.logLineChars)
  expect(safeLine('x'.repeat(limits.logLineChars + 1))).toMatch(/x\.\.\. \[cut\]$/)
  expect(safeLine('🙂'.repeat(limits.logLineChars)).isWellFormed()).toBe(true)
  expect(safeLine('\u001b'.repeat(limits.logLineChars)).length).toBeLessThanOrEqual(limits.logLineChars)
})

test('the host log writes one safe redacted JSON line for each call', () => {
  const written: string[] = []
  const log = createLog({ destination: { write: (line: string) => void written.push(line) } })
  log.info('below the default level')
  log.warn({ password: secret, kernel: 'k', err: new Error('broken') }, `token=${secret}\u202e`)
  expect(written).toHaveLength(1)
  expect(written[0]).not.toContain(secret)
  expect(written[0]).not.toContain('\u202e')
  expect(JSON.parse(written[0] ?? '')).toMatchObject({ level: 40, kernel: 'k', err: { message: 'broken' } })
})

test('a log level that does not exist is refused by name', () => {
  expect(() => createLog({ level: 'loud' as 'info' })).toThrow(/accepts trace.*Got: loud/)
})

test('what was struck out before is left as it is', () => {
  for (const text of ['token=abc', 'password: hunter2', 'Bearer abcdefghijk', 'https://a:b@host/']) {
    const once = redactText(text)
    expect(once).not.toBe(text)
    expect(redactText(once)).toBe(once)
  }
})
