/** Every incident that the journal has, newest first. */
import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { IncidentRow } from '../../../journal/rows.ts'
import { ask } from '../api.ts'
import { nowMs } from '../clock.ts'
import { place, to } from '../route.ts'
import { onEvents, onRegained } from '../store.ts'
import { count, duration } from '../words.ts'
import './incidents.css'

/** A fault that spreads opens many at once: the list is asked for once for each burst. Milliseconds. */
const settleMs = 300

const rows = signal<readonly IncidentRow[] | undefined>(undefined)
const problem = signal('')
const text = signal('')
const status = signal<'all' | IncidentRow['status']>('all')

async function load(): Promise<void> {
  try {
    rows.value = await ask<IncidentRow[]>('incidents', { limit: 1000 })
    problem.value = ''
  } catch (thrown) {
    problem.value = thrown instanceof Error ? thrown.message : String(thrown)
  }
}

export function IncidentsView(): JSX.Element {
  useEffect(() => {
    void load()
    let timer: ReturnType<typeof setTimeout> | undefined
    const off = onEvents((events) => {
      if (timer !== undefined || !events.some(({ type }) => type.startsWith('incident.'))) return
      timer = setTimeout(() => {
        timer = undefined
        void load()
      }, settleMs)
    })
    const offRegained = onRegained(() => void load())
    return () => {
      off()
      offRegained()
      clearTimeout(timer)
    }
  }, [])
  const kernel = place.value.query.get('kernel') ?? ''
  const all = rows.value ?? []
  const shown = all.filter(
    (row) =>
      (status.value === 'all' || row.status === status.value) &&
      (kernel === '' || row.kernel === kernel) &&
      `${row.kernel} ${row.error.name} ${row.error.message} ${row.id}`.toLowerCase().includes(text.value.toLowerCase()),
  )
  return (
    <>
      <h1>Incidents</h1>
      <Filters {...{ kernel, found: shown.length }} />
      {problem.value !== '' && <p>{problem.value}</p>}
      {rows.value !== undefined && shown.length === 0 && (
        <p class="panel quiet">{all.length === 0 ? 'No kernel has needed more than a restart.' : 'None fits.'}</p>
      )}
      <ul class="incidents">
        {shown.map((row) => (
          <Item key={row.id} row={row} />
        ))}
      </ul>
    </>
  )
}

function Filters({ kernel, found }: { kernel: string; found: number }): JSX.Element {
  return (
    <div class="incident-filters">
      <input
        type="search"
        placeholder="kernel or error"
        aria-label="Kernel or error contains"
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
      />
      <select
        aria-label="Status"
        value={status.value}
        onChange={(event) => (status.value = event.currentTarget.value as IncidentRow['status'])}
      >
        <option value="all">open and resolved</option>
        <option value="open">open</option>
        <option value="resolved">resolved</option>
      </select>
      {kernel !== '' && (
        <span>
          of <strong>{kernel}</strong> <a href={to('incidents')}>of all kernels</a>
        </span>
      )}
      <span class="quiet" role="status">
        {count(found, 'incident')}
      </span>
    </div>
  )
}

function Item({ row }: { row: IncidentRow }): JSX.Element {
  const { id, kernel, openedAt, resolvedAt, error, healedBy, resolution } = row
  const isOpen = row.status === 'open'
  return (
    <li class={`panel ${isOpen ? 'open' : ''}`}>
      <div class="incident-line">
        <span class={`chip ${isOpen ? 'bad' : 'good'}`}>{isOpen ? 'open' : `healed by ${healedBy ?? 'a person'}`}</span>
        <a href={to('kernel', kernel)} class="incident-kernel">
          {kernel}
        </a>
        <a href={to('incident', id)} class="incident-error">
          {error.name === 'LazaretError' ? '' : `${error.name}: `}
          {error.message.split('\n')[0]}
        </a>
      </div>
      <p class="quiet">
        {duration(Math.max(0, nowMs.value - openedAt))} ago
        {row.count > 1 && `, seen ${row.count} times`}
        {resolvedAt !== undefined && `, over after ${duration(resolvedAt - openedAt)}`}
        {resolution !== undefined && `: ${resolution}`}
      </p>
    </li>
  )
}
