/** How a kernel reads on the fleet's view: who serves it, how busy it is, whether it is in order. Pure; it draws nothing. */
import type { KernelStatus } from '../../../supervisor/status.ts'
import { count, type Tone, toneOf } from '../words.ts'

export type Served = Pick<KernelStatus, 'servedBy' | 'reroutedTo' | 'mailbox'>

/** Undefined while its own instance serves it, or while it is only being started. */
export function detour({ servedBy, reroutedTo, mailbox }: Served): string | undefined {
  if (servedBy === 'standby') return 'its standby serves'
  if (servedBy === 'fallback') return 'its fallback serves'
  if (servedBy === 'reroute') return `goes to ${reroutedTo ?? 'another kernel'}`
  if (servedBy === 'buffer')
    return mailbox === 0 ? 'messages wait' : `${count(mailbox, 'message')} ${mailbox === 1 ? 'waits' : 'wait'}`
  if (servedBy === 'reject') return 'messages refused'
  return undefined
}

/** For a column `served by`. */
export function servedText(status: Served): string {
  if (status.servedBy === 'instance') return 'itself'
  if (status.servedBy === 'nobody') return 'nobody'
  if (status.servedBy === 'standby') return 'a standby'
  if (status.servedBy === 'fallback') return 'its fallback'
  return status.servedBy === 'reroute' ? (status.reroutedTo ?? 'another kernel') : (detour(status) ?? '')
}

/** 0 to 1: the busier of thread and event loop, or its messages, of which 10,000 a second are about all that one takes. */
export function load({ cpu, elu }: Pick<KernelStatus, 'cpu' | 'elu'>, rate: number): number {
  return Math.min(1, Math.max(cpu, elu, Math.log10(1 + Math.max(0, rate)) / 4))
}

/** `3.2/s`, `140/s`, `12.4k/s`. */
export function rateText(rate: number): string {
  if (rate === 0) return '0/s'
  if (rate < 0.1) return '<0.1/s'
  if (rate < 10) return `${rate.toFixed(1)}/s`
  return rate < 10_000 ? `${Math.round(rate)}/s` : `${(rate / 1000).toFixed(1)}k/s`
}

export function percent(share: number): string {
  const value = share * 100
  return value === 0 || value >= 10 ? `${Math.round(value)} %` : `${value.toFixed(1)} %`
}

export function megabytes(mb: number): string {
  return mb >= 1024 ? `${(mb / 1024).toFixed(1)} GB` : `${mb < 10 ? mb.toFixed(1) : Math.round(mb)} MB`
}

/** The part of a dotted state that people sort by. */
export function mainState(state: string): string {
  return state.split('.', 1)[0] ?? state
}

export interface Standing {
  readonly kernels: number
  readonly inService: number
  /** Not served by itself, but served. */
  readonly detoured: number
  readonly incidents: readonly string[]
}

export function standing(statuses: readonly KernelStatus[]): Standing {
  const incidents = new Set(statuses.flatMap(({ incident }) => incident ?? []))
  return {
    kernels: statuses.length,
    inService: statuses.filter(({ servedBy }) => servedBy === 'instance').length,
    detoured: statuses.filter((status) => ['standby', 'fallback', 'reroute'].includes(status.servedBy)).length,
    incidents: [...incidents],
  }
}

/** `trouble`: anything but running in an orderly way. Other words are states, without what follows the dot. */
export type Choice = 'all' | 'trouble' | 'incident' | (string & {})

export function isChosen(status: KernelStatus, text: string, choice: Choice): boolean {
  const wanted = text.trim().toLowerCase()
  if (wanted !== '' && !status.id.toLowerCase().includes(wanted)) return false
  if (choice === 'all') return true
  if (choice === 'incident') return status.incident !== undefined
  if (choice !== 'trouble') return mainState(status.state) === choice
  return toneOf(status.state) !== 'good' || status.incident !== undefined || status.findings !== undefined
}

export type Grouping = 'tier' | 'state' | 'none'

export interface Group {
  readonly name: string
  readonly ids: readonly string[]
}

/** What needs a look comes first. */
const stateOrder = ['failed', 'quarantined', 'repairing', 'restarting', 'rejoined', 'starting', 'stopping', 'stopped']

export function grouped(statuses: readonly KernelStatus[], by: Grouping): Group[] {
  if (by === 'none') return [{ name: '', ids: statuses.map(({ id }) => id) }]
  const groups = new Map<string, string[]>()
  for (const status of statuses) {
    const name = by === 'tier' ? `Tier ${status.tier}` : mainState(status.state)
    groups.set(name, [...(groups.get(name) ?? []), status.id])
  }
  const rank = (name: string) => (stateOrder.includes(name) ? stateOrder.indexOf(name) : stateOrder.length)
  return [...groups]
    .map(([name, ids]) => ({ name, ids }))
    .sort((a, b) => (by === 'tier' ? a.name.localeCompare(b.name) : rank(a.name) - rank(b.name)))
}

const toneRank: Readonly<Record<Tone, number>> = { bad: 0, watch: 1, calm: 2, good: 3, plain: 4 }

/** Columns that the table can be sorted by. */
export const sortKeys = {
  id: ({ id }: KernelStatus) => id,
  tier: ({ tier }: KernelStatus) => tier,
  state: ({ state }: KernelStatus) => `${toneRank[toneOf(state)]} ${state}`,
  servedBy: (status: KernelStatus) => servedText(status),
  uptime: ({ uptimeMs }: KernelStatus) => uptimeMs,
  restarts: ({ budget }: KernelStatus) => Math.min(budget.max - budget.failures, 1 + budget.max - budget.starts),
  repairs: ({ budget }: KernelStatus) => budget.attempts,
  elu: ({ elu }: KernelStatus) => elu,
  cpu: ({ cpu }: KernelStatus) => cpu,
  heap: ({ heapMb }: KernelStatus) => heapMb,
  mailbox: ({ mailbox }: KernelStatus) => mailbox,
  rate: (_: KernelStatus, rate: number) => rate,
} as const

export type SortKey = keyof typeof sortKeys

export interface Sorting {
  readonly by: SortKey
  readonly isDown: boolean
}

/** Numbers as numbers, texts as people sort them; equals in the order in which they came. */
export function sorted(
  statuses: readonly KernelStatus[],
  { by, isDown }: Sorting,
  rateOf: (id: string) => number,
): readonly KernelStatus[] {
  const keyed = statuses.map((status) => ({ status, key: sortKeys[by](status, rateOf(status.id)) }))
  const sign = isDown ? -1 : 1
  return keyed.sort((a, b) => sign * compare(a.key, b.key)).map(({ status }) => status)
}

function compare(a: string | number, b: string | number): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b))
}
