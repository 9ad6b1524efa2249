import { expect, test } from 'vitest'
import reports from '../../kernels/reports/kernel.ts'
import { type Answers, handlerFailed, type StartOptions, startKernel } from './fake-context.ts'

const start = (options: Partial<StartOptions> = {}) => startKernel(reports, { id: 'reports', ...options })

const everybody: Answers = {
  'records.count': () => 3,
  'sessions.count': () => 0,
  'immutable_log.head': () => ({ index: 41, hash: 'f'.repeat(64) }),
  'healing_stats.summary': () => ({ incidents: 2, open: 1, meanMs: 1500, kernels: {} }),
  'host_health.isHealthy': () => true,
}

test('a report says what the others answered, and the log is told that it was built', async () => {
  const { ask, sent, clock, snapshot } = await start({ answers: everybody })
  expect(await ask.last()).toBeNull()
  const report = await ask.build()
  expect(report).toMatchObject({ at: clock.nowMs, records: 3, sessions: 0, healthy: true, missing: [] })
  expect(report).toMatchObject({ log: { index: 41 }, healing: { incidents: 2, open: 1 } })
  expect(report.text.split('\n').slice(1)).toEqual([
    ...['records: 3', 'sessions: 0', 'log: 42 entries', 'incidents: 2, 1 open', 'machine: well'],
  ])
  expect(sent).toEqual([
    { to: 'immutable_log', method: 'append', args: [{ what: 'report', at: clock.nowMs, missing: [] }] },
  ])
  expect(await ask.last()).toEqual(report)
  const successor = await start({ restored: await snapshot() })
  expect(await successor.ask.last()).toEqual(report)
})

test('who does not answer, or with something else, is named as missing; no number is made up', async () => {
  const answers: Answers = {
    ...everybody,
    'records.count': () => ({ total: 3 }),
    'healing_stats.summary': () => Promise.reject(handlerFailed('healing_stats', 'BROKEN')),
    'host_health.isHealthy': () => 'yes',
  }
  delete answers['sessions.count']
  const { ask, sent } = await start({ answers })
  const report = await ask.build()
  expect(report).toMatchObject({ records: null, sessions: null, healing: null, healthy: null, log: { index: 41 } })
  expect(report.missing).toEqual([
    { fact: 'healing', kernel: 'healing_stats', why: expect.stringContaining('BROKEN') },
    { fact: 'healthy', kernel: 'host_health', why: 'isHealthy answered with something else' },
    { fact: 'records', kernel: 'records', why: 'count answered with something else' },
    { fact: 'sessions', kernel: 'sessions', why: 'sessions is out of service.' },
  ])
  expect(report.text).toContain('sessions: unknown')
  expect(report.text).toContain('missing: sessions (sessions is out of service.)')
  expect(sent[0]?.args).toMatchObject([{ missing: ['healing', 'healthy', 'records', 'sessions'] }])
})

test('the text comes from the template; without it the report is plain, and that is logged', async () => {
  const answers: Answers = {
    ...everybody,
    'templates.render': (name: string, data: object) => `${name}: ${Object.keys(data)}`,
  }
  const { ask, logged } = await start({ config: { template: 'page' }, answers })
  expect((await ask.build()).text).toBe('page: report')
  delete answers['templates.render']
  expect((await ask.build()).text).toContain('records: 3')
  expect(logged).toHaveLength(1)
})

test('a report goes to the webhooks where an address is configured', async () => {
  const { ask, sent } = await start({ config: { to: 'https://hooks.example/x' }, answers: everybody })
  const { text } = await ask.build()
  expect(sent.at(-1)).toEqual({
    ...{ to: 'webhooks', method: 'send' },
    args: [{ to: 'https://hooks.example/x', subject: 'report', body: text }],
  })
})

test('a change of the verdict about the machine brings a report at once; other news do not', async () => {
  const { ask } = await start({ answers: everybody })
  await ask.onMessage('weather')
  expect(await ask.last()).toBeNull()
  await ask.onMessage('host.health')
  expect(await ask.last()).toMatchObject({ records: 3 })
})

test('all are asked at the same time', async () => {
  const gate = Promise.withResolvers<number>()
  const waiting = new Set<string>()
  const answers = Object.fromEntries(
    Object.keys(everybody).map((key) => [
      key,
      () => {
        waiting.add(key)
        if (waiting.size === Object.keys(everybody).length) gate.resolve(1)
        return gate.promise
      },
    ]),
  )
  const { ask } = await start({ answers })
  expect(await ask.build()).toMatchObject({ records: 1, sessions: 1 })
})

test('a bad configuration or state keeps it from starting', async () => {
  await expect(start({ config: { askMs: 0 } })).rejects.toThrow('config.askMs')
  await expect(start({ config: { template: '' } })).rejects.toThrow('config.template')
  await expect(start({ config: { to: 'mailto:a@b.example' } })).rejects.toThrow('config.to')
  await expect(start({ restored: { at: 1, text: 'x' } })).rejects.toMatchObject({ code: 'STATE_INVALID' })
})
