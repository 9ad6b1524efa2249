/**
 * One critical incident a failure. While it is open, the same failure (kernel and fingerprint) counts it up instead of
 * opening another. Rows are stored before anybody is told, so an incident that was announced exists. It does not decide
 * what is done about it.
 */
import type { BusTopics } from '../actor/kernel.ts'
import type { Clock } from '../base/clock.ts'
import { describeRecord, type ErrorRecord } from '../base/error-record.ts'
import { LazaretError } from '../base/errors.ts'
import type { Emit } from '../base/events.ts'
import { newId } from '../base/ids.ts'
import { redactText, safeLine } from '../base/redact.ts'
import type { FailurePhase, HealedBy } from '../base/remedy.ts'
import type { Tier } from '../base/spec.ts'
import type { IncidentRow } from '../journal/rows.ts'

export type IncidentChange = Partial<
  Pick<IncidentRow, 'status' | 'resolvedAt' | 'count' | 'folder' | 'healedBy' | 'playbook' | 'resolution'>
>

/** Where incidents are kept. Each call is durable when it returns. */
export interface IncidentStore {
  openIncident(row: IncidentRow): void
  updateIncident(id: string, change: IncidentChange): void
  /** Those that an earlier process left open. */
  openIncidents(): readonly IncidentRow[]
}

export interface NewIncident {
  readonly kernel: string
  readonly tier: Tier
  readonly fingerprint: string
  readonly error: ErrorRecord
  readonly phase: FailurePhase
}

export interface IncidentPorts {
  readonly store: IncidentStore
  readonly clock: Clock
  readonly emit: Emit
  readonly publish: (topic: 'event.incident', payload: BusTopics['event.incident']) => void
}

export interface Opened {
  readonly row: IncidentRow
  /** False where the incident was open already and has been counted up. */
  readonly isNew: boolean
}

/** The error on one safe line, with its causes. */
export function errorLine(error: ErrorRecord): string {
  return safeLine(redactText(describeRecord(error)))
}

export function incidentPayload(row: IncidentRow): BusTopics['event.incident'] {
  const { id, kernel, tier, status, fingerprint, error, count, openedAt, resolvedAt } = row
  return {
    ...{ incident: id, kernel, tier, status, fingerprint, error: errorLine(error), count },
    at: resolvedAt ?? openedAt,
  }
}

export class Incidents {
  readonly #ports: IncidentPorts
  /** Open ones only. */
  readonly #open = new Map<string, IncidentRow>()

  constructor(ports: IncidentPorts) {
    this.#ports = ports
    for (const row of ports.store.openIncidents()) this.#open.set(row.id, row)
  }

  /** Open incidents, oldest first; for a new subscriber of the bus. */
  list(): IncidentRow[] {
    return [...this.#open.values()]
  }

  find(kernel: string, fingerprint: string): IncidentRow | undefined {
    return this.list().find((row) => row.kernel === kernel && row.fingerprint === fingerprint)
  }

  open(failure: NewIncident): Opened {
    const known = this.find(failure.kernel, failure.fingerprint)
    if (known !== undefined) return { row: this.#repeat(known), isNew: false }
    const row: IncidentRow = {
      id: newId('inc'),
      ...failure,
      status: 'open',
      openedAt: this.#ports.clock.now(),
      count: 1,
    }
    this.#ports.store.openIncident(row)
    this.#open.set(row.id, row)
    this.#ports.emit('incident.opened', row.kernel, { ...factsOf(row), error: errorLine(row.error), phase: row.phase })
    this.#ports.publish('event.incident', incidentPayload(row))
    return { row, isNew: true }
  }

  #repeat(known: IncidentRow): IncidentRow {
    const row = this.#change(known, { count: known.count + 1 })
    this.#ports.emit('incident.repeated', row.kernel, factsOf(row))
    this.#ports.publish('event.incident', incidentPayload(row))
    return row
  }

  /** Adds where the evidence is, or which playbook is at work. @throws LazaretError NOT_FOUND where it is not open. */
  note(id: string, facts: Pick<IncidentChange, 'folder' | 'playbook'>): IncidentRow {
    return this.#change(this.#get(id), facts)
  }

  /**
   * @param resolution one sentence: how it ended.
   * @throws LazaretError NOT_FOUND where no open incident has this id.
   */
  resolve(id: string, healedBy: HealedBy | undefined, resolution: string): IncidentRow {
    const row = this.#change(this.#get(id), {
      status: 'resolved',
      resolvedAt: this.#ports.clock.now(),
      ...(healedBy === undefined ? {} : { healedBy }),
      resolution,
    })
    this.#open.delete(id)
    const tookMs = (row.resolvedAt ?? row.openedAt) - row.openedAt
    this.#ports.emit('incident.resolved', row.kernel, { ...factsOf(row), healedBy, resolution, tookMs })
    this.#ports.publish('event.incident', incidentPayload(row))
    return row
  }

  #get(id: string): IncidentRow {
    const row = this.#open.get(id)
    if (row !== undefined) return row
    const open = [...this.#open.keys()].join(', ') || 'none'
    throw new LazaretError('NOT_FOUND', `No incident ${JSON.stringify(id)} is open. Open: ${open}.`, {
      details: { incident: id },
      hint: 'List them with: lazaret incidents',
    })
  }

  #change(row: IncidentRow, change: IncidentChange): IncidentRow {
    this.#ports.store.updateIncident(row.id, change)
    const changed = { ...row, ...change }
    this.#open.set(row.id, changed)
    return changed
  }
}

function factsOf(row: IncidentRow): Record<string, unknown> {
  return { incident: row.id, fingerprint: row.fingerprint, tier: row.tier, count: row.count }
}
