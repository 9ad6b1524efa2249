/** The control socket by raw lines: what a client of somebody else's making may send. */
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { EventStream } from '../../src/base/events.ts'
import { limits } from '../../src/base/limits.ts'
import { controlSocketPath } from '../../src/control/path.ts'
import { controlOps } from '../../src/control/protocol.ts'
import { ControlServer, type ControlTable } from '../../src/control/server.ts'
import { controlTable } from '../../src/control/table.ts'

async function serve(more: Partial<ControlTable> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-control-'))
  const table = Object.fromEntries(controlOps.map((op) => [op, () => op])) as unknown as ControlTable
  const streams = { events: () => () => {}, logLines: () => () => {} }
  const server = await ControlServer.listen(folder, { ...table, ...more }, streams, new EventStream(systemClock))
  onTestFinished(async () => {
    await server.close()
    rmSync(folder, { recursive: true })
  })
  const socket = connect(controlSocketPath(folder))
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => undefined)
  const closed = new Promise<void>((done) => socket.once('close', () => done()))
  return { socket, closed }
}

test('a line that is no request is refused, whatever stands in it, and the next one is answered', async () => {
  const { socket } = await serve()
  const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`
  const lines = ['{', '[]', '1', '{"id":"1"}', '{"id":1,"op":{"toString":1}}', `{"id":2,"op":${deep}}`, '{"id":3}']
  for (const line of [...lines, '{"id":4,"op":"status"}']) socket.write(`${line}\n`)
  const replies: { id: number; error?: { code: string; message: string }; result?: unknown }[] = []
  for await (const line of createInterface({ input: socket })) {
    replies.push(JSON.parse(line))
    if (replies.length > lines.length) break
  }
  const answered = replies.pop()
  expect(replies.map(({ id, error }) => [id, error?.code])).toEqual(
    [0, 0, 0, 0, 1, 2, 3].map((id) => [id, 'CONTROL_FAILED']),
  )
  expect(answered).toEqual({ id: 4, result: 'status' })
})

test('an answer that is no JSON is a refusal, not the end of the host', async () => {
  const { socket } = await serve({ status: () => 1n })
  socket.write('{"id":1,"op":"status"}\n')
  for await (const line of createInterface({ input: socket })) {
    expect(JSON.parse(line)).toMatchObject({ id: 1, error: { name: 'TypeError' } })
    break
  }
})

test('a client that asks on and on and reads nothing is cut off', async () => {
  const answer = 'x'.repeat(65_536)
  let asked = 0
  const { socket, closed } = await serve({
    status: () => {
      asked += 1
      return answer
    },
  })
  socket.pause()
  const enough = Math.ceil(limits.controlUnreadBytes / answer.length)
  socket.write('{"id":1,"op":"status"}\n'.repeat(enough * 4))
  // Read at last: what was sent before the end.
  await expect.poll(() => asked).toBeGreaterThan(enough)
  socket.resume()
  await closed
  expect(socket.bytesRead).toBeLessThan(limits.controlUnreadBytes * 2)
})

test('a value that cannot be made a text is refused as what it is', async () => {
  const { approve } = controlTable({} as Parameters<typeof controlTable>[0])
  for (const apply of [JSON.parse('{"toString":1}'), JSON.parse(`${'['.repeat(30_000)}${']'.repeat(30_000)}`)])
    expect(() => approve({ task: 'task_1', apply })).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
})
