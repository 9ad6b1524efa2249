import { expect, test } from 'vitest'
import type { LogLine } from '../../src/actor/protocol.ts'
import { limits } from '../../src/base/limits.ts'
import { LogRing } from '../../src/diagnostics/log-ring.ts'
import { lastLines, logTailOptions, tailLogs } from '../../src/supervisor/log-tail.ts'

const line = (msg: string, time: number, level: LogLine['level'] = 30): LogLine => ({ level, time, msg })
const messages = (texts: readonly string[]) => texts.map((text) => (JSON.parse(text) as { msg: string }).msg)

function ringOfTwo(): LogRing {
  const ring = new LogRing()
  ring.add('one', line('a', 1))
  ring.add('two', line('b', 2, 40))
  ring.add('one', line('c', 3, 50))
  ring.add('two', line('d', 4))
  return ring
}

test('the last lines of several kernels come in the order of their times, from a level on', () => {
  const ring = ringOfTwo()
  const all = ['one', 'two', 'silent']
  expect(messages(lastLines(ring, all, 10))).toEqual(['a', 'b', 'c', 'd'])
  expect(messages(lastLines(ring, all, 2))).toEqual(['c', 'd'])
  expect(messages(lastLines(ring, all, 10, 'warn'))).toEqual(['b', 'c'])
  expect(messages(lastLines(ring, ['two'], 1))).toEqual(['d'])
  expect(lastLines(ring, all, 0)).toEqual([])
})

test('of too much that was logged before, the newest lines are handed out', () => {
  const ring = new LogRing()
  for (let n = 0; n < limits.logRingLines; n += 1) ring.add('loud', line(`${n} ${'x'.repeat(4000)}`, n))
  const found = lastLines(ring, ['loud'], limits.logRingLines)
  expect(found.join('').length).toBeLessThanOrEqual(limits.logBacklogChars)
  expect(found.length).toBeGreaterThan(100)
  expect(messages(found).at(-1)).toMatch(/^499 /)
})

test('who follows gets what was, then what comes, once, until it ends', () => {
  const ring = ringOfTwo()
  const seen: string[] = []
  const off = tailLogs(ring, ['one', 'two'], { level: 'warn', from: 1 }, (text) => seen.push(text))
  const one: string[] = []
  const offOne = tailLogs(ring, ['one', 'two'], { kernel: 'one' }, (text) => one.push(text))
  ring.add('one', line('e', 5))
  ring.add('two', line('f', 6, 50))
  off()
  ring.add('one', line('g', 7, 50))
  offOne()
  ring.add('one', line('h', 8))
  expect(messages(seen)).toEqual(['c', 'f'])
  expect(messages(one)).toEqual(['e', 'g'])
})

test('as many may follow as the limit says, one more is refused, and one that ends makes room', () => {
  const ring = new LogRing()
  const follow = () => tailLogs(ring, [], {}, () => {})
  const offs = Array.from({ length: limits.logFollowers }, follow)
  expect(follow).toThrow(/already follow/)
  offs[0]?.()
  expect(follow).not.toThrow()
})

test('options from outside are checked, each with what is accepted', () => {
  expect(logTailOptions({ kernel: 'a', level: 'warn', from: limits.logRingLines })).toEqual({
    ...{ kernel: 'a', level: 'warn', from: limits.logRingLines },
  })
  expect(logTailOptions({})).toEqual({})
  expect(() => logTailOptions({ level: 'loud' })).toThrow(/debug, info, warn, error\. Got: "loud"/)
  expect(() => logTailOptions({ from: limits.logRingLines + 1 })).toThrow(/from 0 to 500/)
  expect(() => logTailOptions({ kernel: 7 })).toThrow(/Got: 7/)
})
