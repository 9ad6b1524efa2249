import { expect, test } from 'vitest'
import type { LogLine } from '../../src/actor/protocol.ts'
import { limits } from '../../src/base/limits.ts'
import { LogRing, relevantLines } from '../../src/diagnostics/log-ring.ts'

const line = (msg: string, level: LogLine['level'] = 30, facts?: Record<string, unknown>): LogLine => ({
  ...{ level, time: 5, msg },
  ...(facts === undefined ? {} : { facts }),
})

test('a line is pino-shaped, redacted and safe', () => {
  const text = new LogRing().add('notes', line('token=abc123 \u202e\n', 40, { password: 'p', n: 1, level: 99 }))
  expect(text).not.toMatch(/\u202e|\n|abc123/)
  expect(JSON.parse(text)).toEqual({
    ...{ level: 40, time: 5, kernel: 'notes', msg: 'token=[redacted] \u202e\n', password: '[redacted]', n: 1 },
  })
})

test('a line never passes the limit and stays JSON', () => {
  const ring = new LogRing()
  for (const huge of [line('x'.repeat(1e6)), line('\u0001'.repeat(1e6)), line('m', 30, { of: 'y'.repeat(1e6) })]) {
    const text = ring.add('notes', huge)
    expect(text.length).toBeLessThanOrEqual(limits.logLineChars)
    expect(JSON.parse(text)).toMatchObject({ kernel: 'notes' })
  }
})

test('the ring keeps the last lines of each kernel, at the limit and one past it', () => {
  const ring = new LogRing()
  for (let n = 0; n < limits.logRingLines; n += 1) ring.add('notes', line(`line ${n}`))
  ring.add('other', line('its own'))
  expect(JSON.parse(ring.last('notes', limits.logRingLines)[0] ?? '').msg).toBe('line 0')
  ring.add('notes', line('one more'))
  const all = ring.last('notes', limits.logRingLines + 1)
  expect(all).toHaveLength(limits.logRingLines)
  expect([all[0], all.at(-1)].map((text) => JSON.parse(text ?? '').msg)).toEqual(['line 1', 'one more'])
  expect(ring.last('notes')).toHaveLength(limits.kernelLogLines)
  expect(ring.last('other')).toHaveLength(1)
  expect([ring.last('never'), ring.last('notes', 0)]).toEqual([[], []])
})

test('relevant lines are warnings, errors and those that share words with the error, in order', () => {
  const ring = new LogRing()
  for (let n = 0; n < 20; n += 1) ring.add('notes', line(`tick ${n}`))
  ring.add('notes', line('segment opened'))
  ring.add('notes', line('slow disk', 40))
  for (let n = 20; n < 40; n += 1) ring.add('notes', line(`tick ${n}`))
  const error = { name: 'Error', message: 'write failed', cause: { name: 'Error', message: 'segment 7 is full' } }
  const messages = relevantLines(ring.last('notes'), error).map((text) => JSON.parse(text).msg)
  expect(messages).toEqual(['segment opened', 'slow disk', ...Array.from({ length: 8 }, (_, n) => `tick ${n + 32}`)])
  expect(relevantLines([], error)).toEqual([])
})
