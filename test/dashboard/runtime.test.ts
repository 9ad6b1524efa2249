/** A real runtime, seen through its dashboard. */
import { createServer } from 'node:net'
import type { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { chartKey } from '../../src/chart/chart-key.ts'
import { chartOf } from '../../src/chart/from-machine.ts'
import { ControlClient } from '../../src/control/client.ts'
import { type LazaretError, lifecycleMachine } from '../../src/index.ts'
import { house, kernelOf } from '../support/house.ts'
import { asJson, FrameReader, send } from './desk.ts'

const notes = {
  id: 'notes',
  source: kernelOf(
    `createActor(createMachine({ id: 'lamp', initial: 'off', states: { off: {} } }), { inspect: ctx.inspect }).start()
    return { api: { add: (text) => text.length } }`,
    `import { createActor, createMachine } from '${import.meta.resolve('xstate')}'`,
  ),
}

const codeOf = (made: Promise<unknown>) =>
  made.then(
    () => 'none',
    (thrown: LazaretError) => thrown.code,
  )

test('a kernel is restarted through the page, and what follows is seen; then the runtime stops, and everything ends', async () => {
  await using at = await house([notes])
  const { runtime } = at
  const server = await runtime.serveDashboard()
  expect(server.url).toBe(`http://127.0.0.1:${server.port}/?token=${server.token}`)
  expect(Buffer.from(server.token, 'base64url').length).toBe(32)
  expect(at.of('dashboard.served')).toMatchObject([{ url: `http://127.0.0.1:${server.port}/`, readOnly: false }])
  const headers = { authorization: `Bearer ${server.token}` }
  const state = JSON.parse((await send(server.port, '/api/state', { headers })).text)
  expect(state).toMatchObject({ dataDir: runtime.dataDir, fleet: [{ id: 'notes' }], kernels: [{ id: 'notes' }] })

  const url = `http://127.0.0.1:${server.port}/api/events`
  const frames = new FrameReader(await fetch(url, { headers: { ...headers, 'last-event-id': String(state.seq) } }))
  const body = '{"kernel":"notes"}'
  const restart = await send(server.port, '/api/ops/restart', {
    method: 'POST',
    headers: { ...headers, ...asJson },
    body,
  })
  expect(restart.status).toBe(200)
  const types: string[] = []
  while (!types.includes('kernel.restarted')) {
    const frame = await frames.next()
    if (frame?.type === 'events') types.push(...frame.events.map(({ type }) => type))
  }
  expect(types.indexOf('command.given')).toBeGreaterThanOrEqual(0)
  expect(types.indexOf('command.given')).toBeLessThan(types.indexOf('kernel.restarted'))
  const [given] = runtime.journal.events({ type: 'command.given' })
  expect(given).toMatchObject({ kernel: 'notes', op: 'restart', by: 'dashboard', params: { kernel: 'notes' } })

  // The thread tells of its machines a moment after it has started.
  const machines = async () => {
    const asked = { method: 'POST', headers: { ...headers, ...asJson }, body }
    return JSON.parse((await send(server.port, '/api/ops/machines', asked)).text).result
  }
  await expect.poll(machines, { timeout: 20_000 }).toHaveLength(1)
  const [{ session }] = await machines()
  const chart = JSON.parse((await send(server.port, `/api/charts/notes/${session}`, { headers })).text)
  expect(chart).toMatchObject({ chart: { id: 'lamp' }, layout: { width: expect.any(Number) } })
  expect(chart.svg).toMatch(/^<svg (?!.*<style)/s)
  const etag = `"${chartKey(chartOf(lifecycleMachine))}"`
  const known = await send(server.port, '/api/charts/lifecycle', { headers: { ...headers, 'if-none-match': etag } })
  expect(known.status).toBe(304)
  expect((await send(server.port, '/api/charts/nobody/x:0', { headers })).status).toBe(404)

  await runtime.stop()
  const rest = async () => {
    while ((await frames.next()) !== undefined);
  }
  // In order, or cut off where this end was too slow.
  await rest().catch((thrown: unknown) => expect(thrown).toMatchObject({ message: 'terminated' }))
  await expect(send(server.port, '/api/state', { headers })).rejects.toThrow('ECONNREFUSED')
  expect(await codeOf(runtime.serveDashboard())).toBe('RUNTIME_STOPPED')
})

test('the chart that every kernel has is begun before anybody asks, and a stop meanwhile leaves no thread of it', async () => {
  const threads: Worker[] = []
  const seen = (thread: Worker) => {
    if (thread.threadName === 'lazaret charts') threads.push(thread)
  }
  process.on('worker', seen)
  onTestFinished(() => void process.off('worker', seen))
  await using at = await house([notes])
  await at.runtime.serveDashboard()
  await expect.poll(() => threads.length, { timeout: 20_000 }).toBe(1)
  await at.runtime.stop()
  // As of a thread that has ended.
  expect(threads.map(({ threadId }) => threadId)).toEqual([-1])
})

test('a command of the command line is journaled as well, and a question is not', async () => {
  await using at = await house([notes])
  const client = await ControlClient.connect(at.runtime.dataDir)
  await client.ask('status')
  await client.ask('quarantine', { kernel: 'notes' })
  client.close()
  expect(at.of('command.given')).toMatchObject([{ kernel: 'notes', op: 'quarantine', by: 'command line' }])
})

test('what cannot be served is said: before the start, on a port that is taken, with an option that is none', async () => {
  await using at = await house([notes], { start: false })
  const { runtime } = at
  const mounted = runtime.dashboardHandler({ prefix: '/lazaret/' })
  expect(mounted.path).toBe(`/lazaret/?token=${mounted.token}`)
  const ask = () =>
    mounted(
      new Request('http://localhost:3000/lazaret/api/state', { headers: { authorization: `Bearer ${mounted.token}` } }),
    )
  expect(await codeOf(runtime.serveDashboard())).toBe('RUNTIME_NOT_STARTED')
  expect((await ask())?.status).toBe(503)
  await runtime.start()
  expect((await ask())?.status).toBe(200)
  expect(at.of('dashboard.served')).toMatchObject([{ url: '/lazaret/' }])

  const taken = createServer()
  await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done))
  onTestFinished(() => void taken.close())
  const { port } = taken.address() as { port: number }
  const refused = runtime.serveDashboard({ port })
  await expect(refused).rejects.toThrow(`The dashboard cannot listen on 127.0.0.1:${port}: the port is taken.`)
  expect(await codeOf(refused)).toBe('DASHBOARD_FAILED')
  expect(await codeOf(runtime.serveDashboard({ host: '192.0.2.1' }))).toBe('DASHBOARD_FAILED')
  await runtime.stop()
  expect((await ask())?.status).toBe(503)
})

test('options are checked with words', async () => {
  await using at = await house([notes], { start: false })
  const { runtime } = at
  const wrong = [
    [{ port: -1 }, 'port must be a whole number from 0 to 65535; 0 is any free port. Got: -1.'],
    [{ port: 65_536 }, 'port must be'],
    [{ port: '80' }, 'Got: "80".'],
    [{ host: 'http://x' }, 'host must be an address of this machine, or its name. Got: "http://x".'],
    [{ readOnly: 1 }, 'readOnly must be true or false. Got: 1.'],
    [{ hosts: ['a/b'] }, 'hosts must be a list of host names, each with or without a port. Got: ["a/b"].'],
    [{ token: 'short' }, 'token must be 22 to 256 characters of A-Z, a-z, 0-9, ".", "_", "~" and "-". Got: a string.'],
    [{ colour: 1 }, 'serveDashboard has no option "colour". It has: readOnly, hosts, token, port, host.'],
  ] as const
  for (const [options, words] of wrong)
    await expect(runtime.serveDashboard(options as never)).rejects.toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(words) }),
    )
  for (const prefix of ['lazaret', '', '/a//b', '/a/../b', '/a?b', '//evil.example', '/.'])
    expect(() => runtime.dashboardHandler({ prefix })).toThrow('prefix must be a path such as /lazaret')
  for (const prefix of ['/', '/a', '/a/', '/a/b.c'])
    expect(runtime.dashboardHandler({ prefix }).path).toMatch(/^\/[\w./]*\?token=[\w-]{43}$/)
})
