/**
 * What is counted of each kernel's incidents: how many, how many are open, how long a recovery took, how long the kernel
 * was out of service. Only what was seen from its beginning to its end has a time; the rest is counted as untimed, so
 * that a mean is never made better or worse by a guess. Time is handed in.
 */
import { inspect } from 'node:util'
export interface Notice {
  incident: string
  kernel: string
  status: 'open' | 'resolved'
  /** Epoch milliseconds: when it was opened, or resolved. */
  at: number
}

/** A caller's incident is ended by a caller; one of the runtime may end while nobody here listens. */
export type From = 'runtime' | 'caller'

interface Totals {
  incidents: number
  recovered: number
  untimed: number
  totalMs: number
  worstMs: number
  degradedMs: number
}
type Open = { incident: string; kernel: string; at: number; from: From }

export interface TallyState {
  kernels: [kernel: string, totals: Totals][]
  open: Open[]
  closed: string[]
  out: [kernel: string, sinceMs: number][]
}

export interface KernelStats {
  incidents: number
  open: number
  recovered: number
  /** Ended, but not seen from the beginning to the end: not part of the mean. */
  untimed: number
  /** Null where nothing was timed. */
  meanMs: number | null
  worstMs: number | null
  /** Out of service, in all. */
  degradedMs: number
}

/** The code makes it an ordinary error, the caller's: a bare TypeError would count as a defect of this kernel. */
export function refusal(code: string, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** For an error's text. JSON and String() both throw a TypeError for what a caller can send: 10n, { toString: 1 }. */
export function shown(value: unknown): string {
  return inspect(value, { depth: 0 }).slice(0, 200)
}

const most = { kernels: 1000, open: 10_000, closed: 1000 }
const empty = { incidents: 0, recovered: 0, untimed: 0, totalMs: 0, worstMs: 0, degradedMs: 0 }

export class Tally {
  readonly #totals = new Map<string, Totals>()
  readonly #open = new Map<string, Open>()
  /** The latest that ended: one that is told again is not counted again. */
  readonly #closed = new Set<string>()
  readonly #out = new Map<string, number>()
  /** Open when the state was saved, and not named again since. */
  readonly #unconfirmed = new Set<string>()

  constructor(restored: TallyState | undefined) {
    if (restored === undefined) return
    readState(restored)
    for (const [kernel, totals] of restored.kernels) this.#totals.set(kernel, totals)
    for (const each of restored.open) {
      this.#open.set(each.incident, each)
      if (each.from === 'runtime') this.#unconfirmed.add(each.incident)
    }
    for (const incident of restored.closed) this.#closed.add(incident)
    for (const [kernel, sinceMs] of restored.out) this.#out.set(kernel, sinceMs)
  }

  note({ incident, kernel, status, at }: Notice, from: From): void {
    this.#unconfirmed.delete(incident)
    if (this.#closed.has(incident)) return
    const known = this.#open.get(incident)
    if (status === 'open') {
      if (known !== undefined) return
      if (this.#open.size >= most.open) throw refusal('TOO_MANY_OPEN', `${most.open} incidents are open: the limit.`)
      this.#of(kernel).incidents += 1
      this.#open.set(incident, { incident, kernel, at, from })
      return
    }
    const totals = this.#of(known?.kernel ?? kernel)
    if (known === undefined) {
      totals.incidents += 1
      totals.untimed += 1
    } else {
      const tookMs = Math.max(0, at - known.at)
      totals.recovered += 1
      totals.totalMs += tookMs
      totals.worstMs = Math.max(totals.worstMs, tookMs)
    }
    this.#close(incident)
  }

  /** All that is open has been named: what was restored as open and was not named has ended, nobody knows when. */
  confirm(): void {
    for (const incident of this.#unconfirmed) {
      const known = this.#open.get(incident)
      if (known !== undefined) this.#of(known.kernel).untimed += 1
      this.#close(incident)
    }
    this.#unconfirmed.clear()
  }

  /** @param kernels those that are out of service now. */
  degraded(kernels: readonly string[], nowMs: number): void {
    for (const [kernel, sinceMs] of this.#out) {
      if (kernels.includes(kernel)) continue
      this.#of(kernel).degradedMs += Math.max(0, nowMs - sinceMs)
      this.#out.delete(kernel)
    }
    for (const kernel of kernels) if (!this.#out.has(kernel)) this.#out.set(kernel, nowMs)
  }

  outOfService(): string[] {
    return [...this.#out.keys()].sort()
  }

  kernels(): string[] {
    return [...new Set([...this.#totals.keys(), ...this.#out.keys()])].sort()
  }

  /** Of one kernel, or of all together. */
  stats(nowMs: number, kernel?: string): KernelStats {
    const counted = [...this.#totals]
      .filter(([id]) => kernel === undefined || id === kernel)
      .map(([, totals]) => totals)
    const sum = (key: keyof Totals) => counted.reduce((total, each) => total + each[key], 0)
    const open = [...this.#open.values()].filter((each) => kernel === undefined || each.kernel === kernel).length
    const away = [...this.#out].filter(([id]) => kernel === undefined || id === kernel)
    const recovered = sum('recovered')
    return {
      ...{ incidents: sum('incidents'), open, recovered, untimed: sum('untimed') },
      meanMs: recovered === 0 ? null : sum('totalMs') / recovered,
      worstMs: recovered === 0 ? null : Math.max(...counted.map((each) => each.worstMs)),
      degradedMs: sum('degradedMs') + away.reduce((total, [, sinceMs]) => total + Math.max(0, nowMs - sinceMs), 0),
    }
  }

  state(): TallyState {
    const kernels = [...this.#totals].map(([id, totals]): [string, Totals] => [id, { ...totals }])
    return { kernels, open: [...this.#open.values()], closed: [...this.#closed], out: [...this.#out] }
  }

  #of(kernel: string): Totals {
    const known = this.#totals.get(kernel)
    if (known !== undefined) return known
    if (this.#totals.size >= most.kernels) {
      throw refusal('TOO_MANY_KERNELS', `${most.kernels} kernels are counted, which is the limit.`)
    }
    const totals = { ...empty }
    this.#totals.set(kernel, totals)
    return totals
  }

  #close(incident: string): void {
    this.#open.delete(incident)
    this.#closed.add(incident)
    for (const oldest of this.#closed) {
      if (this.#closed.size <= most.closed) break
      this.#closed.delete(oldest)
    }
  }
}

function readState({ kernels, open, closed, out }: TallyState): void {
  const bad = () => refusal('STATE_INVALID', 'The restored state is no state of the healing statistics.')
  if (![kernels, open, closed, out].every(Array.isArray)) throw bad()
  const isTotals = (totals: Totals) =>
    Object.keys(empty).every(
      (key) => Number.isFinite(totals?.[key as keyof Totals]) && totals[key as keyof Totals] >= 0,
    )
  const whole =
    kernels.every(([kernel, totals]) => typeof kernel === 'string' && isTotals(totals)) &&
    open.every(
      (each) => typeof each?.incident === 'string' && typeof each.kernel === 'string' && Number.isFinite(each.at),
    ) &&
    closed.every((incident) => typeof incident === 'string') &&
    out.every(([kernel, sinceMs]) => typeof kernel === 'string' && Number.isFinite(sinceMs))
  if (!whole) throw bad()
}
