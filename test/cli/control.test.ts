import { existsSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { limits } from '../../src/base/limits.ts'
import { ControlClient } from '../../src/control/client.ts'
import { createRuntime } from '../../src/runtime.ts'
import { folderWith, kernels } from './cli.ts'

async function running() {
  const folder = await folderWith(kernels)
  const dataDir = join(folder, 'data')
  const runtime = createRuntime({
    ...{
      fleet: { kernels: [{ id: 'notes', entry: join(folder, 'notes.js'), degraded: { mode: 'reject' } }] },
      dataDir,
      log: false,
    },
    ...{ quarantineDir: join(folder, 'quarantine'), playbooksDir: join(folder, 'playbooks') },
  })
  onTestFinished(() => runtime.stop())
  await runtime.start()
  return { runtime, dataDir, path: join(dataDir, 'control.sock') }
}

/** Writes a line and resolves with the answer to it, or with 'closed'. */
function raw(path: string): { socket: Socket; say(line: string): Promise<unknown> } {
  const socket = connect(path)
  onTestFinished(() => void socket.destroy())
  // A connection that is cut off while it is written to is what is looked for.
  socket.on('error', () => {})
  const lines = createInterface({ input: socket }).on('error', () => {})
  const say = (line: string) => {
    const answer = new Promise<unknown>((resolve) => {
      lines.once('line', (text) => resolve(JSON.parse(text)))
      socket.once('close', () => resolve('closed'))
    })
    socket.write(`${line}\n`)
    return answer
  }
  return { socket, say }
}

const refused = (id: number, text: string) => ({
  id,
  error: { code: 'CONTROL_FAILED', message: expect.stringContaining(text) },
})

test('the socket is its owner’s alone, and goes with the runtime', async () => {
  const { runtime, path } = await running()
  expect(statSync(path).mode & 0o777).toBe(0o600)
  await runtime.stop()
  expect(existsSync(path)).toBe(false)
})

test('what is no request is refused with the reason, and the connection goes on', async () => {
  const { path } = await running()
  const { say } = raw(path)
  expect(await say('garbage')).toMatchObject(refused(0, 'no JSON'))
  expect(await say('')).toMatchObject(refused(0, 'no JSON'))
  expect(await say('null')).toMatchObject(refused(0, 'an object'))
  expect(await say('{"op":"status"}')).toMatchObject(refused(0, 'a number as its id'))
  expect(await say('{"id":1,"op":"explode"}')).toMatchObject(refused(1, 'There are: status, logs'))
  expect(await say('{"id":2,"op":"constructor"}')).toMatchObject(refused(2, 'no op constructor'))
  expect(await say('{"id":3,"op":"logs","params":{"level":"loud"}}')).toMatchObject({
    id: 3,
    error: { code: 'OPTION_INVALID' },
  })
  expect(await say('{"id":4,"op":"restart","params":{"kernel":"../x"}}')).toMatchObject({
    error: { code: 'UNKNOWN_KERNEL' },
  })
  expect(await say('{"id":5,"op":"status"}')).toMatchObject({ id: 5, result: [{ id: 'notes' }] })
})

test('a line as long as is allowed is read; one that is longer ends the connection, and nobody else’s', async () => {
  const { path } = await running()
  const head = '{"id":1,"op":"status","params":{"x":"'
  const line = (length: number) => `${head}${'x'.repeat(length - head.length - 3)}"}}`
  expect(await raw(path).say(line(limits.controlLineBytes - 1))).toMatchObject({ id: 1, result: [{ id: 'notes' }] })
  const other = raw(path)
  expect(await raw(path).say(line(limits.controlLineBytes + 1))).toBe('closed')
  expect(await other.say('{"id":2,"op":"status"}')).toMatchObject({ id: 2 })
})

test('a client asks, follows the events, and hears of the end', async () => {
  const { runtime, dataDir } = await running()
  const client = await ControlClient.connect(dataDir)
  expect(await client.ask('status')).toMatchObject([{ id: 'notes' }])
  await expect(client.ask('incident', { incident: 'inc_0' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  const types: string[] = []
  const ended = client.follow((event) => types.push(event.type))
  await client.ask('restart', { kernel: 'notes' })
  expect(types).toContain('kernel.restarted')
  await runtime.stop()
  await ended
})

test('lines of logs are a stream: what was, what comes, and no more of it once it is cancelled', async () => {
  const { runtime, dataDir } = await running()
  const client = await ControlClient.connect(dataDir)
  const lines: { level: number; msg: string }[] = []
  const warnings: string[] = []
  let onLine = () => {}
  const stream = client.stream<string>('logLines', { kernel: 'notes', from: 500 }, (text) => {
    lines.push(JSON.parse(text))
    onLine()
  })
  const other = client.stream<string>('logLines', { level: 'warn' }, (text) => warnings.push(text))
  // Asked after the streams were: their first items are here when it is answered.
  await client.ask('status')
  expect(lines.map(({ level }) => level)).toEqual([30, 40])
  expect(warnings).toEqual([])
  const again = new Promise<void>((resolve) => {
    onLine = () => lines.length === 4 && resolve()
  })
  await client.ask('restart', { kernel: 'notes' })
  await again
  expect(warnings).toHaveLength(1)
  stream.cancel()
  expect(await stream.ended).toBe('cancelled')
  await client.ask('restart', { kernel: 'notes' })
  expect(lines).toHaveLength(4)
  const refusal = client.stream('logLines', { kernel: 'nobody' }, () => {})
  await expect(refusal.ended).rejects.toMatchObject({ code: 'UNKNOWN_KERNEL' })
  await runtime.stop()
  expect(await other.ended).toBe('gone')
})

test('a connection follows as many streams as the limit says, and one more is refused', async () => {
  const { dataDir } = await running()
  const client = await ControlClient.connect(dataDir)
  const streams = Array.from({ length: limits.controlStreams }, () => client.stream('events', {}, () => {}))
  await expect(client.stream('events', {}, () => {}).ended).rejects.toMatchObject({ code: 'CONTROL_FAILED' })
  streams[0]?.cancel()
  await streams[0]?.ended
  const last = client.stream('events', {}, () => {})
  await client.ask('status')
  client.close()
  expect(await last.ended).toBe('gone')
})

test('dead letters are asked for with filters, shown without secrets, and sent again', async () => {
  const { runtime, dataDir } = await running()
  await runtime.kernel('notes').quarantine()
  runtime.ref('notes').tell.nothing?.({ password: 'hunter2', text: 'hello' })
  const client = await ControlClient.connect(dataDir)
  const filter = { kernel: 'notes', code: 'KERNEL_UNAVAILABLE', replayed: false }
  expect(await client.ask('deadLetterCount', filter)).toBe(1)
  const [letter] = (await client.ask('deadLetters', filter)) as Record<string, unknown>[]
  expect(letter).toMatchObject({ id: 1, from: 'host', shownArgs: '[{"password":"[redacted]","text":"hello"}]' })
  expect(letter).not.toHaveProperty('args')
  await expect(client.ask('deadLetters', { since: 'yesterday' })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  await expect(client.ask('replayDeadLetters', { ids: [1] })).rejects.toMatchObject({ code: 'COMMAND_REFUSED' })
  await client.ask('rejoin', { kernel: 'notes' })
  expect(await client.ask('replayDeadLetters', { ids: [1] })).toMatchObject({ asked: 1, sent: 1, failed: 0 })
  expect(await client.ask('deadLetterCount', filter)).toBe(0)
})

test('connections beyond the limit are turned away', async () => {
  const { path } = await running()
  const sockets = Array.from({ length: limits.controlConnections }, () => raw(path))
  for (const { say } of sockets) expect(await say('{"id":1,"op":"status"}')).toMatchObject({ id: 1 })
  expect(await raw(path).say('{"id":1,"op":"status"}')).toBe('closed')
})

test('where no runtime works, a client is told how to start one', async () => {
  const folder = await folderWith({})
  await expect(ControlClient.connect(folder)).rejects.toMatchObject({
    ...{ code: 'CONTROL_FAILED', hint: expect.stringContaining('lazaret run') },
  })
})
