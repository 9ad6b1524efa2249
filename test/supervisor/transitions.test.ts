import { expect, test } from 'vitest'
import { edgeIdsOf } from '../../src/chart/from-machine.ts'
import { ControlClient } from '../../src/control/client.ts'
import { createRuntime, type LazaretEvent, lifecycleMachine } from '../../src/index.ts'
import { openJournalReadOnly } from '../../src/journal/reader.ts'
import { type HistoryStep, historyOf } from '../../src/supervisor/history.ts'
import { house, kernelOf } from '../support/house.ts'

const patient = {
  id: 'patient',
  source: kernelOf(`return { api: { ping: () => 'pong', die: () => { throw new TypeError('a defect') } } }`),
}
const moves = (events: readonly LazaretEvent[], kernel = 'patient') =>
  events.filter((event) => event.type === 'kernel.transitioned' && event.kernel === kernel)

/** After the transition before the last one, and not after the last. */
function expectBetween(events: readonly LazaretEvent[], at: number | undefined): void {
  const [before, last] = moves(events).slice(-2)
  expect(at).toBeGreaterThanOrEqual(before?.at ?? Number.NaN)
  expect(at).toBeLessThanOrEqual(last?.at ?? Number.NaN)
}

test('every transition is told, from where to where, why, along which edges, and what runs now', async () => {
  const restart = { max: 1, backoffMs: 40, backoffMaxMs: 40, jitter: 0, stableMs: 60_000 }
  await using home = await house([{ ...patient, restart, repair: { autonomy: 'observe' as const } }])
  const { runtime } = home
  const before = runtime.status()[0]
  expect(before?.state).toBe('running.settling')
  expectBetween(home.events, before?.stateSince)
  expect(before?.timers).toEqual([{ delay: 'stableMs', ms: 60_000, endsAt: (before?.stateSince ?? 0) + 60_000 }])
  expect(moves(home.events).at(-1)?.timers).toEqual(before?.timers)

  const ask = runtime.ref('patient').ask
  await expect(ask.die?.()).rejects.toThrow()
  await home.seen((event) => event.type === 'kernel.transitioned' && event.on === 'after backoff')
  await home.seen((event) => event.type === 'kernel.restarted')
  await expect(ask.die?.()).rejects.toThrow()
  await home.seen((event) => event.type === 'kernel.transitioned' && event.from === 'failed.deciding')

  expect(
    moves(home.events)
      .slice(0, 8)
      .map(({ from, to, on }) => `${from} > ${to} (${on})`),
  ).toEqual([
    'stopped > starting (START)',
    'starting > running.settling (READY)',
    'running.settling > restarting.backingOff (CRASHED)',
    'restarting.backingOff > restarting.booting (after backoff)',
    'restarting.booting > running.settling (READY)',
    'running.settling > failed.capturing (CRASHED)',
    'failed.capturing > failed.deciding (CAPTURED)',
    'failed.deciding > quarantined.parked (DECIDED)',
  ])
  const [, , crash, backoff, , exhausted] = moves(home.events)
  expect(crash).toMatchObject({ failures: 1, starts: 1, attempts: 0, edges: ['instance.running|CRASHED|2'] })
  expect(crash?.timers).toEqual([{ delay: 'backoff', ms: 40, endsAt: expect.any(Number) }])
  expect(backoff).toMatchObject({
    starts: 2,
    timers: [],
    edges: [expect.stringContaining('backingOff|xstate.after.backoff')],
  })
  expect(exhausted).toMatchObject({ failures: 2, edges: ['instance.running|CRASHED|3'] })
  const known = new Set(edgeIdsOf(lifecycleMachine).values())
  expect(
    moves(home.events)
      .flatMap(({ edges }) => edges as string[])
      .every((edge) => known.has(edge)),
  ).toBe(true)
})

test('the end of a delay is told where the state stays, and once it is over nothing runs', async () => {
  await using home = await house([{ ...patient, restart: { stableMs: 20 } }])
  await home.seen((event) => event.type === 'kernel.transitioned' && event.to === 'running.steady')
  const [due, steady] = moves(home.events).slice(-2)
  expect(due).toMatchObject({ from: 'running.settling', to: 'running.settling', on: 'after stableMs', timers: [] })
  expect(steady).toMatchObject({ from: 'running.settling', to: 'running.steady', on: 'ALIVE' })
  const [status] = home.runtime.status()
  expect(status).toMatchObject({ state: 'running.steady', timers: [] })
  expectBetween(home.events, status?.stateSince)
})

test('effects come after the transition, and the history is read by pages, of earlier processes too', async () => {
  await using home = await house([{ ...patient, restart: { stableMs: 60_000 } }])
  const types = home.events.filter(({ kernel }) => kernel === 'patient').map(({ type, to }) => to ?? type)
  expect(types.slice(0, 3)).toEqual(['starting', 'kernel.started', 'running.settling'])
  await home.runtime.kernel('patient').quarantine()
  const steps = home.runtime.history('patient')
  expect(steps.map(({ to }) => to)).toEqual(['starting', 'running.settling', 'quarantined.parked'])
  const last = home.runtime.history('patient', { limit: 1 })
  expect(last).toEqual(steps.slice(-1))
  expect(home.runtime.history('patient', { before: last[0]?.seq, limit: 1 })).toEqual(steps.slice(1, 2))
  await home.runtime.stop()

  const reader = openJournalReadOnly(home.runtime.dataDir)
  const kept = historyOf(reader, 'patient')
  reader.close()
  expect(kept.slice(0, steps.length)).toEqual(steps)
  const { source: _, ...kernel } = patient
  const second = createRuntime({
    fleet: { kernels: [{ ...kernel, entry: `${home.folder}/patient/kernel.ts` }] },
    ...{ dataDir: home.runtime.dataDir, quarantineDir: `${home.folder}/quarantine`, log: false as const },
    playbooksDir: `${home.folder}/playbooks`,
  })
  await second.start()
  const resumed = second.history('patient').at(-1)
  const [status] = second.status()
  await second.stop()
  expect(resumed).toMatchObject({ from: 'stopped', to: 'quarantined.parked', on: 'RESUME' })
  // It has been parked all the while.
  expect(status).toMatchObject({ state: 'quarantined.parked', stateSince: steps.at(-1)?.at })
})

test('messages are counted: who sent how many to whom, and how many a kernel has handled', async () => {
  const relay = {
    id: 'relay',
    source: kernelOf(`const patient = ctx.ref('patient')
    return { api: { pass: () => patient.ask.ping(), drop: () => void patient.tell.ping() } }`),
  }
  await using home = await house([patient, relay])
  const { runtime } = home
  const ref = runtime.ref('relay')
  for (let n = 0; n < 3; n += 1) await ref.ask.pass?.()
  await ref.ask.drop?.()
  await runtime.ref('patient').ask.ping?.()
  expect(runtime.links()).toEqual([
    { from: 'host', to: 'relay', messages: 4 },
    { from: 'host', to: 'patient', messages: 1 },
    { from: 'relay', to: 'patient', messages: 4 },
  ])
  expect(runtime.kernel('relay').status().handled).toBe(4)
  expect(runtime.kernel('patient').status().handled).toBe(5)
})

test('a message that is passed on counts for both ways, and as handled by whoever handles it', async () => {
  const spare = { id: 'spare', source: kernelOf(`return { api: { ping: () => 'spare' } }`) }
  await using home = await house([{ ...patient, degraded: { mode: 'reroute', reroute: 'spare' } }, spare])
  const { runtime } = home
  await runtime.kernel('patient').quarantine()
  expect(await runtime.ref('patient').ask.ping?.()).toBe('spare')
  expect(runtime.links()).toEqual([
    { from: 'host', to: 'patient', messages: 1 },
    { from: 'patient', to: 'spare', messages: 1 },
  ])
  expect(runtime.status().map(({ handled }) => handled)).toEqual([0, 1])
})

test('history and machines are answered over the control socket', async () => {
  await using home = await house([patient])
  const client = await ControlClient.connect(home.runtime.dataDir)
  const steps = (await client.ask('history', { kernel: 'patient', limit: 1 })) as HistoryStep[]
  expect(steps).toEqual(home.runtime.history('patient').slice(-1))
  expect(await client.ask('machines', { kernel: 'patient' })).toEqual([])
  const before = await client.ask('history', { kernel: 'patient', before: steps[0]?.seq, limit: 5000 })
  expect(before).toEqual(home.runtime.history('patient').slice(0, -1))
  await expect(client.ask('history', { kernel: 'nobody' })).rejects.toMatchObject({ code: 'UNKNOWN_KERNEL' })
  await expect(client.ask('history', { kernel: 'patient', limit: -1 })).rejects.toMatchObject({
    code: 'OPTION_INVALID',
  })
  client.close()
})

test('a thread says how busy its loop was since it was asked last', async () => {
  const busy = {
    id: 'busy',
    source: kernelOf(
      'return { api: { spin: (ms) => { const end = Date.now() + ms; while (Date.now() < end); }, wait: (ms) => new Promise((done) => setTimeout(done, ms)) } }',
    ),
  }
  await using home = await house([busy])
  const thread = home.runtime.threadOf('busy')
  const { ask } = home.runtime.ref('busy')
  const shareOf = async (method: 'spin' | 'wait') => {
    thread?.busyShare()
    await ask[method]?.(300)
    return thread?.busyShare() ?? Number.NaN
  }
  const [spun, waited] = [await shareOf('spin'), await shareOf('wait')]
  expect(spun).toBeGreaterThan(waited)
  expect(spun).toBeLessThanOrEqual(1)
  expect(waited).toBeGreaterThanOrEqual(0)
})
