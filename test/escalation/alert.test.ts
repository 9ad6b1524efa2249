import { expect, test } from 'vitest'
import { z } from 'zod'
import { limits } from '../../src/base/limits.ts'
import { alertsOf, bodyOf } from '../../src/escalation/alert.ts'
import { type AlertOptions, checkAlertOptions } from '../../src/escalation/alert-options.ts'
import type { Notice } from '../../src/escalation/notify.ts'
import { createRuntime } from '../../src/index.ts'

const texts = z.record(z.string(), z.string())
const time = z.iso.datetime()
const status = z.enum(['firing', 'resolved'])

/** The payload as Prometheus documents it for webhook_config; nothing else may stand in it. */
const version4 = z.strictObject({
  ...{ version: z.literal('4'), groupKey: z.string().min(1), truncatedAlerts: z.int(), status, receiver: z.string() },
  ...{ groupLabels: texts, commonLabels: texts, commonAnnotations: texts, externalURL: z.string() },
  alerts: z.array(
    z.strictObject({
      ...{ status, labels: texts, annotations: texts, startsAt: time, endsAt: time, generatorURL: z.string() },
      fingerprint: z.string().regex(/^[0-9a-f]{16}$/),
    }),
  ),
})

/** A list of postableAlert of Alertmanager's API, version 2. */
const postable = z.array(
  z.strictObject({
    labels: texts.and(z.object({ alertname: z.string() })),
    ...{ annotations: texts, startsAt: time, endsAt: time },
  }),
)

const openedAt = Date.UTC(2026, 0, 2, 3, 4, 5)
const opened: Notice = {
  ...{ kind: 'incident.opened', kernel: 'notes', tier: 2, incident: 'inc_1', fingerprint: 'abc', at: openedAt },
  ...{ openedAt, text: 'Critical: notes failed\nfor good', folder: '/q/notes_1' },
}
const parked: Notice = { ...opened, kind: 'kernel.parked', at: openedAt + 9_000, parkedAt: openedAt + 5_000 }
const resolved: Notice = { ...opened, kind: 'incident.resolved', at: openedAt + 60_000, text: 'notes is back' }

const bodies = (notice: Notice) => alertsOf(notice).map((alert) => JSON.parse(bodyOf(alert, 'webhook', 0)))

test('an incident that opens is one firing alert, with what a person needs', () => {
  const [body, ...more] = bodies(opened)
  expect(more).toEqual([])
  expect(version4.parse(body)).toMatchObject({
    status: 'firing',
    groupLabels: { alertname: 'LazaretKernelDown', kernel: 'notes', incident: 'inc_1' },
    alerts: [
      {
        labels: {
          ...{ alertname: 'LazaretKernelDown', kernel: 'notes', tier: '2', severity: 'critical', incident: 'inc_1' },
        },
        annotations: {
          summary: 'notes (tier 2) is out of service',
          description: 'Critical: notes failed\\nfor good',
          ...{ folder: '/q/notes_1', command: 'lazaret incidents inc_1' },
        },
        ...{ status: 'firing', startsAt: '2026-01-02T03:04:05.000Z', endsAt: '0001-01-01T00:00:00Z' },
      },
    ],
  })
})

test('its end is the same alert, resolved', () => {
  const [before] = bodies(opened)
  const [after, ...more] = bodies(resolved)
  expect(more).toEqual([])
  version4.parse(after)
  expect(after).toMatchObject({ status: 'resolved', groupKey: before.groupKey, commonLabels: before.commonLabels })
  expect(after.alerts[0]).toMatchObject({
    ...{ status: 'resolved', startsAt: before.alerts[0].startsAt, endsAt: '2026-01-02T03:05:05.000Z' },
    fingerprint: before.alerts[0].fingerprint,
  })
})

test('a parked kernel is an alert of its own, which ends with the incident', () => {
  const [before] = bodies(parked)
  version4.parse(before)
  expect(before).toMatchObject({ status: 'firing', commonLabels: { alertname: 'LazaretKernelParked' } })
  expect(before.alerts[0]).toMatchObject({
    ...{ startsAt: '2026-01-02T03:04:10.000Z', annotations: { command: 'lazaret tasks' } },
  })
  const both = bodies({ ...resolved, parkedAt: openedAt + 5_000 })
  expect(both.map(({ status, commonLabels }) => [status, commonLabels.alertname])).toEqual([
    ...[
      ['resolved', 'LazaretKernelDown'],
      ['resolved', 'LazaretKernelParked'],
    ],
  ])
  expect(both[1].alerts[0]).toMatchObject({
    ...{ fingerprint: before.alerts[0].fingerprint, startsAt: before.alerts[0].startsAt },
  })
})

test('two incidents are two alerts', () => {
  const [one] = alertsOf(opened)
  const [other] = alertsOf({ ...opened, incident: 'inc_2' })
  expect(one?.fingerprint).not.toBe(other?.fingerprint)
})

test('an alert does not end before it starts, whatever the clock did', () => {
  const [alert] = alertsOf({ ...resolved, at: openedAt - 1 })
  expect(alert?.endsAt).toBe(openedAt)
})

test('an alert stays small, however long the error', () => {
  const [alert] = alertsOf({ ...opened, text: '\u0000'.repeat(100_000) })
  expect(alert?.annotations.description?.length).toBeLessThanOrEqual(limits.logLineChars)
})

test('Alertmanager’s own API gets a list, with an end for what fires', () => {
  const [firing] = alertsOf(opened).map((alert) => JSON.parse(bodyOf(alert, 'api', openedAt + 1)))
  expect(postable.parse(firing)).toMatchObject([
    { startsAt: '2026-01-02T03:04:05.000Z', endsAt: new Date(openedAt + 1 + limits.alertHoldMs).toISOString() },
  ])
  const [over] = alertsOf(resolved).map((alert) => JSON.parse(bodyOf(alert, 'api', 0)))
  expect(postable.parse(over)).toMatchObject([{ endsAt: '2026-01-02T03:05:05.000Z' }])
})

test('the format follows the URL, and an option', () => {
  expect(checkAlertOptions({ url: 'https://host/hook' }).format).toBe('webhook')
  expect(checkAlertOptions({ url: new URL('http://host:9093/am/api/v2/alerts') }).format).toBe('api')
  expect(checkAlertOptions({ url: 'http://host/api/v2/alerts', format: 'webhook' }).format).toBe('webhook')
})

const url = 'http://127.0.0.1:9095/'
const refused: readonly (readonly [string, unknown, string])[] = [
  ['no object', 'http://host', 'alerts must be an object with a url. Got: "http://host".'],
  ['a list', [url], 'alerts must be an object with a url'],
  ['no url', {}, 'alerts.url must be a URL that begins with http:// or https://. Got: nothing.'],
  ['another key', { url, headrs: {} }, 'alerts must be an object of url, format, headers. Got: the key "headrs".'],
  ['another scheme', { url: 'ftp://u:hunter2@h/x' }, 'Got: a URL that begins with "ftp:".'],
  ['no scheme', { url: 'h.example/T0/hunter2' }, 'Got: "h.example...".'],
  ['a bad user', { url: 'http://:hunter2@' }, 'Got: "...".'],
  ['a bare percent', { url: 'http://ops:hunter2%zz@h' }, 'is written %25. Got: another (not shown).'],
  ['another format', { url, format: 'slack' }, `alerts.format must be 'webhook' or 'api'. Got: "slack".`],
  ['a list of headers', { url, headers: 7 }, 'alerts.headers must be an object of names and texts. Got: a value of'],
  ['a number', { url, headers: { 'x-n': 7 } }, 'alerts.headers["x-n"] must be a text. Got: a value of type number.'],
  ['two lines', { url, headers: { authorization: 'hunter2\r\nx: y' } }, 'alerts.headers["authorization"] must be'],
  ['no name', { url, headers: { 'a b': 'hunter2' } }, 'alerts.headers["a b"] must be a header as HTTP allows it'],
  ['framing', { url, headers: { 'Content-Length': '1' } }, 'must be left to lazaret, which sets it'],
]

test.for(refused)('refused, without what may be secret: %s', ([, given, message]) => {
  const make = () => createRuntime({ fleet: { kernels: [] }, alerts: given as AlertOptions })
  expect(make).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(message) }))
  expect(make).not.toThrow(/hunter2/)
})
