/**
 * A notice as alerts, in the words of Prometheus' Alertmanager: labels say which alert it is, annotations what a person
 * should read. The same labels give the same fingerprint, so what fires and what is resolved are one alert to whoever
 * receives them, across restarts of the process too. Pure; alert-sender.ts sends them.
 */
import { sha256 } from '../base/hash.ts'
import { limits } from '../base/limits.ts'
import { safeLine } from '../base/redact.ts'
import type { Notice } from './notify.ts'

export interface Alert {
  readonly status: 'firing' | 'resolved'
  readonly labels: {
    readonly alertname: 'LazaretKernelDown' | 'LazaretKernelParked'
    readonly incident: string
    readonly kernel: string
    readonly severity: 'critical'
    readonly tier: string
  }
  readonly annotations: Readonly<Record<string, string>>
  /** Epoch milliseconds; the same from firing to resolved. */
  readonly startsAt: number
  /** Absent while it fires. */
  readonly endsAt?: number
  /** 16 hex digits, of the labels. */
  readonly fingerprint: string
}

export const alertFormats = ['webhook', 'api'] as const
export type AlertFormat = (typeof alertFormats)[number]

/** What a notice means for a receiver; the end of an incident also ends the call for a person, where there was one. */
export function alertsOf(notice: Notice): Alert[] {
  const { kind, openedAt, parkedAt } = notice
  // What a playbook tells is a new description of the alert that fires.
  if (kind === 'incident.opened' || kind === 'playbook.told') return [alert(notice, 'LazaretKernelDown', openedAt)]
  if (kind === 'kernel.parked') return [alert(notice, 'LazaretKernelParked', parkedAt ?? notice.at)]
  const down = alert(notice, 'LazaretKernelDown', openedAt)
  return parkedAt === undefined ? [down] : [down, alert(notice, 'LazaretKernelParked', parkedAt)]
}

const summaries: Readonly<Record<Notice['kind'], string>> = {
  'incident.opened': 'is out of service',
  'incident.resolved': 'is back in service',
  'kernel.parked': 'is parked and needs a person',
  'playbook.told': 'is out of service',
}

function alert(notice: Notice, alertname: Alert['labels']['alertname'], startsAt: number): Alert {
  const { kind, kernel, incident, tier, text, folder, at } = notice
  const labels = { alertname, incident, kernel, severity: 'critical', tier: String(tier) } as const
  const isOver = kind === 'incident.resolved'
  const annotations = {
    summary: `${kernel} (tier ${tier}) ${summaries[kind]}`,
    description: safeLine(text),
    command: kind === 'kernel.parked' ? 'lazaret tasks' : `lazaret incidents ${incident}`,
    ...(folder !== undefined && { folder }),
  }
  return {
    ...{ status: isOver ? 'resolved' : 'firing', labels, annotations, startsAt },
    // A clock that was set back must not make an alert that ends before it starts.
    ...(isOver && { endsAt: Math.max(at, startsAt) }),
    fingerprint: sha256(JSON.stringify(Object.entries(labels).sort())).slice(0, 16),
  }
}

/** @param nowMs epoch milliseconds; what fires has an end in the API only, limits.alertHoldMs from now. */
export function bodyOf(alert: Alert, format: AlertFormat, nowMs: number): string {
  return JSON.stringify(format === 'api' ? apiBody(alert, nowMs) : webhookBody(alert))
}

const rfc3339 = (ms: number) => new Date(ms).toISOString()
/** What Go writes for a time that is not known. */
const noTime = '0001-01-01T00:00:00Z'

/** Version 4 of what Alertmanager posts to its webhook receivers. A group of one: its status is the alert's. */
function webhookBody({ status, labels, annotations, startsAt, endsAt, fingerprint }: Alert): unknown {
  const { alertname, incident, kernel } = labels
  const ends = endsAt === undefined ? noTime : rfc3339(endsAt)
  return {
    ...{ version: '4', groupKey: `{}:{alertname="${alertname}", incident="${incident}", kernel="${kernel}"}` },
    ...{ truncatedAlerts: 0, status, receiver: 'lazaret', externalURL: '' },
    ...{ groupLabels: { alertname, incident, kernel }, commonLabels: labels, commonAnnotations: annotations },
    alerts: [{ status, labels, annotations, startsAt: rfc3339(startsAt), endsAt: ends, generatorURL: '', fingerprint }],
  }
}

/** What Alertmanager itself takes at /api/v2/alerts. It has no status there: an alert is over when its end has passed. */
function apiBody({ labels, annotations, startsAt, endsAt }: Alert, nowMs: number): unknown {
  const ends = endsAt ?? nowMs + limits.alertHoldMs
  return [{ labels, annotations, startsAt: rfc3339(startsAt), endsAt: rfc3339(ends) }]
}
