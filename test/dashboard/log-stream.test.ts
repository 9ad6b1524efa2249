import { expect, test } from 'vitest'
import { LazaretError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import { type LogFrame, LogQueue } from '../../src/dashboard/log-stream.ts'
import type { LogTailOptions } from '../../src/supervisor/log-tail.ts'
import { bearer, desk } from './desk.ts'

test('what comes faster than it is taken is bounded, and the number that was left out is told', () => {
  const queue = new LogQueue()
  for (let n = 0; n < limits.logFrameLines; n += 1) queue.add(String(n))
  expect(queue.take()).toMatchObject({ lines: { length: limits.logFrameLines }, leftOut: 0 })
  for (let n = 0; n < limits.logFrameLines * 5 + 1; n += 1) queue.add(String(n))
  const { lines, leftOut } = queue.take()
  expect([lines.length, leftOut, lines.at(-1)]).toEqual([
    ...[limits.logFrameLines, limits.logFrameLines * 4 + 1, String(limits.logFrameLines * 5)],
  ])
  expect(queue.take()).toEqual({ lines: [], leftOut: 0 })
})

/** A desk whose logs are written by the test. */
function deskWithLogs() {
  const asked: LogTailOptions[] = []
  const followers = new Set<(text: string) => void>()
  const followLogs = (options: LogTailOptions, onLine: (text: string) => void) => {
    if (options.kernel === 'nobody') throw new LazaretError('UNKNOWN_KERNEL', 'The fleet has no kernel "nobody".')
    asked.push(options)
    followers.add(onLine)
    if (options.from) onLine('"earlier"')
    return () => followers.delete(onLine)
  }
  const { app, clock } = desk({ more: { followLogs } })
  const get = (path: string) => app.fetch(new Request(`http://localhost:4000${path}`, { headers: bearer }))
  const log = (text: string) => {
    for (const follower of followers) follower(text)
  }
  return { get, clock, asked, followers, log }
}

test('lines are streamed with those that came before, some of them together, until the reader goes', async () => {
  const { get, clock, asked, followers, log } = deskWithLogs()
  const answer = await get('/api/logs/a?level=warn&from=10')
  expect(answer.headers.get('content-type')).toBe('text/event-stream')
  expect(asked).toEqual([{ kernel: 'a', level: 'warn', from: 10 }])
  const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
  const frame = async () => {
    const value = new TextDecoder().decode((await reader.read()).value)
    return JSON.parse(/^data: (.*)$/m.exec(value)?.[1] ?? 'null') as LogFrame
  }
  expect(await frame()).toEqual({ lines: ['"earlier"'], leftOut: 0 })
  log('"one"')
  log('"two"')
  clock.advance(limits.logFrameMs)
  expect(await frame()).toEqual({ lines: ['"one"', '"two"'], leftOut: 0 })
  await reader.cancel()
  expect(followers.size).toBe(0)
})

test('a wrong query, an unknown kernel and a missing token are refused, and nobody follows', async () => {
  const { get, followers } = deskWithLogs()
  expect((await get('/api/logs?level=loud')).status).toBe(400)
  expect((await get('/api/logs?from=-1')).status).toBe(400)
  expect((await get('/api/logs?from=9999')).status).toBe(400)
  expect((await get('/api/logs/nobody')).status).toBe(404)
  const { app } = desk()
  expect((await app.fetch(new Request('http://localhost:4000/api/logs'))).status).toBe(401)
  expect(followers.size).toBe(0)
})
